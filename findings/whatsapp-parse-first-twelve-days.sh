#!/usr/bin/env bash
# whatsapp-parse 0.2.2: the first twelve days of a month are in other months; notes of the app are words of a person.
#
# Expected: in chats from India or Australia, where "13/1/25, 10:02 pm" is 13 January, "12/1/25" is 12 January, too.
# Seen: messages of the 11th, 12th and 13th of January are of 1 November, 1 December and 13 January, in this order.
# "Jiu added Hana" is the end of what Mina wrote before.
# Why: the date of each message is guessed for itself, and month first is taken where it is possible. A line without a
# colon belongs to the message before, also if it has a date and a time.
# Who is hurt: whoever draws a chat over time. Two days in five are in a month in which nobody wrote, and Mina says
# whom Jiu added.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'whatsapp-parse==0.2.2' 'pandas==3.1.1'
printf '%s\n' '11/1/25, 10:02 pm - Mina: The ferry is late' '12/1/25, 10:02 pm - Mina: Who comes?' \
  '12/1/25, 10:03 pm - Jiu added Hana' '13/1/25, 10:02 pm - Jiu: Hana' >"$folder/chat.txt"
"$folder/venv/bin/python" -W ignore - "$folder/chat.txt" <<'PYTHON'
import sys

from whatsapp_parser.parser import chat_to_dataframe

with open(sys.argv[1], encoding="utf-8") as chat:
    messages = chat_to_dataframe(chat.readlines())
seen = [(f"{day:%d %B}", author, words) for day, author, words in messages.itertuples(index=False)]
print(*seen, sep="\n")
assert seen == [
    ("01 November", "Mina", "The ferry is late"),
    ("01 December", "Mina", "Who comes? 12/1/25, 10:03 pm - Jiu added Hana"),
    ("13 January", "Jiu", "Hana"),
]
PYTHON
