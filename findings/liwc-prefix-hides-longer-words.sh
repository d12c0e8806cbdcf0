#!/usr/bin/env bash
# liwc 0.5.0: a pattern with a star hides every longer entry of the same dictionary.
#
# Expected: the exact entry `hello` decides about "hello", and `hell*` about words that have no entry of their own.
# Seen: "hello" is counted as `hell*`. Its own entry is never reached, nor is the longer pattern `heartb*` below
# `hear*`.
# Output:
#   hello ['swear']
#   heartbroken ['senses']
#   hellish ['swear']
# Why: the search returns at the first star on its way through the letters, before it looks deeper.
# Who is hurt: people who count categories of words in messages. A greeting becomes swearing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'liwc==0.5.0'
printf '%%\n1\tswear\n2\tgreeting\n3\tsenses\n4\tsadness\n%%\nhell*\t1\nhello\t2\nhear*\t3\nheartb*\t4\n' >"$folder/words.dic"
"$folder/venv/bin/python" -W ignore - "$folder/words.dic" <<'PYTHON'
import sys

import liwc

parse, categories = liwc.load_token_parser(sys.argv[1])
seen = {word: list(parse(word)) for word in ("hello", "heartbroken", "hellish")}
for word, found in seen.items():
    print(word, found)
assert seen == {"hello": ["swear"], "heartbroken": ["senses"], "hellish": ["swear"]}, seen
PYTHON
