#!/usr/bin/env bash
# quart-babel 1.0.7: what was posted two days ago is shown as "in 2 days".
#
# Expected: `format_timedelta` tells how a time lies from now. A post of two days ago, with the direction asked for, is
# "2 days ago", and a meeting in three hours is "in 3 hours".
# Seen: the post is "in 2 days", and the meeting was "3 hours ago". Given as a difference of times and not as a time,
# minus two days is "2 days ago", as it should be.
# Output:
#   posted two days ago: in 2 days
#   meeting in three hours: 3 hours ago
#   difference of minus two days: 2 days ago
# Why: a time is taken away from now, so what has passed is a positive difference. The formatter below takes a positive
# difference for the future.
# Who is hurt: people who show posts or chats with such times. Every reader sees the order of things turned.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'quart-babel==1.0.7' 'babel==2.19.0' 'pytz==2026.6' 'quart==0.22.0'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import asyncio
from datetime import datetime, timedelta

from quart import Quart
from quart_babel import Babel, format_timedelta

app = Quart("posts")
Babel(app, default_locale="en")


async def main():
    async with app.test_request_context("/"):
        now = datetime.now()
        times = {
            "posted two days ago": now - timedelta(days=2),
            "meeting in three hours": now + timedelta(hours=3),
            "difference of minus two days": timedelta(days=-2),
        }
        seen = {name: format_timedelta(time, add_direction=True) for name, time in times.items()}
    for name, text in seen.items():
        print(f"{name}: {text}")
    assert list(seen.values()) == ["in 2 days", "3 hours ago", "2 days ago"], seen


asyncio.run(main())
PYTHON
