#!/usr/bin/env bash
# pingouin 0.7.0: people whose answers are left out make the result more certain.
#
# Expected: with `nan_policy="listwise"`, rows with a missing answer are removed. So alpha and its interval are
# those of the people who answered everything.
# Seen: alpha is, and the interval is not. Twelve people give 0.64, from 0.04 to 0.89. With 188 more who left
# out a question, alpha is still 0.64, and its interval goes from 0.54 to 0.72.
# Why: the number of people is taken before the rows are removed, and the interval is computed from it.
# Who is hurt: whoever asks if a questionnaire holds together. The more people do not answer, the surer it looks.
# The package cronbach 0.6.0, which is made from this function, does the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pingouin==0.7.0' 'cronbach==0.6.0' 'pandas==3.1.1' 'numpy==2.4.6'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import cronbach
import pandas as pd
import pingouin

complete = pd.DataFrame(
    {
        "first": [1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 2],
        "second": [2, 1, 3, 2, 4, 3, 3, 5, 4, 4, 5, 3],
        "third": [3, 2, 1, 4, 2, 5, 4, 2, 5, 3, 4, 4],
    }
)
partial = pd.DataFrame({"first": [1, 5] * 94, "second": [None] * 188, "third": [5, 1] * 94}, dtype=float)
everybody = pd.concat([complete, partial], ignore_index=True)

for name, alpha in (("pingouin", pingouin.cronbach_alpha), ("cronbach", cronbach.alpha)):
    few, few_interval = alpha(data=complete)
    many, many_interval = alpha(data=everybody, nan_policy="listwise")
    print(f"{name}: 12 people {few:.2f} {few_interval.tolist()}, and 188 left out {many:.2f} {many_interval.tolist()}")
    assert abs(few - many) < 1e-12
    assert few_interval[1] - few_interval[0] > 3 * (many_interval[1] - many_interval[0])
PYTHON
