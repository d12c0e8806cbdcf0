#!/usr/bin/env bash
# SubLyric 1.0: the second line of a caption is missing, hours are missing, and what it wrote itself it cannot read.
#
# Expected: SRT becomes LRC "and vice versa", with times "off by 0.001 to 0.005 seconds".
# Seen: of "I said no," and "and no again.", the second line is missing. A caption at one hour and three seconds is at
# three seconds, before one at two minutes. One at 5.999 seconds is at 5.0, a second early. Back in SRT, the captions
# at 1.5 and 5.999 seconds are missing: their times have one digit after the point, and two are asked for.
# Why: one line is read of each caption, the hours are skipped, and a rounded part of a second is cut from its third
# letter on, so that 0.5 becomes "5" and 1.0 becomes "0".
# Who is hurt: whoever keeps a talk as lyrics. Half of what is said in two lines is gone, and one time in ten is lost.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'SubLyric==1.0'
cd "$folder"
cat >talk.srt <<'SRT'
1
00:00:01,500 --> 00:00:03,000
I said no,
and no again.

2
00:00:05,999 --> 00:00:08,000
Who was it?

3
00:02:00,250 --> 00:02:02,000
Nobody.

4
01:00:03,120 --> 01:00:05,000
Good night.
SRT
"$folder/venv/bin/python" - <<'PYTHON'
from pathlib import Path

from SubLyric import Converter

assert Converter.srt_to_lrc("talk.srt", "talk.lrc") and Converter.lrc_to_srt("talk.lrc", "again.srt")
lyrics, again = Path("talk.lrc").read_text(), Path("again.srt").read_text()
print(lyrics, again, sep="\n\n")
assert lyrics.splitlines() == [
    "[00:01.5]I said no,", "[00:05.0]Who was it?", "[02:00.25]Nobody.", "[00:03.12]Good night."
]
assert [line for line in again.splitlines() if line[:1].isalpha()] == ["Nobody.", "Good night."]
PYTHON
