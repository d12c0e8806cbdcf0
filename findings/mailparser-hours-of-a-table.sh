#!/usr/bin/env bash
# mailparser 3.14.2: the cells of a table are one word, and a mail of Korean time was sent just now.
#
# Expected: the text of a mail in HTML has its words, one beside the other. A mail is of the time that it says. Names of
# time zones that a reader does not know count as unknown (RFC 5322), so the day and the hour are still there.
# Seen: a table with "9:00", "tea", "10:00" and "30 cups" is "9:00tea10:0030 cups". A mail of "Fri, 07 Mar 2025 21:05:00
# KST" has the time at which it is read, without a word; so have mails with JST and CET. With +0900 and EST, it is right.
# Python's email reads all of them as 7 March 2025.
# Why: cells and rows are written one after the other, as a table that only places things on a page. If JavaScript
# cannot read a date, the present is taken for it.
# Who is hurt: whoever keeps or searches mails by their text: times, sums and names in tables run into each other. Old
# mails move to the day on which an archive was read, and to another day when it is read again.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts mailparser@3.14.2)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const { simpleParser } = require("mailparser");

const table = "<table><tr><td>9:00</td><td>tea</td></tr><tr><td>10:00</td><td>30 cups</td></tr></table>";
const mail = (zone) =>
  ["From: mina@example.org", `Date: Fri, 07 Mar 2025 21:05:00 ${zone}`, "Content-Type: text/html", "", table, ""];
(async () => {
  const begun = Date.now();
  for (const zone of ["+0900", "EST", "KST", "JST", "CET"]) {
    const { date, text } = await simpleParser(mail(zone).join("\r\n"));
    console.log(zone, date.toISOString(), text);
    assert.strictEqual(text, "9:00tea10:0030 cups");
    const known = { "+0900": "2025-03-07T12:05:00.000Z", EST: "2025-03-08T02:05:00.000Z" }[zone];
    if (known) assert.strictEqual(date.toISOString(), known);
    else assert.ok(date.getTime() >= begun && date.getTime() <= Date.now());
  }
})();
JS
cd "$folder"
node read.js
python3 - <<'PYTHON'
from email.utils import parsedate_to_datetime

for zone in ("+0900", "EST", "KST", "JST", "CET"):
    assert parsedate_to_datetime(f"Fri, 07 Mar 2025 21:05:00 {zone}").isoformat().startswith("2025-03-07T21:05:00")
PYTHON
