#!/usr/bin/env bash
# spacetime 7.15.0: at a turn of the year, one week has eleven days and the next one ten.
#
# Expected: `week()` is "the week-number of the year". Days of one week, as `startOf("week")` gives it, have one number,
# and days of different weeks of a winter have different ones.
# Seen: from 21 to 31 December 2020, all eleven days are of week 52, and from 1 to 10 January 2021, all ten are of week 1.
# 31 December and 1 January lie in one week by `startOf("week")`. luxon 3.7.2 has weeks 52, 53 and 1, of seven days each.
# So it is each year with 53 weeks, as 2015, 2020 and 2026 are.
# Why: the number goes up to 52, and days before the year's first Monday are given to week 1.
# Who is hurt: whoever counts messages by week. Around New Year, two weeks are half as busy again, or more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts spacetime@7.15.0 luxon@3.7.2)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const { DateTime } = require("luxon");
const spacetime = require("spacetime");

const counted = (week) => {
  const days = {};
  for (let day = 21; day <= 48; day += 1) {
    const number = week(new Date(Date.UTC(2020, 11, day, 12)));
    days[number] = (days[number] ?? 0) + 1;
  }
  return days;
};
const seen = counted((day) => spacetime(day.getTime(), "UTC").week());
const meant = counted((day) => DateTime.fromJSDate(day, { zone: "utc" }).weekNumber);
console.log("days of each week from 21 December 2020 to 17 January 2021:", { spacetime: seen, luxon: meant });
assert.deepStrictEqual(seen, { 52: 11, 1: 10, 2: 7 });
assert.deepStrictEqual(meant, { 52: 7, 53: 7, 1: 7, 2: 7 });
const monday = (day) => spacetime(day, "UTC").startOf("week").format("iso-short");
assert.deepStrictEqual([monday("2020-12-31"), monday("2021-01-01")], ["2020-12-28", "2020-12-28"]);
JS
cd "$folder"
node read.js
