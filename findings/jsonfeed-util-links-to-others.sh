#!/usr/bin/env bash
# jsonfeed-util 1.2.0: a post about another page links to itself or to nothing, and sizes of files become lists.
#
# Expected: in JSON Feed, `url` is the address of a post, and `external_url` that of the page elsewhere that it is
# about. A feed that is read and written again is the same feed.
# Seen: Mina's post about "https://harbour.example/ferry" has its own address as external address. Jiu's post, which
# has only an external address, has null. The size of a sound, 120, is [120].
# Why: when it is written, `external_url` gets the value of `url`. A comma after the size makes a tuple.
# Who is hurt: whoever collects or passes on link blogs. What a post is about is lost, and the loss is written into the
# next feed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'jsonfeed-util==1.2.0'
"$folder/venv/bin/python" - <<'PYTHON'
import json

from jsonfeed import Feed

sound = {"url": "https://mina.example/1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 120}
mina = {"id": "1", "url": "https://mina.example/1", "external_url": "https://harbour.example/ferry"}
jiu = {"id": "2", "external_url": "https://harbour.example/tea", "content_text": "Read this"}
feed = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Links",
    "items": [{**mina, "content_text": "It is late", "attachments": [sound]}, jiu],
}
first, second = json.loads(Feed.parse(feed).to_json())["items"]
print(first["external_url"], second["external_url"], first["attachments"][0]["size_in_bytes"])
assert first["external_url"] == "https://mina.example/1"
assert second["external_url"] is None
assert first["attachments"][0]["size_in_bytes"] == [120]
PYTHON
