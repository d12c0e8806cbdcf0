#!/usr/bin/env bash
# whatsapp-analyzer 0.1.0: colons vanish from messages, a quoted date ends them, and notes become people.
#
# Expected: "Jiu: note: buy tea" is the message "note: buy tea" by Jiu.
# Seen: it is " note buy tea". A message that quotes a line of the chat ends before the quoted date, and
# the rest is gone. "Minho changed the group name to “Tea: walks”" is a person of that name.
# Why: the text is split at every "NAME: " and put together without the colons, and at every date and
# time, also in the middle of a line.
# Who is hurt: whoever counts messages and words of each person, or reads how somebody writes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'whatsapp-analyzer==0.1.0' 'numpy==2.4.6' 'pandas==3.1.1' 'python-dateutil==2.9.0.post0' 'six==1.17.0'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from whatsapp_analyzer.preprocessor import preprocess

chat = (
    "1/7/25, 10:00 - Jiu: note: buy tea\n"
    "1/7/25, 10:01 - Minho: you wrote 1/6/25, 09:00 - we meet at ten\n"
    "1/7/25, 10:02 - Minho changed the group name to “Tea: walks”\n"
)
table = preprocess(chat)
read = list(zip(table["user"], table["message"], strict=True))
for user, message in read:
    print(repr(user), repr(message))
assert read == [
    ("Jiu", " note buy tea\n"),
    ("Minho", "you wrote "),
    ("Minho changed the group name to “Tea", "walks”\n"),
], read
PYTHON
