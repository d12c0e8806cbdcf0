#!/usr/bin/env bash
# pysubs2 1.8.1: words in braces and between < and > vanish from chats that are kept as subtitles.
#
# Expected: a SubRip file that is read and written again as SubRip has the same words. SubRip knows
# `<b>`, `<i>`, `<u>` and `<font>`.
# Seen: "I {heart} tea" is "I  tea", and "a < b but c > d" is "a  d".
# Why: each event is held in the form of Advanced SubStation, where braces hold commands, and nothing
# escapes braces of the source. Everything between < and > is taken for a tag and dropped.
# Who is hurt: whoever keeps the chat of a stream as subtitles beside the video. What people typed in
# braces, such as {sighs} and {heart}, is lost at the first conversion, without a message.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pysubs2==1.8.1'
printf '1\n00:00:01,000 --> 00:00:02,000\nJiu: I {heart} tea\n\n2\n00:00:03,000 --> 00:00:04,000\nMinho: a < b but c > d\n' >"$folder/chat.srt"
"$folder/venv/bin/pysubs2" --to srt --output-dir "$folder/out" "$folder/chat.srt"
cat "$folder/out/chat.srt"
grep -qx 'Jiu: I  tea' "$folder/out/chat.srt"
grep -qx 'Minho: a  d' "$folder/out/chat.srt"
