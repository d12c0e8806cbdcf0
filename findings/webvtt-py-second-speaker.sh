#!/usr/bin/env bash
# webvtt-py 0.6.0: if two people speak in one caption, the first says all; "I <3 tea" is "I".
#
# Expected: in WebVTT, `<v Mina>` says who speaks up to `</v>`, and `&lt;` stands for "<". In SRT, "<3" is a plain sign.
# Seen: a caption in which Jun asks and Mina answers has the voice Jun and the words of both. "5 &lt; 7" is not made
# "5 < 7", and is written so into SRT, where players show it as it stands. From SRT, "I <3 tea & use <b>" is "I". It is
# written into WebVTT without being escaped, so other programs lose it too.
# Why: the first voice of a caption is its voice. All between "<" and ">" is taken for a tag, whatever it is, and signs
# of WebVTT are neither read nor written.
# Who is hurt: whoever counts who said what in transcripts of meetings, which put short answers into one caption, and
# whoever turns chats kept as subtitles from one format into the other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'webvtt-py==0.6.0'
cd "$folder"
cat >call.vtt <<'VTT'
WEBVTT

00:01.000 --> 00:03.000
<v Jun>Is the tea ready?</v>
<v Mina>Yes, 5 &lt; 7 cups.</v>
VTT
cat >chat.srt <<'SRT'
1
00:00:01,000 --> 00:00:02,000
I <3 tea & use <b>
SRT
"$folder/venv/bin/python" - <<'PYTHON'
import io

import webvtt

(caption,) = webvtt.read("call.vtt")
print(f"{caption.voice}: {caption.text!r}")
assert (caption.voice, caption.text) == ("Jun", "Is the tea ready?\nYes, 5 &lt; 7 cups.")
written = io.StringIO()
webvtt.read("call.vtt").write(written, format="srt")
print("written to SRT:", repr(written.getvalue()))
assert "Yes, 5 &lt; 7 cups." in written.getvalue()

chat = webvtt.from_srt("chat.srt")
print("from SRT:", repr(chat[0].text), "and written to WebVTT:", repr(chat.content))
assert chat[0].text.strip() == "I"
assert "I <3 tea & use <b>" in chat.content
PYTHON
