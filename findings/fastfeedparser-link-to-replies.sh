#!/usr/bin/env bash
# fastfeedparser 0.6.5: the link of a post leads to its replies, to itself as a feed or to somebody else's page.
#
# Expected: `link` is the address of the post. In Atom, that is the link with rel="alternate" or without a rel, which
# mean the same (RFC 4287, 4.2.7.2). "Similar to feedparser", which gives the post.
# Seen: if the post's own link has no rel and stands behind another, the other is `link`: the replies, the entry as a
# feed, or the page that the post is about (rel="via"). With rel="alternate" or in another order, it is the post.
# Of two authors, `authors` has the first alone.
# Why: without rel="alternate", the first link is taken, whatever its rel. Of authors, the first is read.
# Who is hurt: whoever lists or quotes posts of a feed. A click on a post opens its comments, or another site.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'fastfeedparser==0.6.5' 'feedparser==6.0.12'
"$folder/venv/bin/python" - <<'PYTHON'
import fastfeedparser
import feedparser

feed = (
    '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Quay</title><id>urn:q</id>'
    "<updated>2025-01-07T10:00:00Z</updated><entry><title>The pier</title><id>urn:1</id>"
    "<updated>2025-01-07T10:00:00Z</updated><author><name>Mina</name></author><author><name>Jun</name></author>"
    "{links}<content>It stays.</content></entry></feed>"
)
post = '<link{rel} href="https://quay.example/pier"/>'
for rel in ("replies", "self", "via"):
    other = f'<link rel="{rel}" href="https://quay.example/{rel}"/>'
    plain, named = post.format(rel=""), post.format(rel=' rel="alternate"')
    first, second, last = (feed.format(links=links) for links in (plain + other, other + named, other + plain))
    entries = [fastfeedparser.parse(each).entries[0] for each in (first, second, last)]
    print(rel, [entry["link"] for entry in entries], entries[0]["authors"])
    assert [entry["link"] for entry in entries] == ["https://quay.example/pier"] * 2 + [f"https://quay.example/{rel}"]
    assert [author["name"] for author in entries[0]["authors"]] == ["Mina"]
    assert feedparser.parse(last).entries[0].link == "https://quay.example/pier"
PYTHON
