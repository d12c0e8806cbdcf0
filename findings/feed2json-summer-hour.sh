#!/usr/bin/env bash
# feed2json 2025.7.15: in summer, posts of a feed are an hour late, if the machine's country has summer time.
#
# Expected: 10:00 GMT in an RSS feed is 10:00 UTC in the JSON Feed, in winter and in summer, on every machine.
# Seen: in the zone of Berlin, a post of 15 July at 10:00 GMT is "2025-07-15T11:00:00Z". That of 15 January is
# right. In the zones of Seoul and UTC, both are right, so a test there sees nothing.
# Why: a time in UTC is read as a time of the machine's clock in winter, turned into the machine's clock of
# that day, and marked with a Z. The two errors cancel each other as long as the clock is not moved.
# Who is hurt: whoever joins feeds with other sources, or asks who was first. Half of the year is moved.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'feed2json==2025.7.15' 'feedparser==6.0.14' 'tzdata==2026.6'
cat >"$folder/read.py" <<'PYTHON'
from feed2json import feed2json

item = "<item><title>tea</title><guid>{}</guid><pubDate>{} 2025 10:00:00 GMT</pubDate></item>"
items = item.format(1, "Wed, 15 Jan") + item.format(2, "Tue, 15 Jul")
about = "<title>Harbour</title><link>https://example.org</link><description>notes</description>"
feed = feed2json(feed_string=f'<rss version="2.0"><channel>{about}{items}</channel></rss>')
print(*(item["date_published"] for item in feed["items"]))
PYTHON
expect() { # the zone, then what is seen
  seen=$(TZ=$1 "$folder/venv/bin/python" -W ignore "$folder/read.py")
  echo "$1: $seen"
  [ "$seen" = "$2" ]
}
expect UTC0 "2025-01-15T10:00:00Z 2025-07-15T10:00:00Z"
expect KST-9 "2025-01-15T10:00:00Z 2025-07-15T10:00:00Z"
expect CET-1CEST,M3.5.0,M10.5.0/3 "2025-01-15T10:00:00Z 2025-07-15T11:00:00Z"
