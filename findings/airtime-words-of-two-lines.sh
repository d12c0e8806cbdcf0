#!/usr/bin/env bash
# airtime 1.0.2: in transcripts of Teams, whoever says more than a line at once says nothing.
#
# Expected: the package counts the words of each person, to show who takes up a meeting. In the files that Teams writes,
# a caption with a long sentence has several lines: `<v Mina>` at its beginning, and `</v>` at the end of the last.
# Seen: Mina says nine words in two lines, and Jun one word. Jun has 100.0% of the meeting, and Mina is not there.
# Why: a caption counts only if it begins and ends in one line.
# Who is hurt: whoever uses it for what it is made for. People who talk long disappear, and those who say "yes" seem to
# dominate. A short trial is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'airtime==1.0.2'
cd "$folder"
cat >meeting.vtt <<'VTT'
WEBVTT

00:00:01.000 --> 00:00:04.000
<v Mina>the ferry leaves at nine
and is back at ten</v>

00:00:05.000 --> 00:00:06.000
<v Jun>yes</v>
VTT
"$folder/venv/bin/python" -c 'import airtime; airtime.analyze_teams_transcript("meeting.vtt")' | tee seen.txt
grep --quiet --fixed-strings 'Jun: 1 words (100.0% of meeting)' seen.txt
if grep --quiet 'Mina' seen.txt; then exit 1; fi
