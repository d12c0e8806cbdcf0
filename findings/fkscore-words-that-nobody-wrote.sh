#!/usr/bin/env bash
# fkscore 2.0.1: "I waited... You were late..." has words and sentences that nobody wrote.
#
# Expected: three sentences with eight words have three sentences and eight words, whether they end with one
# stop or with three. The package splits at "\n or . ! ?".
# Seen: with one stop each, there are 10 words. With three stops, there are 7 sentences and 20 words; "!!"
# counts the same. The reading ease of the same words rises from 127 to 140.
# Why: the signs themselves are among the parts of the split, twice each. A part of two or more letters counts
# as a sentence, and a part without its signs is one empty word.
# Who is hurt: whoever compares how people of a chat write. There, most sentences end with "..." or "!!".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'fkscore==2.0.1'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from fkscore import fkscore

seen = []
for stop in (".", "...", "!!"):
    text = f"I waited{stop} You were late{stop} We went home."
    score = fkscore(text)
    seen.append((score.stats["num_sentences"], score.stats["num_words"], round(score.score["readability"])))
    print(text, "sentences {}, words {}, reading ease {}".format(*seen[-1]))
assert seen == [(3, 10, 127), (7, 20, 140), (7, 20, 140)], seen
PYTHON
