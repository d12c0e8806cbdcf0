#!/usr/bin/env bash
# ndjson 0.3.1: a line break within a post becomes a comma, and the file is read as if nothing had happened.
#
# Expected: a file has one JSON value on each line, and lines end with \n. What `dumps` writes, `loads` reads.
# Seen: U+2028, the line separator that editors and phones put into texts, and U+0085 are allowed within a JSON text.
# A post "tea<U+2028>cake" is read back as "tea,cake", and "no<U+0085>never" as "no,never". No error is raised.
# `reader` of the same package, with the same words, gives the post as it was.
# Why: the file is cut with `splitlines`, which knows eleven kinds of line ends, and joined with commas into one list.
# Who is hurt: whoever keeps posts in such files. Words change when they are read, and their hashes with them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'ndjson==0.3.1'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import io
import json

import ndjson

posts = [{"id": 1, "text": "tea\u2028cake"}, {"id": 2, "text": "no\u0085never"}, {"id": 3, "text": "gulls"}]
written = ndjson.dumps(posts, ensure_ascii=False)
assert [json.loads(line) for line in written.split("\n")] == posts
back = ndjson.loads(written)
print([post["text"] for post in posts], "->", [post["text"] for post in back])
assert [post["text"] for post in back] == ["tea,cake", "no,never", "gulls"]
assert ndjson.load(io.StringIO(written)) == back
assert list(ndjson.reader(io.StringIO(written))) == posts
PYTHON
