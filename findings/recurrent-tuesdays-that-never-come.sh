#!/usr/bin/env bash
# recurrent 0.4.1: "every Tuesday from 9am to 5pm" never happens, and "every day except Sunday" is on most Sundays.
#
# Expected: phrases as people write them become rules of calendars, or are not understood: "biweekly" is None.
# Seen: hours from and to are days from and to, so the rule ends today. "Except Sunday" leaves out the next Sunday alone;
# "except Sundays" is right. "Every Sunday at 9 in the evening" is at 9 in the morning, "every Monday at noon" has no
# hour, and "every 1st and 3rd Tuesday" is each third week. "Every Monday at 12" and "Fridays at 7:30pm" are right.
# Why: words that are not known, such as "noon", "evening" and "1st", are passed over, and the rest is a rule of its
# own. A day without a plural s is the next one.
# Who is hurt: whoever makes reminders or calendars out of messages. Each rule is valid, and other than what was said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'recurrent==0.4.1' 'python-dateutil==2.9.0.post0'
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime
from itertools import islice

from dateutil.rrule import rrulestr
from recurrent.event_parser import RecurringEvent

now = datetime(2025, 3, 7, 10, 15)  # a Friday
expected = {
    "every tuesday from 9am to 5pm": [],
    "every day except sunday": ["Fri 07 10:15", "Sat 08 10:15", "Mon 10 10:15"],
    "every sunday at 9 in the evening": ["Sun 09 09:00", "Sun 16 09:00", "Sun 23 09:00"],
    "every monday at noon": ["Mon 10 10:15", "Mon 17 10:15", "Mon 24 10:15"],
    "every 1st and 3rd tuesday": ["Tue 25 10:15", "Tue 15 10:15", "Tue 06 10:15"],
    "every monday at 12": ["Mon 10 12:00", "Mon 17 12:00", "Mon 24 12:00"],
    "fridays at 7:30pm": ["Fri 07 19:30", "Fri 14 19:30", "Fri 21 19:30"],
}
for said, seen in expected.items():
    rule = RecurringEvent(now_date=now).parse(said)
    days = [each.strftime("%a %d %H:%M") for each in islice(rrulestr(rule, dtstart=now), 3)]
    print(f"{said}: {rule!r}, {days}")
    assert days == seen
later = list(islice(rrulestr(RecurringEvent(now_date=now).parse("every day except sunday"), dtstart=now), 12))
print("a later Sunday of every day except Sunday:", [day.date().isoformat() for day in later if day.weekday() == 6])
assert [day.day for day in later if day.weekday() == 6] == [16]
assert RecurringEvent(now_date=now).parse("biweekly") is None
PYTHON
