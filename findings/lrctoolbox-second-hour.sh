#!/usr/bin/env bash
# lrctoolbox 1.3.0: what is said after the first hour is written into the first, and a line about a lyricist is no line.
#
# Expected: a file of timed lines is read, changed and written. Nothing moves that was not moved.
# Seen: a talk has lines at 10 seconds, 59:59 and 61:30. Saved, the last is at 01:30 and stands second. Read again, it
# is said 60 minutes too early. "My lyricist is away." is in no line: it is data about the file ("[au:is away.]").
# Why: minutes are written as the minutes of a clock, which begin again after 59, and then sorted. A line with the word
# "lyricist" at any place is taken for the name of one.
# Who is hurt: whoever keeps talks, podcasts or concerts of more than an hour. `str` of the lyrics shows the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'lrctoolbox==1.3.0'
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from pathlib import Path

from lrctoolbox import SyncedLyrics

Path("talk.lrc").write_text(
    "[00:10.00]Good evening.\n[00:20.00]My lyricist is away.\n[59:59.00]A break.\n[61:30.00]Back again.\n"
)
talk = SyncedLyrics.load_from_file("talk.lrc")
assert [(line.timestamp, line.text) for line in talk] == [
    (10_000, "Good evening."), (3_599_000, "A break."), (3_690_000, "Back again.")
]
talk.save_to_file("saved.lrc")
saved = Path("saved.lrc").read_text()
print(saved)
assert saved.endswith("[00:10.00]Good evening.\n[01:30.00]Back again.\n[59:59.00]A break.")
assert "[au:is away.]" in saved and "My lyricist" not in saved
assert str(talk).splitlines()[-1] == "[01:30.00]Back again."
PYTHON
