#!/usr/bin/env bash
# linelog2py 0.1.6: a day that a message names becomes the day of all messages after it.
#
# Expected: in LINE's history, a message of several lines stands in quotation marks, with its empty lines. It may name a
# day. Quotation marks within a message are words' own.
# Seen: on 7 January, Jiu writes "The plan is", an empty line, and "2025/02/01(Sat)". What Mina answers a minute later
# was written on 1 February. The day is missing in Jiu's words, Mina's quotation marks are gone, and her table "tea,
# cups" is one word.
# Output:
#   ('01-07 10:01', 'Mina', 'The ferry is late')
#   ('01-07 10:02', 'Jiu', 'The plan is at the pier')
#   ('02-01 10:03', 'Mina', 'Good')
#   ('02-01 10:04', 'Mina', 'teacups')
# Why: a line that begins with a date after an empty line is a new day, also within a message. All quotation marks and
# tabs are removed.
# Who is hurt: people who draw a chat over time: appointments are what people write in several lines, and a day's
# messages move weeks ahead.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'linelog2py==0.1.6'
printf '%s\n' '[LINE] Minaとのトーク履歴' '保存日時：2025/03/10 10:00' '' '2025/01/07(火)' \
  $'10:01\tMina\tThe ferry is "late"' $'10:02\tJiu\t"The plan is' '' '2025/02/01(土)' 'at the pier"' \
  $'10:03\tMina\tGood' $'10:04\tMina\ttea\tcups' >"$folder/history.txt"
"$folder/venv/bin/python" -W ignore - "$folder/history.txt" <<'PYTHON'
import sys

from linelog2py import Reader

seen = [(f"{each.time:%m-%d %H:%M}", each.username, " ".join(each.textlines)) for each in Reader.readFile(sys.argv[1])]
print(*seen, sep="\n")
assert seen == [
    ("01-07 10:01", "Mina", "The ferry is late"),
    ("01-07 10:02", "Jiu", "The plan is at the pier"),
    ("02-01 10:03", "Mina", "Good"),
    ("02-01 10:04", "Mina", "teacups"),
]
PYTHON
