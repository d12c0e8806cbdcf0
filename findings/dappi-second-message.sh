#!/usr/bin/env bash
# dappi 1.0.8: of several messages in a row, only the first is there.
#
# Expected: a page of DiscordChatExporter becomes a CSV with a row for each message.
# Seen: Mina writes three messages, Jiu one, Mina one. The CSV has three rows. "Bring cups." and "And a blanket."
# are missing, and "The ferry is late." is there.
# Why: the page puts messages in a row of one person into a group, under one name. From each group, the program
# takes the first text that it meets.
# Who is hurt: whoever counts words or messages. People who write in many short messages lose the most, and
# everybody seems to write as many messages in a row as everybody else: one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'dappi==1.0.8' 'beautifulsoup4==4.15.0' 'soupsieve==4.1.3' 'typing-extensions==4.16.0'
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import csv
import sys
from pathlib import Path

from dappi.parser import Parser


def group(number, name, time, *texts):
    messages = "".join(
        '<div class="chatlog__message"><div class="chatlog__content">'
        f'<span class="markdown">{text}</span></div></div>'
        for text in texts
    )
    return (
        '<div class="chatlog__message-group"><div class="chatlog__messages">'
        f'<span class="chatlog__author-name" title="{name}#0001" data-user-id="{number}">{name}</span>'
        f'<span class="chatlog__timestamp">{time}</span>{messages}</div></div>'
    )


folder = Path(sys.argv[1])
page = folder / "harbour.html"
page.write_text(
    "<html><body>"
    + group(1, "Mina", "07-Jan-25 10:01 AM", "The ferry is late.", "Bring cups.", "And a blanket.")
    + group(2, "Jiu", "07-Jan-25 10:05 AM", "Will you wait?")
    + group(1, "Mina", "07-Jan-25 10:06 AM", "Yes.")
    + "</body></html>"
)
Parser(str(page), str(folder / "harbour.csv"), False).parse_all_messages_into_single_file()
with open(folder / "harbour.csv", newline="") as file:
    rows = [(row["title"], row["message"]) for row in csv.DictReader(file)]
print(*rows, sep="\n")
assert rows == [("Mina#0001", "The ferry is late."), ("Jiu#0001", "Will you wait?"), ("Mina#0001", "Yes.")]
PYTHON
