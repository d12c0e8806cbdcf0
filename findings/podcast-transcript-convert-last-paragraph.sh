#!/usr/bin/env bash
# podcast-transcript-convert 0.1.2: of what a person says in several paragraphs, the last is left.
#
# Expected: a transcript in HTML has a name (`cite`), a time and paragraphs for each turn. Its JSON has all words.
# A caption of WebVTT may have two voices. Simple transcripts of Podlove have a speaker for each speech.
# Seen: of Mina's two paragraphs, the first is missing. What Jiu says in the same caption is said by Mina.
# From Podlove, nobody's name is there.
# Why: each paragraph replaces the one before. The first voice of a caption stands for all. Only the element
# `item` of a speech is read.
# Who is hurt: whoever searches an episode or compares how people talk. Who talks long loses the most.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'podcast-transcript-convert==0.1.2' \
  'beautifulsoup4==4.15.0' 'soupsieve==4.1.3' 'typing-extensions==4.16.0' 'loguru==0.7.3' 'lxml==6.1.3' 'webvtt-py==0.6.0'
mkdir "$folder/episode"
cat >"$folder/episode/ferry.html" <<'HTML'
<cite>Mina:</cite>
<time>0:01</time>
<p>The ferry is late.</p>
<p>So I brought tea.</p>
<cite>Jiu:</cite>
<time>0:12</time>
<p>Good.</p>
HTML
cat >"$folder/episode/pier.vtt" <<'VTT'
WEBVTT

00:00:01.000 --> 00:00:04.000
<v Mina>Is it cold?</v>
<v Jiu>Not yet.</v>
VTT
cat >"$folder/episode/gull.xml" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<pt:transcripts xmlns:pt="http://podlove.org/simple-transcripts">
  <pt:speech start="00:00:01.000" end="00:00:02.000">
    <pt:speaker>Jiu</pt:speaker>
    <pt:item start="00:00:01.000" end="00:00:02.000">Gulls are loud.</pt:item>
  </pt:speech>
</pt:transcripts>
XML
"$folder/venv/bin/transcript2json" "$folder/episode" "$folder/json" 2>/dev/null
"$folder/venv/bin/python" - "$folder/json/episode" <<'PYTHON'
import json
import sys
from pathlib import Path

said = {
    path.stem: [(part.get("speaker"), part["body"]) for part in json.loads(path.read_text())["segments"]]
    for path in sorted(Path(sys.argv[1]).iterdir())
}
print(*said.items(), sep="\n")
assert said["ferry"] == [("Mina", "So I brought tea."), ("Jiu", "Good.")]
assert said["pier"] == [("Mina", "Is it cold? Not yet.")]
assert said["gull"] == [(None, "Gulls are loud.")]
PYTHON
