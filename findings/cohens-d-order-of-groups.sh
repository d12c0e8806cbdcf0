#!/usr/bin/env bash
# cohens_d 0.1.5: the size of a difference between two groups depends on which one is named first.
#
# Expected: Cohen's d is a distance in units of one common deviation. Without its sign, as the package gives it, it is
# the same from either side, and the same from the numbers as from their means and deviations.
# Seen: two groups of three people differ by 2.62, or by 2.12 if they change places. From means and deviations, with
# a function of the same package, it is 2.86. If the second group is of two people, d is 0 with a warning of numpy.
# Why: the variance of the first group is divided by the people less one, of the second by the people less two.
# Who is hurt: whoever compares small groups of authors. Each difference is too small, and most where the second group
# varies most.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'cohens-d==0.1.5' 'numpy==2.4.6' 'scipy==1.17.1'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from statistics import mean, stdev

from cohens_d.cohens_d import cohensd_2ind, cohensd_2ind_from_stats

tea, cake = [5, 6, 9], [1, 2, 3]
stated = cohensd_2ind_from_stats(mean(tea), mean(cake), stdev(tea), stdev(cake), 3, 3)
seen = [round(float(number), 2) for number in (cohensd_2ind(tea, cake), cohensd_2ind(cake, tea), stated)]
print("one first, the other first, from means and deviations:", seen)
assert seen == [2.62, 2.12, 2.86]
pair = float(cohensd_2ind(tea, [1, 2]))
print("beside a group of two people:", pair)
assert pair == 0
PYTHON
