#!/usr/bin/env bash
# mad-whatsapp 0.6: "annulled" is "aned", of a message with two lines the first is left, and 7 in the evening is 7.
#
# Expected: the messages of a chat of WhatsApp, each with its words and its time of day.
# Seen: "The wedding was annulled" is "The wedding was aned". Of "The plan is" and a second line "to meet at the
# pier", the second line is missing. 7:05 PM and 7:05 AM are both 07:05. A message "null" is missing.
# Why: the app's word for an empty message, "null", is removed from all texts, also inside of words. Words are looked
# for up to the end of the line, and AM and PM are not looked at.
# Who is hurt: whoever counts words or hours: letters vanish from words, lists have one line, and nobody writes in the
# afternoon.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'mad-whatsapp==0.6'
printf '%s\n' '1/5/25, 7:05 AM - Mina: The plan is' 'to meet at the pier' \
  '1/5/25, 7:05 PM - Jiu: The wedding was annulled' '1/5/25, 7:06 PM - Mina: null' >"$folder/chat.txt"
"$folder/venv/bin/python" - "$folder/chat.txt" <<'PYTHON'
import sys

from mad_whatsapp import parse_whatsapp_file

messages = [tuple(message.values()) for message in parse_whatsapp_file(sys.argv[1])]
print(*messages, sep="\n")
assert messages == [
    ("05/01/2025 07:05", "Mina", "The plan is"),
    ("05/01/2025 07:05", "Jiu", "The wedding was aned"),
]
PYTHON
