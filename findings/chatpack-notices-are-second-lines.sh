#!/usr/bin/env bash
# chatpack 0.1.0: in a chat of WhatsApp, "Jiu added Ann" is the second line of what Mina wrote before.
#
# Expected: WhatsApp's export has notices between the messages, with a time and without a name and a colon. They are
# left out, or have a sender of their own.
# Seen: Mina wrote "the ferry is late", and the next line of the export, with its date, is the rest of her message. Each
# notice belongs to the person who wrote last. The notice above the first message is left out.
# Output:
#   Mina: 'the ferry is late\n07/01/2025, 10:02 - Jiu added Ann'
#   Jiu: 'bring tea\nand the map\n07/01/2025, 10:04 - Ann left'
#   Mina: 'see you'
# Why: a line that is no message with a name counts as the continuation of the one before.
# Who is hurt: people who count words and compare how somebody writes. In a group where people come and go, words such
# as "added" and "left", names and dates become typical of the ones who talk most.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'chatpack==0.1.0'
cat >"$folder/chat.txt" <<'CHAT'
07/01/2025, 09:58 - Messages and calls are end-to-end encrypted. Only people in this chat can read them.
07/01/2025, 10:01 - Mina: the ferry is late
07/01/2025, 10:02 - Jiu added Ann
07/01/2025, 10:03 - Jiu: bring tea
and the map
07/01/2025, 10:04 - Ann left
07/01/2025, 10:05 - Mina: see you
CHAT
"$folder/venv/bin/python" - "$folder/chat.txt" <<'PYTHON'
import sys

import chatpack

seen = [(message.sender, message.content) for message in chatpack.parse_whatsapp(sys.argv[1])]
for sender, content in seen:
    print(f"{sender}: {content!r}")
assert seen == [
    ("Mina", "the ferry is late\n07/01/2025, 10:02 - Jiu added Ann"),
    ("Jiu", "bring tea\nand the map\n07/01/2025, 10:04 - Ann left"),
    ("Mina", "see you"),
]
PYTHON
