#!/usr/bin/env bash
# signal-export 3.9.3: a "yes" that a person says twice within a minute is kept once.
#
# Expected: `--old` merges an older export with a new one. Messages that both have are there once, and each message that
# was written is there.
# Seen: an older export has "yes" at 10:01:02 and at 10:01:40, as answers to two questions. After the merge with a new
# one that knows neither, the first "yes" is missing.
# Output:
#   10:01:00 Mina Is the ferry late?
#   10:01:20 Mina Will you wait?
#   10:01:40 Jiu yes
#   09:00:00 Mina Good morning
# Why: messages are the same if minute, sender and words are the same, although the seconds are there. That is asked of
# both exports put together, so it also removes what only one has.
# Who is hurt: people who keep a history with it. Short answers and laughter are what people repeat within a minute, and
# the merged export replaces the older one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'signal-export==3.9.3' 'beautifulsoup4==4.15.0' 'emoji==2.16.0' 'filetype==1.2.0' 'markdown==3.11.3' \
  'pycryptodome==3.23.0' 'sqlcipher3-wheels==0.5.7' 'typer==0.29.2'
"$folder/venv/bin/python" -W ignore - "$folder/chat.md" <<'PYTHON'
import sys
from datetime import datetime
from pathlib import Path

from sigexport.merge import merge_chat
from sigexport.models import Message

old = Path(sys.argv[1])
old.write_text(
    "[2025-01-07 10:01:00] Mina: Is the ferry late?  \n"
    "[2025-01-07 10:01:02] Jiu: yes  \n"
    "[2025-01-07 10:01:20] Mina: Will you wait?  \n"
    "[2025-01-07 10:01:40] Jiu: yes  \n"
)
new = [Message(datetime(2025, 1, 8, 9, 0), "Mina", "Good morning  ", "", None, [], [])]
merged = [(f"{each.date:%H:%M:%S}", each.sender, each.body.strip()) for each in merge_chat(new, old)]
for each in merged:
    print(*each)
assert [text for _, _, text in merged].count("yes") == 1
assert len(merged) == 4, merged
PYTHON
