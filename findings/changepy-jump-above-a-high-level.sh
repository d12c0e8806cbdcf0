#!/usr/bin/env bash
# changepy 0.4.0: a change of the mean is found or not, depending on where zero is.
#
# Expected: the cost for "a Normal distribution with changing mean" asks how far values are from the mean of
# their part. 1,000 more messages on each day move all values and change no distance.
# Seen: a step of three standard deviations, with 100 days on each side, is found around 0. Around 10, it is two
# days late, and around 100 and 1,000, there is no change at all. The deviations are the same numbers.
# Why: the cost sums absolute values where it needs squares, and divides this sum by the length as well. So
# each part pays its mean, and a second part costs as much as the level is high.
# Who is hurt: whoever asks when a chat became louder. In a quiet chat the change is found, in a busy one not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'changepy==0.4.0' 'numpy==2.4.6'
"$folder/venv/bin/python" - <<'PYTHON'
from changepy import pelt
from changepy.costs import normal_mean

swing = [0.5, -1.5, 1, -0.5, 0.5]  # A mean of 0, and a deviation of about 1.
days = [*swing * 20, *(3 + day for day in swing * 20)]
seen = {}
for level in (0, 10, 100, 1000):
    moved = [level + day for day in days]
    seen[level] = [int(place) for place in pelt(normal_mean(moved, 1), len(moved))]
    print(f"around {level}: parts begin at {seen[level]}")
assert seen == {0: [0, 100], 10: [0, 102], 100: [0], 1000: [0]}, seen
PYTHON
