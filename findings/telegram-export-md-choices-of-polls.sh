#!/usr/bin/env bash
# telegram-export-md 0.4.1: choices of polls, files, places and people that were sent are missing.
#
# Expected: in Telegram's export, a poll has "answers". What is sent as a file has "file" without a "media_type", a
# place "location_information" and a person "contact_information". All are what somebody said.
# Seen: of a poll, the question is left. Of a message with a file, a place or a person, nothing but the name and the
# time is left, and an answer to one of them answers "[no text]". A voice message is there.
# Output:
#   **2025-03-07 15:01 — Mina**
#   🗳 **Where?**
#   ---
#   **2025-03-07 15:02 — Mina**
#   ---
#   **2025-03-07 15:03 — Mina**
#   ---
#   **2025-03-07 15:04 — Mina**
#   ---
#   **2025-03-07 15:05 — Mina**
#   *🎤 voice_message · 3s*
#   ---
#   **2025-03-07 15:06 — Mina**
#   > ↪️ reply to **Mina** (#3): *[no text]*
#   I know it
# Why: choices are looked for in "options". All else is looked for by its "media_type", which Telegram writes for six
# kinds only (such as voice messages and stickers). So the package's own lines for places and people are never reached.
# Who is hurt: people who keep chats as the package's pages and delete the export. The pages look complete, and the plan
# for the evening has no place.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'telegram-export-md==0.4.1'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from tg_export_md.converter import parse_chat
from tg_export_md.markdown import render_message


def sent(number, **more):
    own = {"id": number, "type": "message", "date": f"2025-03-07T15:{number:02}:00", "from": "Mina", "from_id": "user1"}
    return own | {"text": "", "text_entities": []} | more


answers = [{"text": "the harbour", "voters": 2, "chosen": True}, {"text": "the hill", "voters": 1, "chosen": False}]
messages = [
    sent(1, poll={"question": "Where?", "closed": False, "total_voters": 3, "answers": answers}),
    sent(2, file="files/plan.pdf", file_name="plan.pdf", mime_type="application/pdf"),
    sent(3, location_information={"latitude": 35.1, "longitude": 129.04}),
    sent(4, contact_information={"first_name": "Jiu", "last_name": "", "phone_number": "010"}),
    sent(5, media_type="voice_message", file="voice/1.ogg", duration_seconds=3, mime_type="audio/ogg"),
    sent(6, text="I know it", text_entities=[{"type": "plain", "text": "I know it"}], reply_to_message_id=3),
]
chat = parse_chat({"name": "Harbour", "type": "private_group", "id": 7, "messages": messages})
known = {message.id: message for message in chat.messages}
pages = [render_message(message, known) for message in chat.messages]
print(*pages, sep="\n---\n")
assert "Where?" in pages[0]
assert "harbour" not in pages[0]
assert pages[1:4] == [f"**2025-03-07 15:0{number} — Mina**" for number in (2, 3, 4)]
assert "voice_message" in pages[4]
assert "*[no text]*" in pages[5]
PYTHON
