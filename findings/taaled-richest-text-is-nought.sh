#!/usr/bin/env bash
# taaled 0.32: a text in which no word is repeated has the lexical diversity 0.
#
# Expected: the measure MTLD grows with the richness of the words. A text of 60 different words has the
# highest value, or none, as its share of different words never falls to the threshold.
# Seen: it has 0, less than a text of three words that are said twenty times. With one word repeated, the
# same text has 1008. For 41 different words, the measure HDD is 0 as well; for 42, it is 1.
# Why: a part of a text counts with how far its share has fallen. If nothing has fallen, there is nothing
# to divide by, and the result is 0. HDD draws 42 words, and gives 0 if there are fewer.
# Who is hurt: whoever compares how rich the words of short posts and messages are. The richest have the
# lowest value, and pull the mean of their author down.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'setuptools==80.9.0' 'taaled==0.32'
"$folder/venv/bin/python" -W ignore - <<'PYTHON' | tail -n 4
from taaled import ld

words = [f"word{number}" for number in range(60)]
texts = {
    "60 different": words,
    "59 different, 1 repeated": [*words[:59], words[0]],
    "3 different, 20 times": words[:3] * 20,
    "41 different": words[:41],
}
seen = {name: (round(ld.lexdiv(text).mtld, 2), round(ld.lexdiv(text).hdd, 2)) for name, text in texts.items()}
for name, (mtld, hdd) in seen.items():
    print(f"{name}: MTLD {mtld}, HDD {hdd}")
assert [mtld for mtld, _ in seen.values()] == [0, 1008, 9, 0], seen
assert [hdd for _, hdd in seen.values()] == [1, 0.99, 0.07, 0], seen
PYTHON
