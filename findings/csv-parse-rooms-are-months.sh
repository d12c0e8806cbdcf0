#!/usr/bin/env bash
# csv-parse 7.0.3: with `cast_date`, "see you in room 3" is 1 March 2001.
#
# Expected: "convert the CSV field to a date" makes dates of fields that are dates. Other fields stay texts.
# Seen: words with a number from 1 to 12 behind them are the first of that month in 2001: "tea at 5" is 1 May. So is
# a name: "Mina 12" is 1 December. "version 1.2" is 2 January, and "bus 40" the beginning of 2040. Words without a number
# stay as they are.
# Why: whatever JavaScript's `Date.parse` reads is a date. V8 looks for numbers and month names, and passes over words.
# Who is hurt: whoever reads messages and times from one table. A few words become a day, and nothing brings them back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts csv-parse@7.0.3)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const { parse } = require("csv-parse/sync");

const expected = {
  "2025-03-07": "2025-03-07T00:00:00.000Z",
  "tea at 5": "2001-05-01T00:00:00.000Z",
  "Mina 12": "2001-12-01T00:00:00.000Z",
  "see you in room 3": "2001-03-01T00:00:00.000Z",
  "version 1.2": "2001-01-02T00:00:00.000Z",
  "bus 40": "2040-01-01T00:00:00.000Z",
  "see you at the harbour": "see you at the harbour",
};
for (const [said, seen] of Object.entries(expected)) {
  const [[field]] = parse(`"${said}"\n`, { cast: true, cast_date: true });
  const shown = field instanceof Date ? field.toISOString() : field;
  console.log(said, "->", shown);
  assert.strictEqual(shown, seen);
}
JS
cd "$folder"
TZ=UTC node read.js
