#!/usr/bin/env bash
# chata 0.2.1: what people write from one to nine o'clock is said by whoever wrote before; the evening is the morning.
#
# Expected: in a chat of WhatsApp with AM and PM, each message has its author and its hour.
# Seen: Mina writes at 12:10 PM, Jiu at 1:15 PM, Hana at 9:20 PM and Mina at 10:25 PM. There are two messages, both of
# Mina. The first has the words of Jiu and Hana, with dates and names. The second was written at 10:25 in the morning.
# Why: the hour is read from two fixed places, as in chats with 24 hours. "1:" is no number, so the line is taken for a
# further line of the message before. What stands after the minutes is not read.
# Who is hurt: whoever counts who writes most, and when. In chats of this form nobody writes from one to nine, and
# whoever writes at noon or midnight writes for all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'chata==0.2.1' 'matplotlib==3.11.2' \
  'python-bidi==0.6.12'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from chata.events import Event

chat = [
    "1/7/25, 12:10 PM - Mina: The ferry is late",
    "1/7/25, 1:15 PM - Jiu: I will wait",
    "1/7/25, 9:20 PM - Hana: Me too",
    "1/7/25, 10:25 PM - Mina: Good night",
]
messages = [(f"{event.time:%H:%M}", event.who, event.message) for event in Event.yield_events(chat)]
print(*messages, sep="\n")
assert messages == [("12:10", "Mina", "\n".join(chat[:3]).split(": ", 1)[1]), ("10:25", "Mina", "Good night")]
PYTHON
