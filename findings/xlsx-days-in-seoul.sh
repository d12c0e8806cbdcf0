#!/usr/bin/env bash
# xlsx 0.18.5 (SheetJS): in Seoul, each day of a table is the day before, and each time is 52 seconds early.
#
# Expected: a workbook has 7 March 2025, and 7 March 2025 at 15:05:00. With `cellDates`, both are dates of JavaScript
# in the clock of the machine, wherever it stands.
# Seen: in Seoul, they are 6 March at 23:59:08 and 7 March at 15:04:08. In Shanghai, 43 seconds are missing, in Paris
# 21. In UTC, Berlin and Tokyo, all is well. So a test on a server in UTC sees nothing, and in the browser of a reader
# in Seoul, a chat with whole days has moved by a day.
# Why: times count from the end of 1899. The distance of the clock from UTC on that day is taken to the minute only, and
# in Seoul it was 8 hours, 27 minutes and 52 seconds.
# Who is hurt: whoever reads tables there. Whole days show it at once. A time of 15:05:00 looks like 15:04.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'openpyxl==3.1.5'
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts xlsx@0.18.5)
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from datetime import date, datetime

from openpyxl import Workbook, load_workbook

book = Workbook()
book.active.append([date(2025, 3, 7), datetime(2025, 3, 7, 15, 5)])
book.save("chat.xlsx")
read = [cell.value for cell in load_workbook("chat.xlsx").active[1]]
assert read == [datetime(2025, 3, 7), datetime(2025, 3, 7, 15, 5)]
PYTHON
cat >read.js <<'JS'
const XLSX = require("xlsx");

const sheet = XLSX.readFile("chat.xlsx", { cellDates: true }).Sheets.Sheet;
const two = (number) => String(number).padStart(2, "0");
const shown = (time) => {
  const near = new Date(Math.round(time / 1000) * 1000);
  const clock = [near.getHours(), near.getMinutes(), near.getSeconds()].map(two).join(":");
  return `${near.getMonth() + 1}/${near.getDate()} ${clock}`;
};
console.log(["A1", "B1"].map((cell) => shown(sheet[cell].v)).join(", "));
JS
expect() { # the zone, then what is seen
  seen=$(TZ=$1 node read.js)
  echo "$1: $seen"
  [ "$seen" = "$2" ]
}
expect UTC "3/7 00:00:00, 3/7 15:05:00"
expect Europe/Berlin "3/7 00:00:00, 3/7 15:05:00"
expect Asia/Seoul "3/6 23:59:08, 3/7 15:04:08"
expect Asia/Tokyo "3/7 00:00:00, 3/7 15:05:00"
expect Europe/Paris "3/6 23:59:39, 3/7 15:04:39"
expect Asia/Shanghai "3/6 23:59:17, 3/7 15:04:17"
