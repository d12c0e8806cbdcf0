#!/usr/bin/env bash
# imessage-reader 0.6.1: words that were sent with a picture are replaced, and own words in groups are missing.
#
# Expected: each row of the table `message` is a message with its words.
# Seen: a message with words and a picture reads "<Message with no text, but an attachment.>". A message that the owner
# of the Mac wrote in a group is not there at all.
# Output:
#   ['The ferry at ten?', '<Message with no text, but an attachment.>']
# Why: the text is overwritten wherever `cache_has_attachments` is 1, without a look at the text. The tables are joined
# by `handle_id`, which names the other person; in a group, own messages have 0.
# Who is hurt: people who read the owner's words. A group looks as if the owner had said nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'imessage-reader==0.6.1'
"$folder/venv/bin/python" - "$folder/chat.db" <<'PYTHON'
import sqlite3
import sys

from imessage_reader.fetch_data import FetchData

database = sqlite3.connect(sys.argv[1])
database.executescript(
    "CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id TEXT, service TEXT);"
    "CREATE TABLE message (ROWID INTEGER PRIMARY KEY, text TEXT, attributedBody BLOB,"
    " handle_id INTEGER DEFAULT 0, date INTEGER, destination_caller_id TEXT,"
    " is_from_me INTEGER, cache_has_attachments INTEGER);"
    "INSERT INTO handle VALUES (1, 'minho@example.org', 'iMessage');"
)
sent = [
    ("The ferry at ten?", 1, 0, 0),
    ("The pier at dawn, look!", 1, 0, 1),
    ("I bring the tea", 0, 1, 0),
]
for place, (text, handle, own, attached) in enumerate(sent):
    database.execute(
        "INSERT INTO message (text, handle_id, date, destination_caller_id, is_from_me,"
        " cache_has_attachments) VALUES (?, ?, ?, 'jiu@example.org', ?, ?)",
        (text, handle, 757900862000000000 + place, own, attached),
    )
database.commit()
database.close()
texts = [row[1] for row in FetchData(sys.argv[1]).get_messages()]
print(texts)
assert texts == ["The ferry at ten?", "<Message with no text, but an attachment.>"], texts
PYTHON
