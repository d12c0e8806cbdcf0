#!/usr/bin/env bash
# masto2pelican 0.0.3: direct messages and posts for followers become pages of a public website.
#
# Expected: a Mastodon archive says for whom each post is: `to` and `cc` have the public collection, the followers, or
# only the people of a direct message. A public website gets what was public.
# Seen: of a public post, a post for followers and a direct message to one person, all three become articles. Nothing in
# them, and nothing that the program prints, tells them apart.
# Why: each activity `Create` with a note that answers nobody is written. `to` and `cc` are never read.
# Who is hurt: whoever builds a site from an archive. A conversation's first direct message is online, with the name of
# the person whom it mentions.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'masto2pelican==0.0.3'
cat >"$folder/archive.py" <<'PY'
import json
import sys
from zipfile import ZipFile

me, public = "https://quay.example/users/mina", "https://www.w3.org/ns/activitystreams#Public"


def created(number, to, cc, words):
    at, address = f"2025-01-07T10:0{number}:00Z", f"{me}/statuses/{number}"
    note = {"id": address, "type": "Note", "inReplyTo": None, "published": at, "attributedTo": me}
    note |= {"to": to, "cc": cc, "content": f"<p>{words}</p>", "attachment": [], "tag": []}
    activity = {"id": f"{address}/activity", "type": "Create", "actor": me, "published": at}
    return activity | {"to": to, "cc": cc, "object": note}


items = [
    created(1, [public], [f"{me}/followers"], "for everybody"),
    created(2, [f"{me}/followers"], [], "for my followers"),
    created(3, ["https://quay.example/users/jun"], [], "@jun for you alone"),
]
outbox = {"id": "outbox.json", "type": "OrderedCollection", "totalItems": 3, "orderedItems": items}
with ZipFile(sys.argv[1], "w") as archive:
    archive.writestr("actor.json", json.dumps({"id": me, "type": "Person"}))
    archive.writestr("outbox.json", json.dumps(outbox))
PY
"$folder/venv/bin/python" "$folder/archive.py" "$folder/archive.zip"
"$folder/venv/bin/masto2pelican" "$folder/archive.zip" --dest "$folder/content"
pages=$(grep -ohE "for (everybody|my followers|you alone)" "$folder"/content/*.html | sort | paste -sd, -)
echo "articles: $pages"
[ "$pages" = "for everybody,for my followers,for you alone" ]
