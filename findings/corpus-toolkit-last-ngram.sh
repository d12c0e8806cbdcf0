#!/usr/bin/env bash
# corpus-toolkit 0.32: the last n-gram of each text is missing, so short messages have none.
#
# Expected: a text of n words has n - 1 pairs of neighbouring words.
# Seen: it has n - 2. The greeting "good morning" has no pair at all, and "see you soon" has one.
# Why: the loop stops when the place plus the length passes the last index, one step too early.
# Who is hurt: whoever counts pairs of words in chats, where most messages have two to five words.
# A phrase that people write alone, or at the end, is counted too rarely, without a message.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'setuptools==80.9.0'
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'corpus-toolkit==0.32'
"$folder/venv/bin/python" -W ignore - <<'PYTHON' | tail -n 3
from corpus_toolkit import corpus_tools

messages = ["good morning", "see you soon", "the ferry is late"]
pairs = list(corpus_tools.tokenize(messages, lemma=False, ngram=2))
for message, found in zip(messages, pairs, strict=True):
    print(f"{message!r}: {found}")
assert pairs == [[], ["see__you"], ["the__ferry", "ferry__is"]], pairs
PYTHON
