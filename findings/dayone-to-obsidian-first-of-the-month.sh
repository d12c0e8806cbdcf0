#!/usr/bin/env bash
# dayone-to-obsidian 0.6.1: mornings of the first are in the month before, and stars and backslashes vanish.
#
# Expected: an entry of Day One goes into the folder of its month, with its words, and with the tag "starred"
# if it has a star.
# Seen: an entry of 1 January 2025, 08:30 in Seoul, is in the folder 2024/2024-12, as "[2025-01-01] …". Its star is
# lost. An entry with two tags is starred twice. `C:\tea` is `C:tea`, and the formula `\(x^2\)` is `(x^2)`.
# Why: the folder is that of the day in UTC, and the name that of the day at the place. The star is added for
# each tag. Day One writes a backslash before signs of Markdown, and all backslashes are removed, also real ones.
# Who is hurt: whoever reads a diary by months or by stars. East of Greenwich, the first morning of each month is
# in the wrong one, and New Year's morning in the wrong year.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'dayone-to-obsidian==0.6.1' 'pydantic==2.14.4' 'click==8.5.1' 'python-dateutil==2.9.0.post0'
"$folder/venv/bin/python" - "$folder/Journal.json" <<'PYTHON'
import json
import sys


def entry(number, time, text, tags):
    flags = {"starred": True, "isPinned": False, "isAllDay": False, "tags": tags}
    times = {"creationDate": time, "modifiedDate": time, "timeZone": "Asia/Seoul"}
    return {"uuid": f"{number:032}", "text": text, **flags, **times}


year = entry(1, "2024-12-31T23:30:00Z", "Morning walk\n\nIt is in C:\\\\tea, and \\\\(x^2\\\\) is a formula\\.", [])
tea = entry(2, "2025-05-01T01:00:00Z", "Tea with Mina", ["tea", "harbour"])
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({"metadata": {"version": "1.0"}, "entries": [year, tea]}, file)
PYTHON
"$folder/venv/bin/dayone-to-obsidian" run --json "$folder/Journal.json" --target "$folder/notes" >/dev/null
cd "$folder/notes"
find . -name '*.md' | sort
grep -h -e ' formula' -e '^tags:' -r . | sort
[ -f './Journal/2024/2024-12/[2025-01-01] Morning walk.md' ]
[ "$(grep -c starred './Journal/2024/2024-12/[2025-01-01] Morning walk.md')" = 0 ]
grep -rqxF 'It is in C:tea, and (x^2) is a formula.' .
grep -rqxF 'tags: tea, starred, harbour, starred' .
