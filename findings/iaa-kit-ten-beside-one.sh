#!/usr/bin/env bash
# iaa-kit 0.1.2: on a scale from 1 to 10, the weighted kappa puts 10 beside 1, and close judges disagree.
#
# Expected: weighted kappa counts how far two judgements are apart. Two people who judge ten texts with 7 to 10,
# and differ by one at most, agree well: 0.62 with squared weights.
# Seen: it is -0.27, worse than chance. With the same judgements minus one, from 6 to 9, it is 0.62.
# Why: the steps of the scale are put in the order of their letters, where "10" is before "7". So 9 and 10, the
# judgements that people mix up most, are as far apart as the scale is long.
# Who is hurt: whoever measures if judges of texts agree. A scale of ten steps is a usual one, and the result says
# that the judges are useless.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'iaa-kit==0.1.2' 'numpy==2.4.6'
"$folder/venv/bin/python" - <<'PYTHON'
from iaa_kit.cohen import weighted_kappa

mina = [8, 9, 10, 9, 8, 10, 7, 9, 10, 8]
jiu = [9, 10, 9, 10, 8, 9, 8, 9, 10, 7]
seen = {}
for moved in (0, 1):
    judgements = [[step - moved for step in steps] for steps in (mina, jiu)]
    seen[moved] = round(weighted_kappa(*judgements, "quadratic"), 2)
    print(f"steps {min(*judgements[0], *judgements[1])} to {max(*judgements[0], *judgements[1])}: {seen[moved]}")
assert seen == {0: -0.27, 1: 0.62}, seen
PYTHON
