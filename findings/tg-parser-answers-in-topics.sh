#!/usr/bin/env bash
# tg-parser 1.2.0: in a group with topics, answers are in the topic "General".
#
# Expected: in an export of Telegram, a message of a topic names the message that began the topic as what it replies to.
# An answer names the message that it answers, which leads to the topic.
# Seen: of five messages about tea, the two that begin a line of talk are in "Tea". The three that answer them are in
# "General". With the filter for the topic "Tea", a talk of questions without answers is left, and without "Tea", the
# answers are still there.
# Output:
#   Tea: Who makes tea?
#   General: I do.
#   General: With milk?
#   Tea: And cake?
#   General: No cake.
# Why: only the message that is named is looked up among the topics. The message's own topic is not.
# Who is hurt: people who ask what a topic was about or who took part. People who only answer took part in none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'tg-parser==1.2.0'
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import json
from pathlib import Path

from tg_parser.infrastructure.filters.topic_filter import TopicFilter
from tg_parser.infrastructure.readers.telegram_json import TelegramJSONReader


def entry(number, kind, **more):
    date = f"2025-03-07T15:{number:02}:00"
    return {"id": number, "type": kind, "date": date, "text": "", "text_entities": []} | more


def said(number, name, text, to):
    return entry(number, "message", **{"from": name, "from_id": f"user{name}", "text": text, "reply_to_message_id": to})


begun = {"actor": "Mina", "actor_id": "userMina", "action": "topic_created"}
messages = [
    entry(2, "service", **begun, title="Tea"),
    said(3, "Mina", "Who makes tea?", 2),
    said(4, "Jiu", "I do.", 3),
    said(5, "Ann", "With milk?", 4),
    said(6, "Mina", "And cake?", 2),
    said(7, "Jiu", "No cake.", 6),
]
chat = {"name": "Harbour", "type": "private_supergroup", "id": 7, "messages": messages}
Path("result.json").write_text(json.dumps(chat), encoding="utf-8")
read = TelegramJSONReader().read(Path("result.json"))
seen = {message.text: read.topics[message.topic_id].title for message in read.messages if message.text}
for text, topic in seen.items():
    print(f"{topic}: {text}")
assert [text for text, topic in seen.items() if topic == "Tea"] == ["Who makes tea?", "And cake?"]
assert [text for text, topic in seen.items() if topic == "General"] == ["I do.", "With milk?", "No cake."]
about = TopicFilter(read.topics, include_topics=frozenset({"tea"})).filter(read.messages)
assert {message.author_name for message in about if message.text} == {"Mina"}
without = TopicFilter(read.topics, exclude_topics=frozenset({"tea"})).filter(read.messages)
assert [message.text for message in without if message.text] == ["I do.", "With milk?", "No cake."]
PYTHON
