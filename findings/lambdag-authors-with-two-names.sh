#!/usr/bin/env bash
# lambdag 0.2.0: authors whose names have a blank are called by their first word, so two become one.
#
# Expected: load_corpus reads the author from the brackets of `known[Jane Austen].txt`.
# Seen: the author is "Jane". "Jane Eyre" is "Jane", too: the texts of both are put together, and a
# problem whose truth is "different authors" names one author twice.
# Output:
#   [('Jane', 'Jane'), ('Jane', 'Jane'), ('Jane', 'mina].txt')] [1.0, 0.0, 0.0]
#   {'Jane': 3}
# Why: the name is read up to the first blank. Without a blank it keeps the rest: "mina].txt".
# Who is hurt: the method takes its reference texts from all other authors. With two people in one,
# texts of the wrong person are left out, and the scores change without a message.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'lambdag==0.2.0' 'numpy==2.4.6' 'scikit-learn==1.9.1' 2>/dev/null
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
from pathlib import Path

from lambdag.corpus import load_corpus

corpus = Path(sys.argv[1]) / "corpus"
pairs = [("Jane Austen", "Jane Austen"), ("Jane Austen", "Jane Eyre"), ("Jane Eyre", "mina")]
for place, (known, unknown) in enumerate(pairs):
    problem = corpus / f"problem{place}"
    problem.mkdir(parents=True)
    (problem / f"known[{known}].txt").write_text(f"{known} wrote text {place}.")
    (problem / f"unknown[{unknown}].txt").write_text("Who wrote this?")
(corpus / "truth.txt").write_text("problem0 Y\nproblem1 N\nproblem2 N\n")
problems, labels, texts = load_corpus(corpus)
names = [(known, unknown) for _, known, _, unknown in problems]
print(names, labels.tolist())
print({name: len(own) for name, own in texts.items()})
assert names == [("Jane", "Jane"), ("Jane", "Jane"), ("Jane", "mina].txt")], names
assert {name: len(own) for name, own in texts.items()} == {"Jane": 3}, texts
PYTHON
