#!/usr/bin/env bash
# feedendum 0.4.0: removing duplicates by address deletes posts without an address, and keeps the other one than it says.
#
# Expected: `unique_items_by_url` removes items with the same URL. In RSS 2.0, `link` is optional, and short posts often have only a
# `guid` and words: three such posts are three.
# "If two items have the same url, the latter will survive", says its documentation.
# Seen: of three posts without `link`, each with a guid and words of its own, the first is left. Of a post and its correction with one
# URL, the correction, which is the latter, is deleted.
# Why: the items become a dictionary by `item.url`, in which posts without an address share the key None. It is filled from
# the end, so the item that comes first overwrites the others.
# Who is hurt: whoever joins feeds, which is what the function is for. Of a microblog, one post is left.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'feedendum==0.4.0' 'lxml==6.0.2'
"$folder/venv/bin/python" - <<'PY'
from feedendum import from_rss_text

def left(*items):
    feed = from_rss_text(
        '<rss version="2.0"><channel><title>Pier</title><link>https://quay.example/</link>'
        f"<description>short posts</description>{''.join(items)}</channel></rss>"
    )
    assert len(feed.items) == len(items)
    feed.unique_items_by_url()
    return [item.content for item in feed.items]


def item(number, words, link=""):
    guid = f'<guid isPermaLink="false">post-{number}</guid>'
    return f"<item>{guid}{link}<description>{words}</description></item>"


link = "<link>https://quay.example/ferry</link>"
without = left(item(1, "the ferry is late"), item(2, "I bring tea"), item(3, "who has the rope"))
corrected = left(item(4, "the ferry leaves at nine", link), item(5, "sorry, at ten", link))
print("of three posts without an address:", without)
print("of a post and its correction:     ", corrected)
assert without == ["the ferry is late"], without
assert corrected == ["the ferry leaves at nine"], corrected
PY
