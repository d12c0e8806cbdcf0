#!/usr/bin/env bash
# chat-parser 0.1.1: in January all messages are of one minute past the hour, and "type" and "link" are words of people.
#
# Expected: of a chat of Telegram, each message has its time and its words. A message with a link is a list in the
# file: texts, and for the link its kind and its text.
# Seen: messages of 19:42 and 19:43 on 7 January are of 19:01. "See https://harbour.example" is
# "['See ', {'type': 'link', 'text': 'https://harbour.example'}]". Its words are see, type, link, text and so on.
# Why: the sign for the month stands where the one for minutes belongs. A list is written as Python shows it.
# Who is hurt: whoever looks up when something was said, or which words somebody uses: each link and each bold
# word adds words of the file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'chat-parser==0.1.1' 'pandas==3.1.1' \
  'numpy==2.4.6' 'demoji==2.0.0'
cat >"$folder/result.json" <<'JSON'
{"name": "Jiu", "type": "personal_chat", "id": 1, "messages": [
  {"id": 1, "type": "message", "date": "2025-01-07T19:42:00", "from": "Mina", "from_id": "user1",
    "text": ["See ", {"type": "link", "text": "https://harbour.example"}]},
  {"id": 2, "type": "message", "date": "2025-01-07T19:43:00", "from": "Jiu", "from_id": "user2", "text": "It is late"}
]}
JSON
"$folder/venv/bin/python" -W ignore - "$folder/result.json" <<'PYTHON'
import sys

from chat_parser.data_extractor import Operator

chat = Operator()
chat.telegram_create_frame(sys.argv[1])
messages = [tuple(message.values()) for message in chat.row_dict_list()]
print(*messages, list(chat.count_word()), sep="\n")
assert messages == [
    ("2025-01-07 19:01", "Mina", "['See ', {'type': 'link', 'text': 'https://harbour.example'}]"),
    ("2025-01-07 19:01", "Jiu", "It is late"),
]
assert {"type", "link", "text"} <= set(chat.count_word())
PYTHON
