#!/usr/bin/env bash
# pyicu-wheels 2.15.2 (ICU 77.1): in Korea's lunar calendar of 2017, each day of the second month is a day early.
#
# Expected: a day of the lunar calendar, by which birthdays and memorial days are kept in Korea, is the one that its
# observatory publishes. There, the second month of 2017 begins on 26 February: the new moon is at 23:58 in Seoul.
# Seen: ICU's calendar "dangi" says that 26 February is the 30th of the first month, and the second begins on the 27th.
# Up to 27 March, 30 days differ from korean_lunar_calendar 0.4.0. Of all days from 1920 to 2049, no other does.
# Why: the new moon is computed, not looked up, and is found a few minutes late, which is the next day.
# Who is hurt: whoever shows or stores lunar days with ICU, as browsers and telephones do, and whoever reads them with
# another library. A child born in these 30 days has its birthday on two days, and a test with any other year is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pyicu-wheels==2.15.2' 'korean-lunar-calendar==0.4.0'
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime, timedelta, timezone

import icu
from korean_lunar_calendar import KoreanLunarCalendar

seoul, field = timezone(timedelta(hours=9)), icu.UCalendarDateFields
zone = icu.TimeZone.createTimeZone("Etc/GMT-9")
dangi = icu.Calendar.createInstance(zone, icu.Locale("ko_KR@calendar=dangi"))
korean = KoreanLunarCalendar()
noon, other = datetime(1920, 1, 1, 12, tzinfo=seoul), []
while noon.year < 2050:
    dangi.setTime(noon.timestamp())
    korean.setSolarDate(noon.year, noon.month, noon.day)
    computed = (dangi.get(field.MONTH) + 1, dangi.get(field.DATE))
    published = (korean.lunarMonth, korean.lunarDay)
    if computed != published:
        other.append((noon.date().isoformat(), computed, published))
    noon += timedelta(days=1)
print("ICU", icu.ICU_VERSION, "differs on", len(other), "days, from", other[0], "to", other[-1])
assert len(other) == 30
assert other[0] == ("2017-02-26", (1, 30), (2, 1))
assert other[-1] == ("2017-03-27", (2, 29), (2, 30))
PYTHON
