#!/usr/bin/env bash
# whatsapp-chat-to-pdf 0.1.0: 29 February is the 28th, "I am." becomes "I AM", and "오후에" (in the afternoon) "PM 에".
#
# Expected: the PDF of a chat of WhatsApp has the days and the words of the chat.
# Seen: what Jiu wrote on 29 February 2024 was written on 28 February, with the hour of the 29th. "Yes, I am. Are you?"
# is "Yes, I AM Are you?". "오후에 보자" (see you in the afternoon) is "PM 에 보자".
# Why: days of February are cut at 28, so that no date is impossible. The words for morning and afternoon
# are made AM and PM in the whole file and not only in front of the messages, and "am." counts as such a word.
# Who is hurt: whoever keeps or shows such a PDF as evidence: every fourth year, a day is missing and the messages of
# two days are mixed, and sentences of a person are not those that he or she wrote.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'whatsapp-chat-to-pdf==0.1.0' 'fpdf2==2.8.9'
printf '%s\n' '28/02/2024, 23:58 - Mina: Are you awake?' '29/02/2024, 00:10 - Jiu: Yes, I am. Are you?' \
  '01/03/2024, 09:00 - Mina: 오후에 보자' >"$folder/chat.txt"
"$folder/venv/bin/python" -W ignore - "$folder/chat.txt" <<'PYTHON'
import sys

from whatsapp_chat_to_pdf.parser import parse_file

messages = [(f"{each.timestamp:%d %B %H:%M}", each.sender, each.text) for each in parse_file(sys.argv[1]).messages]
print(*messages, sep="\n")
assert messages == [
    ("28 February 23:58", "Mina", "Are you awake?"),
    ("28 February 00:10", "Jiu", "Yes, I AM Are you?"),
    ("01 March 09:00", "Mina", "PM 에 보자"),
]
PYTHON
