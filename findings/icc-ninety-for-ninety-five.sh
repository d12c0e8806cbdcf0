#!/usr/bin/env bash
# icc 0.1.1: of intervals of 95% for how alike people judge, nine of ten hold the truth.
#
# Expected: `icc` gives a coefficient with an interval of `confidence_level`, which is 0.95 if nothing is said. So does
# pingouin 0.7.0.
# Seen: for a table of six texts and four people, both give 0.17. The interval is -0.13 to 0.72 in pingouin, and in icc
# -0.10 to 0.64. With `confidence_level=0.975`, it is pingouin's of 95%. Of 1000 made tables with a true coefficient of
# 0.5, 898 intervals of 95% have it.
# Why: what is left of 100% belongs to two ends, half to each. Here, each end gets the whole.
# Who is hurt: whoever asks whether people judge alike. A coefficient that may well be nought counts as proved.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'icc==0.1.1' 'pingouin==0.7.0' 'scipy==1.17.1' 'numpy==2.4.6' 'pandas==3.1.1'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy
import pandas
import pingouin
from icc import icc

ratings = numpy.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
rows = [(text, person, ratings[text, person]) for text in range(6) for person in range(4)]
table = pandas.DataFrame(rows, columns=["text", "person", "stars"])
other = pingouin.intraclass_corr(table, "text", "person", "stars").iloc[0]


def interval(ratings, level):
    coefficient, *_, low, high = icc(ratings, "oneway", "agreement", "single", confidence_level=level)
    return [round(float(number), 2) for number in (coefficient, low, high)]


seen, wider = interval(ratings, 0.95), interval(ratings, 0.975)
meant = [round(float(number), 2) for number in (other["ICC"], *other["CI95"])]
print("icc, 95%:", seen, "icc, 97.5%:", wider, "pingouin, 95%:", meant)
assert seen == [0.17, -0.1, 0.64]
assert wider == meant == [0.17, -0.13, 0.72]

random = numpy.random.default_rng(7)
held = 0
for _ in range(1000):
    made = random.normal(size=(10, 1)) + random.normal(size=(10, 4))
    *_, low, high = icc(made, "oneway", "agreement", "single")
    held += low <= 0.5 <= high
print("of 1000 intervals of 95%,", held, "have the true coefficient")
assert 870 < held < 925
PYTHON
