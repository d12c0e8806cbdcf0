#!/usr/bin/env bash
# tidy-tweet 0.4.0: a collected post does not count as collected if somebody quoted it on an earlier page.
#
# Expected: `directly_collected` is 1 for each post that the search itself returned.
# Seen: a post that first came along because it was quoted, and then was found by the search, keeps 0,
# and the counts of likes of its first sight. The order of the pages decides.
# Output:
#   quoted first: directly_collected 0, likes 2
#   found first: directly_collected 1, likes 50
# Why: rows are written with "insert or ignore", so the first sight of a post wins in all columns.
# Who is hurt: researchers who take `directly_collected = 1` as their sample. The
# posts that others quote and answer, the loudest ones, are missing from it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'tidy-tweet==0.4.0' 'click==8.1.8' 2>/dev/null
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from tidy_tweet import initialise_sqlite, load_twarc_json_to_sqlite

folder = Path(sys.argv[1])


def post(number: str, author: str, likes: int, **more: object) -> dict[str, object]:
    counts = {"retweet_count": 0, "reply_count": 0, "like_count": likes, "quote_count": 0}
    return {
        "id": number, "text": "The ferry is late", "author_id": author, "conversation_id": number,
        "created_at": "2025-01-07T00:00:00.000Z", "lang": "en", "possibly_sensitive": False,
        "reply_settings": "everyone", "source": "web", "public_metrics": counts, **more,
    }  # fmt: skip


quoting = post("2", "12", 1, referenced_tweets=[{"type": "quoted", "id": "1"}])
pages = [
    {"data": [quoting], "includes": {"tweets": [post("1", "11", 2)]}, "meta": {}},
    {"data": [post("1", "11", 50)], "includes": {}, "meta": {}},
]
seen = []
for name, order in (("quoted first", pages), ("found first", pages[::-1])):
    database, lines = folder / f"{name}.db", folder / f"{name}.jsonl"
    lines.write_text("".join(json.dumps(page) + "\n" for page in order))
    initialise_sqlite(database)
    load_twarc_json_to_sqlite(lines, database)
    query = "SELECT directly_collected, like_count FROM tweet WHERE id = '1'"
    with closing(sqlite3.connect(database)) as connection:
        seen += connection.execute(query).fetchall()
    print(f"{name}: directly_collected {seen[-1][0]}, likes {seen[-1][1]}")
assert seen == [(0, 2), (1, 50)], seen
PYTHON
