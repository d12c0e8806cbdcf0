#!/usr/bin/env bash
# korean-holidays 0.3.0: of two holidays on one day, the first has no name and no day instead.
#
# Expected: it gives Korean holidays of "any year" with the rules of 2021 and 2023. If Children's Day, or a day of
# Chuseok, falls on another holiday, the next working day is free instead.
# Seen: on 5 May 2025, Children's Day and Buddha's birthday met. The day has the name of the second alone, and 6 May was
# free, but is a working day and a trading day here. So is 5 October 2028, after a Chuseok that meets another holiday.
# holidays 0.109 knows both. Days instead of Sundays and Saturdays are right.
# Why: each day has one name, which the later holiday replaces. The rules ask for the day of the week alone.
# Who is hurt: whoever counts working or trading days, or asks when people write who are at work. A test with
# days instead of Sundays, as in 2024, is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'korean-holidays==0.3.0' 'korean-lunar-calendar==0.4.0' 'holidays==0.109'
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import date

import holidays
from korean_holidays import get_holiday_name, is_holiday, is_trading_day

known = holidays.country_holidays("KR", years=[2025, 2028])
for day in (date(2025, 5, 5), date(2025, 5, 6), date(2028, 10, 5)):
    print(day, "|", get_holiday_name(day), "|", known[day])
    assert day in known
assert get_holiday_name(date(2025, 5, 5)) == "부처님오신날"
assert "Children's Day" in known[date(2025, 5, 5)]
for day in (date(2025, 5, 6), date(2028, 10, 5)):
    assert "Alternative" in known[day]
    assert not is_holiday(day)
    assert is_trading_day(day)
assert is_holiday(date(2024, 5, 6))
PYTHON
