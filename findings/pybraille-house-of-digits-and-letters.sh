#!/usr/bin/env bash
# pybraille 1.0.0: in braille, house 3b is house 32, and "10am" is "101m".
#
# Expected: in braille, the letters a to j have the dots of the digits 1 to 0. A sign before a number says that digits
# follow, and where one of these letters follows a digit, another sign says that the number has ended. The package
# is for braille letter by letter (grade 1).
# Seen: "3b" and "32" have the same dots, and so have "7f" and "76", and "10am" and "101m". "$5" has those of ".5", so
# five dollars are a half. "3k" and "3 b" differ from all numbers, as they should.
# Why: the converter forgets that it is in a number when a letter comes, and writes nothing between. The dollar has the
# dots of the full stop.
# Who is hurt: whoever reads chats with their fingers. A time, an address and a price are others, and nothing in the
# line tells it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pybraille==1.0.0'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from pybraille import convertText

for meant, read in (("house 3b", "house 32"), ("room 7f", "room 76"), ("10am", "101m"), ("$5", ".5")):
    print(f"{meant} {convertText(meant)}  {read} {convertText(read)}")
    assert convertText(meant) == convertText(read), (meant, read)
assert convertText("3k") not in {convertText(f"3{digit}") for digit in range(10)}
assert convertText("3 b") != convertText("32")
PYTHON
