#!/usr/bin/env bash
# chamd 0.5.13: words that a child left out are said, and "awww" is "a".
#
# Expected: in CHAT, the format of CHILDES, `0is` marks a word that was left out, `www` a stretch that is not
# written down, and `_` joins the parts of a name. The plain text has what was said.
# Seen: "he 0is at 0the pier" is "he is at the pier". "awww" is "a", and "New_York" is "NewYork".
# Why: the nought is removed, and the word after it stays. The letters "www" are removed inside of words, too.
# Underscores are removed, where a blank belongs.
# Who is hurt: whoever studies how children learn to speak. Left-out words are what a young child's language is
# known by, and in the plain text no child leaves one out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'chamd==0.5.13' 'lxml==6.1.3'
printf '%s\n' '@UTF8' '@Begin' $'@Languages:\teng' $'@Participants:\tCHI Mina Target_Child, MOT Jiu Mother' \
  $'@ID:\teng|harbour|CHI|2;06.01|female|||Target_Child|||' $'@ID:\teng|harbour|MOT|||||Mother|||' \
  $'*MOT:\tawww www .' $'*CHI:\the 0is at 0the pier .' $'*MOT:\tis it in New_York ?' '@End' >"$folder/pier.cha"
"$folder/venv/bin/python" - "$folder/pier.cha" <<'PYTHON'
import sys

from chamd import ChatReader

said = [line.text for line in ChatReader().read_file(sys.argv[1]).lines]
print(said)
assert said == ["a .", "he is at the pier .", "is it in NewYork ?"]
PYTHON
