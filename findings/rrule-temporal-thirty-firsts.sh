#!/usr/bin/env bash
# rrule-temporal 1.6.0: an event of each 31st is on the 29th from February on; every second month is each month.
#
# Expected: days that do not exist are left out (RFC 5545). FREQ=MONTHLY from 31 January is on 31 March next, and
# FREQ=YEARLY from 29 February in four years. INTERVAL=2 leaves out every other month. dateutil for Python and rrule for
# JavaScript agree.
# Seen: 31 January, 29 February, 29 March, 29 April, and so on. 29 February 2024 is followed by 28 February of 2025, of
# 2026, and of 2028, which has a 29th. FREQ=MONTHLY;INTERVAL=2;BYMONTH=1,2,3,4 is in all four months. node-ical 0.26.1
# takes its days from it. Events up to the 28th are right, and so are intervals without BYMONTH.
# Why: a month is added to the event before, and Temporal makes a day that does not exist the last of its month. Rules
# with BYMONTH go through that list one by one, without a look at the interval.
# Who is hurt: whoever reads calendars: rents, payments and closing days move to another day and stay there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'python-dateutil==2.9.0.post0'
cd "$folder"
npm init --yes >/dev/null
npm install --silent --ignore-scripts rrule-temporal@1.6.0 rrule@2.8.1 node-ical@0.26.1
cat >read.py <<'PYTHON'
import json
import sys

from dateutil.rrule import rrulestr

print(json.dumps([each.date().isoformat() for each in rrulestr(sys.argv[1])]))
PYTHON
cat >read.js <<'JS'
const assert = require("node:assert");
const { execFileSync } = require("node:child_process");
const ical = require("node-ical");
const { rrulestr } = require("rrule");
const { RRuleTemporal } = require("rrule-temporal");

const expected = [
  ["20240131", "FREQ=MONTHLY;COUNT=4", "2024-01-31 2024-03-31 2024-05-31 2024-07-31",
    "2024-01-31 2024-02-29 2024-03-29 2024-04-29"],
  ["20240229", "FREQ=YEARLY;COUNT=5", "2024-02-29 2028-02-29 2032-02-29 2036-02-29 2040-02-29",
    "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-28"],
  ["20240105", "FREQ=MONTHLY;INTERVAL=2;BYMONTH=1,2,3,4;COUNT=4", "2024-01-05 2024-03-05 2025-01-05 2025-03-05",
    "2024-01-05 2024-02-05 2024-03-05 2024-04-05"],
];
const days = (times) => times.map((time) => time.toISOString().slice(0, 10)).join(" ");
for (const [day, rule, meant, seen] of expected) {
  const start = `DTSTART:${day}T093000Z`;
  const rruleString = `${start}\nRRULE:${rule}`;
  const temporal = new RRuleTemporal({ rruleString }).all().map((time) => time.toString().slice(0, 10)).join(" ");
  const dateutil = JSON.parse(execFileSync("venv/bin/python", ["read.py", rruleString])).join(" ");
  const lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", start, `RRULE:${rule}`, "END:VEVENT", "END:VCALENDAR", ""];
  const event = Object.values(ical.sync.parseICS(lines.join("\r\n"))).find((each) => each.type === "VEVENT");
  console.log(`${rule}\n  rrule-temporal: ${temporal}\n  the others:     ${dateutil}`);
  assert.deepStrictEqual([temporal, days(event.rrule.all())], [seen, seen]);
  assert.deepStrictEqual([days(rrulestr(rruleString).all()), dateutil], [meant, meant]);
}
JS
node read.js
