#!/usr/bin/env bash
# change-point-analyzer 0.0.5: a change is found three days early, or on the last day if the numbers rise.
#
# Expected: of 30 days, the first 20 have two or three messages, and the others eight or nine. The change is between
# the days 19 and 20, counted from 0.
# Seen: it is at 17 by the squared error, and at 29, the last day, by the cumulative sum. If the numbers
# fall from eight to two on that day, the cumulative sum finds 19.
# Why: the first and last three days are no candidates, and they are not counted in the answer. The
# cumulative sum is highest before a fall, and lowest before a rise, and only the highest is looked for.
# Who is hurt: whoever asks when people began to write more. The answer is always the last day, or is before
# anything had happened.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'change-point-analyzer==0.0.5' 'numpy==1.26.4' 'matplotlib==3.11.2'
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from change_point_analyzer.main import ChangePointAnalyzer, Estimator

few, many = [2.0, 3.0], [8.0, 9.0]
days = {"rise": few * 10 + many * 5, "fall": many * 10 + few * 5}
found = {}
for name, numbers in days.items():
    for estimator in Estimator:
        np.random.seed(1)
        changes = ChangePointAnalyzer(np.array(numbers)).detect_changepoints(estimator, recursive=False)
        found[name, estimator.name] = [int(day) for day, _ in changes]
print(found)
assert found == {("rise", "CUSUM"): [29], ("rise", "MSE"): [17], ("fall", "CUSUM"): [19], ("fall", "MSE"): [17]}
PYTHON
