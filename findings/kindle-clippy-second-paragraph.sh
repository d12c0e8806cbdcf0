#!/usr/bin/env bash
# kindle_clippy 0.0.2: of a note or highlight in several paragraphs, the first is left; pages of PDFs are places.
#
# Expected: in `My Clippings.txt`, all lines up to the next row of equals signs are what a reader marked or wrote. A PDF
# has pages and no locations, so its clippings have "page 12" and a date.
# Seen: of a note in three paragraphs, the table has the first. "on page 12" of a PDF is no page, but location 12, among
# the locations of books, of which a page has about fifteen.
# Why: the third line that is not empty is taken for the whole text. If a clipping's head has two parts instead of three,
# the first is taken for a location, whatever it says.
# Who is hurt: whoever keeps or counts what they marked on a Kindle. Highlights within one paragraph are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'kindle-clippy==0.0.2'
cd "$folder"
cat >clippings.txt <<'TEXT'
The Tea House (Mina Kim)
- Your Note on page 12 | Location 172 | Added on Friday, March 7, 2025 9:06:00 PM

the ferry leaves at nine

tea on board
and cake
==========
A Paper on Gulls
- Your Highlight on page 12 | Added on Friday, March 7, 2025 9:08:00 PM

gulls like cake
==========
TEXT
"$folder/venv/bin/python" - <<'PYTHON'
from clippy import Clipping

with open("clippings.txt", encoding="utf-8") as file:
    note, paper = [Clipping(each.strip("\n")) for each in file.read().split("==========") if each.strip()]
print("a note in three paragraphs:", note)
print("a page of a PDF:", paper)
assert (note.page, note.start_location, note.text) == (12, 172, "the ferry leaves at nine")
assert (paper.page, paper.start_location, paper.text) == (None, 12, "gulls like cake")
PYTHON
