#!/usr/bin/env bash
# feedparser 6.0.14: posts of Korean blogs are dated to the month in which they are read, or to midnight.
#
# Expected: the package has readers for dates of the Korean hosts OnBlog and Nate, for days of a year and for ISO 8601
# without signs. What it cannot read has no `published_parsed`.
# Seen: "2004년 05월 28일  01:31:15" is the first day of the current month, in 2004. So is the ISO week "2025-W21-5",
# in 2025. Next month, both are a month later. Nate's "2004-05-25 오후 11:23:17" is midnight (14:23:17 UTC was meant).
# Day 143 of 2025, "2025-143", is 1 February 2026 and not 23 May. Of "20250523T091500Z", the time is missing.
# Why: readers are asked one after the other, those of W3C and ISO first, which take the beginning of a text for the
# whole. For a month that they do not find, they take today's. So the Korean readers are never asked.
# Who is hurt: whoever orders posts by their time. Each has a date that could be true, and some change later.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'feedparser==6.0.14'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import time

import feedparser
from feedparser.datetimes.korean import _parse_date_nate, _parse_date_onblog

FEED = '<rss version="2.0"><channel><title>Notes</title><item><pubDate>{}</pubDate></item></channel></rss>'


def read(written):
    return tuple(feedparser.parse(FEED.format(written)).entries[0].published_parsed)[:6]


months = {time.gmtime().tm_mon}
onblog, nate = "2004년 05월 28일  01:31:15", "2004-05-25 오후 11:23:17"
seen = {date: read(date) for date in (onblog, nate, "2025-W21-5", "2025-143", "20250523T091500Z")}
months.add(time.localtime().tm_mon)
for date, parts in seen.items():
    print(date, "->", parts)
assert tuple(_parse_date_onblog(onblog))[:6] == (2004, 5, 27, 16, 31, 15)
assert tuple(_parse_date_nate(nate))[:6] == (2004, 5, 25, 14, 23, 17)
assert any(seen[onblog] == (2004, month, 1, 0, 0, 0) for month in months)
assert any(seen["2025-W21-5"] == (2025, month, 1, 0, 0, 0) for month in months)
assert seen[nate] == (2004, 5, 25, 0, 0, 0)
assert seen["2025-143"] == (2026, 2, 1, 0, 0, 0)
assert seen["20250523T091500Z"] == (2025, 5, 23, 0, 0, 0)
PYTHON
