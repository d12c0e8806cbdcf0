#!/usr/bin/env bash
# chat-miner 0.6.0: a word with one bold letter is three words, and a link has a blank before its stop.
#
# Expected: the parts of a message of Telegram Desktop's export, put one behind the other, are the message. Each part
# has its own blanks.
# Seen: the parser for Telegram puts a blank between all parts: `un**believ**able` is "un believ able", and "see
# example.org." is "see  example.org ." with two blanks.
# Output:
#   'un believ able, see  example.org .'
# Why: the parts are joined by " ".
# Who is hurt: people who count words, or blanks and signs, as a mark of how somebody writes. Messages with links and
# names have other words than their authors wrote.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'chat-miner==0.6.0' 'numpy==2.4.6' 'pandas==3.1.1' 'polars==2.1.0' 'polars-runtime-32==2.1.0' \
  'python-dateutil==2.9.0.post0' 'six==1.17.0' 'tqdm==4.67.1'
"$folder/venv/bin/python" -W ignore - "$folder/result.json" 2>/dev/null <<'PYTHON'
import json
import sys

from chatminer.chatparsers import TelegramJsonParser

bold = {"type": "bold", "text": "believ"}
link = {"type": "link", "text": "example.org"}
message = {
    "id": 1,
    "type": "message",
    "date": "2025-01-07T10:01:02",
    "date_unixtime": "1736208062",
    "from": "Jiu",
    "from_id": "user1",
    "text": ["un", bold, "able, see ", link, "."],
    "text_entities": [],
}
with open(sys.argv[1], "w") as file:
    json.dump({"name": "Walks", "type": "personal_chat", "id": 1, "messages": [message]}, file)
parser = TelegramJsonParser(sys.argv[1])
parser.parse_file()
(text,) = parser.parsed_messages.get_df()["message"].to_list()
print(repr(text))
assert text == "un believ able, see  example.org .", text
PYTHON
