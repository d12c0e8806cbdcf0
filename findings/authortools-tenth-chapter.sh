#!/usr/bin/env bash
# authortools 0.0.2: a book of twelve chapters has nine; naming a chapter in a sentence deletes the rest of one.
#
# Expected: `chapters` splits a text at "Chapter 1", "Chapter 2" and so on, and the chapters have all words of it.
# Seen: of twelve chapters, nine are there. If the first chapter says "I explain it in chapter 2.", the second chapter
# is what stands between this and the title of the second chapter, and the true second chapter is missing.
# Why: the text is split at all places where "chapter 1" stands, and only the first two pieces are kept. "Chapter 10"
# begins with "Chapter 1", so all from there on is dropped.
# Who is hurt: whoever measures a book chapter by chapter: sums of words, and how an author changes towards the end.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'authortools==0.0.2'
"$folder/venv/bin/python" - <<'PYTHON'
import authortools

book = "\n".join(f"Chapter {number}\nTea and {number} cups." for number in range(1, 13))
pieces = [piece.strip() for piece in authortools.chapters(book)]
print(len(pieces), pieces[-1])
assert (len(pieces), pieces[-1]) == (9, "Tea and 9 cups.")

story = "Chapter 1\nI explain it in chapter 2. Tea first.\nChapter 2\nThe ferry was late."
pieces = [piece.strip() for piece in authortools.chapters(story)]
print(pieces)
assert pieces == ["I explain it in", ". Tea first."]
PYTHON
