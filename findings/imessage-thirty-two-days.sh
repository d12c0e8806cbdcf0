#!/usr/bin/env bash
# imessage 0.0.3: each message is 32 days too early, and a message with two pictures is two messages.
#
# Expected: macOS stores times in nanoseconds since 1 January 2001, 00:00 UTC. A message of 7 January 2025, 10:00 UTC has this time,
# and a chat of two messages has two rows.
# Seen: it is of 6 December 2024, 10:00 UTC. A message with two pictures has two rows with the same words, so the chat has three.
# Why: 975,542,400 seconds are added, which is 30 November 2000. 978,307,200 would be right. Messages are joined with attachments, one
# row for each pair.
# Who is hurt: whoever counts by day, month or year. Hours and all distances are right, so nothing looks wrong, and people who send
# several pictures at once speak more than they do.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'imessage==0.0.3' 'pandas==2.3.3' \
  'numpy==2.4.6' 'python-dateutil==2.9.0.post0' 'pytz==2025.2' 'tzdata==2025.2' 'six==1.17.0'
"$folder/venv/bin/python" - "$folder/chat.db" <<'PY'
import sqlite3
import sys
from contextlib import redirect_stdout
from datetime import datetime, timezone
from io import StringIO

import imessage

epoch = datetime(2001, 1, 1, tzinfo=timezone.utc)
sent = datetime(2025, 1, 7, 10, tzinfo=timezone.utc)
time = int((sent - epoch).total_seconds()) * 10**9
with sqlite3.connect(sys.argv[1]) as database:
    database.executescript(f"""
        CREATE TABLE message (ROWID INTEGER PRIMARY KEY, guid TEXT, text TEXT, handle_id INTEGER,
            date INTEGER, date_read INTEGER, date_delivered INTEGER, is_from_me INTEGER);
        CREATE TABLE chat (ROWID INTEGER PRIMARY KEY, guid TEXT, chat_identifier TEXT);
        CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id TEXT, service TEXT);
        CREATE TABLE attachment (ROWID INTEGER PRIMARY KEY, guid TEXT, filename TEXT);
        CREATE TABLE chat_handle_join (chat_id INTEGER, handle_id INTEGER);
        CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER);
        CREATE TABLE message_attachment_join (message_id INTEGER, attachment_id INTEGER);
        INSERT INTO handle VALUES (1, 'mina@quay.example', 'iMessage');
        INSERT INTO chat VALUES (1, 'c1', 'mina@quay.example');
        INSERT INTO message VALUES (1, 'm1', 'this is the pier', 1, {time}, 0, 0, 0),
            (2, 'm2', 'lovely', 1, {time}, 0, 0, 1);
        INSERT INTO attachment VALUES (1, 'a1', 'a.jpg'), (2, 'a2', 'b.jpg');
        INSERT INTO chat_handle_join VALUES (1, 1);
        INSERT INTO chat_message_join VALUES (1, 1), (1, 2);
        INSERT INTO message_attachment_join VALUES (1, 1), (1, 2);
    """)
with redirect_stdout(StringIO()):
    rows = imessage.loader(sys.argv[1])
read = datetime.fromtimestamp(rows["date"].iloc[0] / 1000, timezone.utc)
print("sent:", sent, "\nread:", read)
print("rows:", rows["text"].tolist())
assert (sent - read).days == 32, read
assert rows["text"].tolist() == ["this is the pier", "this is the pier", "lovely"]
PY
