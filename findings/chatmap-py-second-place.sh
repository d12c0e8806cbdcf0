#!/usr/bin/env bash
# chatmap-py 0.0.9: of two places that a person shares, the second has no words, no name and no time.
#
# Expected: each place of a chat is paired with the nearest message of the same person, and becomes a point of a map.
# Seen: Mina shares a place and writes "The bridge is closed.", shares another and writes "The road is open.". The first
# point has her first words. The second has nothing: {}. If the ids of the messages are 0, 1, 2 and 3, it has her second
# words. And a place at a whole degree, 37.0 north, is missing.
# Why: which messages are taken is kept by their ids, but asked by their places in the list. So the first message is
# offered twice, and the second time it is refused. Whole degrees are held for no coordinates.
# Who is hurt: whoever maps what people report, as after a flood. A closed bridge is on the map and nobody says so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'chatmap-py==0.0.9'
"$folder/venv/bin/python" - <<'PYTHON'
from chatmap_py.parser import streamParser

turns = [("", "37.51,127.01"), ("The bridge is closed.", ""), ("", "37.60,127.50"), ("The road is open.", "")]


def points(turns, first):
    messages = [
        {"id": first + turn, "date": f"2025-01-07T10:0{turn}:00+0000", "from": "Mina", "chat": "flood", "file": "",
         "text": text, "location": place}
        for turn, (text, place) in enumerate(turns)
    ]
    return [(point["geometry"]["coordinates"], point["properties"]) for point in streamParser(messages)["features"]]


for first in (0, 1):
    print(f"ids from {first}:", *points(turns, first), sep="\n  ")
assert [words.get("message") for _, words in points(turns, 0)] == ["The bridge is closed.", "The road is open."]
(_, one), two = points(turns, 1)
assert (one["message"], one["username"]) == ("The bridge is closed.", "Mina")
assert two == ([127.5, 37.6], {})
assert points([("", "37.0,127.5"), ("The ferry is late.", "")], 1) == []
PYTHON
