#!/usr/bin/env bash
# chat-miner 0.6.0: messages of people are left out because of ordinary words in them.
#
# Expected: the parser for Instagram leaves out notes by the app ("Jiu liked a message").
# Seen: it leaves out every message that contains "to your message", "liked a message" or
# "in the poll.", whoever wrote it and whatever stands around it. No message says so.
# Why: the sentences of the app are looked for anywhere in the text, not as the whole text.
# Who is hurt: whoever counts messages or words of each person. "I will reply to your message
# tonight" is a sentence that people write.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'chat-miner==0.6.0' 'numpy==2.4.6' 'pandas==3.1.1' 'polars==2.1.0' 'polars-runtime-32==2.1.0' \
  'python-dateutil==2.9.0.post0' 'six==1.17.0' 'tqdm==4.67.1'
"$folder/venv/bin/python" - "$folder/message_1.json" 2>/dev/null <<'PYTHON'
import json
import sys

from chatminer.chatparsers import InstagramJsonParser

said = [
    "I will reply to your message tonight",
    "Vote in the poll. Please!",
    "Is the ferry late?",
    "Somebody liked a message of mine, who was it?",
]
messages = [
    {"sender_name": "Jiu", "timestamp_ms": 1736208062000 + place, "content": text}
    for place, text in enumerate(said)
]
with open(sys.argv[1], "w") as file:
    json.dump({"participants": [{"name": "Jiu"}], "messages": messages}, file)
parser = InstagramJsonParser(sys.argv[1])
parser.parse_file()
kept = parser.parsed_messages.get_df()["message"].to_list()
print(f"{len(said)} messages written, kept: {kept}")
assert kept == ["Is the ferry late?"], kept
PYTHON
