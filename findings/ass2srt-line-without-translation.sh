#!/usr/bin/env bash
# ass2srt 0.0.5: a line that has no translation gets the translation of the line before.
#
# Expected: subtitles in two languages have both in one line, parted by `\N`. `--line 2` keeps the second.
# A line with one language only is empty then, or is left out.
# Seen: "The ferry is late." is there twice: under its own time, and under the time of the next line, which
# has no English and says something else.
# Why: the text of a line without a second part is not set anew, so it is still that of the line before.
# Who is hurt: whoever reads along, or counts who says what: a name that is called or a line of a song has
# words that nobody says there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'ass2srt==0.0.5'
cat >"$folder/ferry.ass" <<'ASS'
[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,배가 늦어요.\NThe ferry is late.
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,미나야!
Dialogue: 0,0:00:08.00,0:00:09.00,Default,,0,0,0,,차를 가져왔어요.\NI brought tea.
ASS
"$folder/venv/bin/ass2srt" --line 2 --suffix en "$folder/ferry.ass" >/dev/null
cat "$folder/ferry.en.srt"
[ "$(grep -c '^The ferry is late\.$' "$folder/ferry.en.srt")" = 2 ]
grep -A 1 '^0:00:05,000' "$folder/ferry.en.srt" | grep -qx 'The ferry is late\.'
