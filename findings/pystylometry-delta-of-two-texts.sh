#!/usr/bin/env bash
# pystylometry 1.4.3: Delta of two texts does not measure how far they are apart.
#
# Expected: "lower scores indicate more similar texts". A text and the same text with one word
# changed are nearer than that text and a text about something else.
# Seen: Cosine Delta is 2.0 for both pairs, its greatest value. Burrows' Delta is 1.414 for two texts
# that use the same words, each slightly more or less often, as it is for texts without a common word.
# Output:
#   one word more: Cosine Delta 2.000, Burrows' Delta 1.414
#   nothing in common: Cosine Delta 2.000, Burrows' Delta 1.414
# Why: the mean and the deviation of each word come from the two texts that are compared. With two
# values, the z-scores are +0.707 and -0.707 whatever the difference is. So each word that differs at
# all adds the square root of 2, and the two vectors always point in opposite directions.
# Who is hurt: anyone who asks whether two chats or posts are by one person. Every pair looks alike.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'pystylometry==1.4.3'
"$folder/venv/bin/python" - <<'PYTHON'
from pystylometry.authorship import compute_burrows_delta, compute_cosine_delta

ferry = "the ferry is late and the tea is cold so we wait by the pier and watch the gulls " * 9
nearly = ferry + "gulls"
other = "quantum fields obey gauge symmetry because lattice results confirm confinement " * 9

for name, text in (("one word more", nearly), ("nothing in common", other)):
    cosine = compute_cosine_delta(ferry, text).delta_score
    burrows = compute_burrows_delta(ferry, text).delta_score
    print(f"{name}: Cosine Delta {cosine:.3f}, Burrows' Delta {burrows:.3f}")
    assert abs(cosine - 2) < 1e-9, cosine
    assert abs(burrows - 2**0.5) < 1e-6, burrows
PYTHON
