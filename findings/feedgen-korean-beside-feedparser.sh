#!/usr/bin/env bash
# feedgen 1.0.0, read by feedparser 6.0.14: posts in Korean are empty, and mixed ones are right.
#
# Expected: feedgen offers CDATA as a type of a post's content, "not escaped". What one of the two best-known packages
# for feeds writes, the other reads.
# Seen: in Atom, 안녕하세요 and a Japanese or Russian post are empty. "I like 차" and "café" are right, as are posts in
# English, and all posts in RSS. With type="html", all are right.
# Output:
#   안녕하세요 -> ''
#   오늘은 차를 마셨어요. -> ''
#   おはよう。 -> ''
#   Привет, как дела? -> ''
#   I like 차 -> 'I like 차'
#   café -> 'café'
#   tea and cake -> 'tea and cake'
# Why: feedgen writes type="CDATA" into the feed. In Atom, content of an unknown type is in base64. feedparser decodes
# it, passing over whatever is no sign of base64, and keeps the words only if that fails. Of a text without Latin
# letters and digits, nothing is left, and that is no failure.
# Who is hurt: people who have feeds in Korean, Japanese, Russian or Arabic. A test in English sees nothing, and people
# who look at the feed itself see all words.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'feedgen==1.0.0' 'feedparser==6.0.14' 'lxml==6.1.3'
"$folder/venv/bin/python" - <<'PYTHON'
import feedparser
from feedgen.feed import FeedGenerator

said = ["안녕하세요", "오늘은 차를 마셨어요.", "おはよう。", "Привет, как дела?", "I like 차", "café", "tea and cake"]


def feed(kind):
    made = FeedGenerator()
    made.id("https://example.org/")
    made.title("Tea")
    made.description("Tea and cake")
    made.link(href="https://example.org/")
    for number, words in enumerate(said):
        entry = made.add_entry(order="append")
        entry.id(f"https://example.org/{number}")
        entry.title(str(number))
        entry.content(words, type=kind)
    return made


atom = feed("CDATA").atom_str()
seen = [entry.content[0].value for entry in feedparser.parse(atom).entries]
for words, kept in zip(said, seen):
    print(f"{words} -> {kept!r}")
assert seen == ["", "", "", "", *said[4:]]
assert all(words in atom.decode() for words in said)
assert [entry.summary for entry in feedparser.parse(feed("CDATA").rss_str()).entries] == said
assert [entry.content[0].value for entry in feedparser.parse(feed("html").atom_str()).entries] == said
PYTHON
