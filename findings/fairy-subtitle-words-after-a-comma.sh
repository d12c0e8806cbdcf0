#!/usr/bin/env bash
# fairy-subtitle 1.1.0: what a person says after a comma is missing, and half a second is a twentieth.
#
# Expected: a line of ASS has the text last, and the text may have commas. "0:00:01.50" is a second and a half.
# A comment is not shown. In WebVTT, the answer "2025" is a text like any other.
# Seen: of "Yes, the ferry is late, again" only "Yes" is left. The time is 1.05 seconds. The editor's
# comment is a line of its own. The caption "2025" is missing.
# Why: the line is split at all commas. The hundredths of ASS are read as thousandths. Comments and dialogue
# go into one list. A line of digits is taken for the number of a caption wherever it stands.
# Who is hurt: whoever searches or counts the words of a conversation. It has words that nobody said, and
# lacks most of what was said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'fairy-subtitle==1.1.0'
cat >"$folder/ferry.ass" <<'ASS'
[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.50,0:00:03.00,Default,Mina,0,0,0,,Yes, the ferry is late, again
Comment: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,check the name of the pier
ASS
cat >"$folder/year.vtt" <<'VTT'
WEBVTT

00:01.000 --> 00:02.000
When did you come here?

00:03.000 --> 00:04.000
2025
VTT
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

from fairy_subtitle import SubtitleLoader

lines, captions = (
    [(cue.start, cue.text) for cue in SubtitleLoader.load(f"{sys.argv[1]}/{name}").cues]
    for name in ("ferry.ass", "year.vtt")
)
print(lines, captions, sep="\n")
assert lines == [(1.05, "Yes"), (4.0, "check the name of the pier")]
assert captions == [(1.0, "When did you come here?")]
PYTHON
