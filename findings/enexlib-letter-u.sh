#!/usr/bin/env bash
# enexlib 0.1.3: each letter u and the four letters after it vanish from the texts of Evernote's notes.
#
# Expected: with `text_only`, "special characters will be removed" from notes. Ordinary words stay.
# Seen: "Mina bought sugar and you paid" is "Mina bosand yod", and a title stays in XML: "Tea &amp; cake". Without
# `text_only`, letters stay, but what is between a "less than" and a "greater than" vanishes: "5 < 7 and 9 > 8"
# is "5 8", and "<b> is bold" is "is bold".
# Why: signs like \u00e9 are to be removed by the pattern u.{,4}, which has no backslash. The signs of XML are made
# letters before tags are removed, so that the words between them look like a tag.
# Who is hurt: whoever moves notes out of Evernote to count or search their words.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'enexlib==0.1.3' 'beautifulsoup4==4.15.0' 'lxml==6.1.3'
cd "$folder"
cat >notes.enex <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<en-export>
<note><title>Tea &amp; cake</title><content><![CDATA[<en-note><div>Mina bought sugar and you paid</div></en-note>]]></content></note>
<note><title>Signs</title><content><![CDATA[<en-note><div>5 &lt; 7 and 9 &gt; 8</div></en-note>]]></content></note>
<note><title>Tags</title><content><![CDATA[<en-note><div>&lt;b&gt; is bold</div></en-note>]]></content></note>
</en-export>
XML
"$folder/venv/bin/python" - <<'PYTHON'
from enexlib import read_enex

words = read_enex("notes.enex", text_only=True)
notes = read_enex("notes.enex")
print("text only:", *words[0], sep="\n  ")
print("as it is:", *notes, sep="\n  ")
assert words[0] == ("Tea &amp; cake", "Mina bosand yod")
assert [text for _, text in notes] == ["Mina bought sugar and you paid", "5 8", "is bold"]
PYTHON
