#!/usr/bin/env bash
# jrnl 4.6: a line of a diary that begins with a date in brackets leaves its entry for another year.
#
# Expected: what is written with one `jrnl` command stays one entry.
# Seen: the entry of 9 January 2025 quotes a postcard in a line `[2024-05-01] wait for me`. The next
# command reads two entries: the quoted line is an entry of 1 May 2024, and the end of the first is gone.
# Why: entries stand one below the other in a text file, and every line that begins with a bracketed
# date begins an entry. Such a line is written as it is.
# Who is hurt: whoever exports a diary. Quoted dates, minutes of meetings and pasted chats
# ("[2024-05-01 10:00] Jiu: ...") become entries of their own, at times when nothing was written.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'jrnl==4.6'
cat >"$folder/settings.yaml" <<YAML
colors: {body: none, date: none, tags: none, title: none}
default_hour: 9
default_minute: 0
editor: ''
encrypt: false
highlight: false
indent_character: ''
journals: {default: $folder/diary.txt}
linewrap: 0
tagsymbols: '@'
template: false
timeformat: '%Y-%m-%d %H:%M'
version: v4.6
YAML
export HOME=$folder XDG_CONFIG_HOME=$folder XDG_DATA_HOME=$folder
jrnl=("$folder/venv/bin/jrnl" --config-file "$folder/settings.yaml")
printf '2025-01-09 11:30: Packing.\nHer postcard said:\n[2024-05-01] wait for me\nSo I go.' | "${jrnl[@]}" >/dev/null 2>&1
"${jrnl[@]}" --export json >"$folder/diary.json" 2>/dev/null
"$folder/venv/bin/python" - "$folder/diary.json" <<'PYTHON'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    entries = json.load(file)["entries"]
read = [(entry["date"], entry["title"], entry["body"]) for entry in entries]
for entry in read:
    print(entry)
assert read == [
    ("2024-05-01", "wait for me", "So I go."),
    ("2025-01-09", "Packing.", "Her postcard said:"),
], read
PYTHON
