#!/usr/bin/env bash
# burst-detection 0.1.3: a word that is twice as frequent for ten weeks has no burst.
#
# Expected: Kleinberg's method finds the sequence of states with the lowest cost over all weeks. The package
# says that it returns the optimal sequence, by the algorithm of Viterbi.
# Seen: in 40 weeks of 100 posts, a word is in 10 posts a week, and in 20 of each for ten weeks. No burst is
# found, at a cost of 115.3. One burst of these ten weeks costs 103.7 by the package's own two functions.
# Why: in each week, the cheaper state of that week alone is taken for good. The fee for a burst is asked of its
# first week, which never pays it by itself. Only a burst that is sudden enough for one week is found.
# Who is hurt: whoever asks when people spoke of something. Slow topics of a season are missing, and peaks of a
# week are found.
# The package needs NumPy before 1.24, and so Python 3.11 or older.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'numpy==1.23.5' 'pandas==1.5.3' 'mpmath==1.3.0' 'setuptools==80.9.0' 'wheel==0.45.1'
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation 'burst-detection==0.1.3'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pandas as pd
from burst_detection import burst_detection, enumerate_bursts, fit, tau

posts = pd.Series([100] * 40)
with_word = pd.Series([10] * 15 + [20] * 10 + [10] * 15)
found, _, _, shares = burst_detection(with_word, posts, 40, s=2, gamma=1, smooth_win=1)


def cost(states):
    steps = zip([0, *states], states)
    moves = sum(float(tau(before, after, 1, 40)) for before, after in steps)
    return moves + sum(fit(posts[week], with_word[week], shares[state]) for week, state in enumerate(states))


states = [int(state) for state in found.ravel()]
one_burst = [0] * 15 + [1] * 10 + [0] * 15
print(f"bursts found: {len(enumerate_bursts(found, 'tea'))}, at a cost of {cost(states):.1f}")
print(f"one burst of ten weeks: {cost(one_burst):.1f}")
assert states == [0] * 40
assert cost(one_burst) < cost(states) - 10
PYTHON
