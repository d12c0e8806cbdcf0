#!/usr/bin/env bash
# ics 0.7.3: a backslash before an n, which it wrote itself, is read back as a line break.
#
# Expected: in calendars, a backslash in a text is written twice, and a line break as a backslash with an n. What a
# package writes, it reads.
# Seen: "C:\notes\2025" comes back as "C:\", a line break and "otes\2025". The file is right: icalendar reads what was
# meant. node-ical 0.26.1, a package for JavaScript, reads it as ics does. A semicolon and a comma are right everywhere.
# Why: the signs are replaced one after the other, line breaks first. The second backslash of a pair is taken for
# the first of a line break.
# Who is hurt: whoever keeps folders, formulas or regular expressions in calendars and moves them from one program to
# another. At each turn, words lose their first letter, if it is an n.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'ics==0.7.3' 'icalendar==7.3.2'
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts node-ical@0.26.1)
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import icalendar
from ics import Calendar, Event

said = r"C:\notes\2025; tea, cake"
written = Calendar(events=[Event(name=said, begin="2025-03-07T20:00:00Z")]).serialize()
(event,) = Calendar(written).events
(other,) = icalendar.Calendar.from_ical(written).walk("VEVENT")
print("ics:      ", repr(event.name))
print("icalendar:", repr(str(other["SUMMARY"])))
assert event.name == "C:\\\notes\\2025; tea, cake"
assert str(other["SUMMARY"]) == said
with open("tea.ics", "w", newline="", encoding="utf-8") as file:
    file.write(written)
PYTHON
node - <<'JS'
const assert = require("node:assert");
const events = Object.values(require("node-ical").sync.parseFile("tea.ics")).filter((each) => each.type === "VEVENT");
console.log("node-ical:", JSON.stringify(events[0].summary));
assert.deepStrictEqual(events.map((each) => each.summary), ["C:\\\notes\\2025; tea, cake"]);
JS
