#!/usr/bin/env bash
# feedparser 6.0.14: the second author of a post gets the mail address and the page of the first.
#
# Expected: an Atom entry with two authors has two people, each with what the feed says of them (RFC 4287, 4.2.1).
# Seen: Jiu has a mail address and a page, Ann has neither. In `authors`, Ann has Jiu's mail address. The post's
# `author` is "Ann (jiu@example.org)", and its `author_detail` is Ann's name with Jiu's address and Jiu's page.
# Where Ann stands first, or where each has an own address, nobody gets what is another's.
# Why: name and address are also kept for the post as a whole. Each new author is completed from there, and what the
# author before left is still there.
# Who is hurt: whoever writes to authors or joins people by their addresses. Two people are one, in a feed without
# any error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'feedparser==6.0.14'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import feedparser

FEED = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:notes</id><title>Notes</title>'
    "<updated>2025-05-01T10:00:00Z</updated><entry><id>urn:1</id><title>Gulls</title>"
    "<updated>2025-05-01T10:00:00Z</updated>{}</entry></feed>"
)
JIU = "<author><name>Jiu</name><email>jiu@example.org</email><uri>https://example.org/jiu</uri></author>"
ANN = "<author><name>Ann</name></author>"


def post(*authors):
    parsed = feedparser.parse(FEED.format("".join(authors)))
    assert not parsed.bozo
    return parsed.entries[0]


later, first = post(JIU, ANN), post(ANN, JIU)
for entry in (later, first):
    print(entry.author, [dict(author) for author in entry.authors])
jiu = {"name": "Jiu", "email": "jiu@example.org", "href": "https://example.org/jiu"}
assert later.authors == [jiu, {"name": "Ann", "email": "jiu@example.org"}], later.authors
assert later.author == "Ann (jiu@example.org)"
assert later.author_detail == jiu | {"name": "Ann"}
assert first.authors == [{"name": "Ann"}, jiu], first.authors
PYTHON
