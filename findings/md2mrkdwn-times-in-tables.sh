#!/usr/bin/env bash
# md2mrkdwn 0.4.5: in a table, 09:30:15 becomes 0915; in and outside of tables, products lose their stars.
#
# Expected: a table of Markdown becomes a block of code in Slack with the same cells. Only short names of pictures
# (":tada:") are left out of tables.
# Seen: the cell 09:30:15 is 0915, and 10:00:00-11:15:00 is 1000-1100. The cell "2 * 3 * 4" is "2 3 4", and the sentence
# "2 * 3 * 4 is 24" is "2 _ 3 _ 4 is 24". In Markdown, a star between blanks is a star. A sentence keeps 09:30:15.
# Why: digits between two colons are held for the name of a picture, and any two stars of a line for italics.
# Who is hurt: whoever posts logs, records of races or timetables. A time without its minutes looks like another time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'md2mrkdwn==0.4.5' 'wcwidth==0.9.4'
"$folder/venv/bin/python" - <<'PYTHON'
from md2mrkdwn import convert

seen = convert(
    "09:30:15 is late. 2 * 3 * 4 is 24.\n\n"
    "| what | when | sum |\n|---|---|---|\n"
    "| alarm | 09:30:15 | 2 * 3 * 4 |\n| watch | 10:00:00-11:15:00 | 1 |\n"
)
print(seen)
sentence, _, _, *table = seen.splitlines()
assert sentence == "09:30:15 is late. 2 _ 3 _ 4 is 24."
cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in table[2:-1]]
assert cells == [["alarm", "0915", "2 3 4"], ["watch", "1000-1100", "1"]]
PYTHON
