#!/usr/bin/env bash
# ghNum 1.1.3: ten thousand milliards are one milliard and ten thousand.
#
# Expected: Persian words become numbers, from ones up to trillions and quadrillions, as its page says.
# Seen: ده هزار میلیارد ("ten thousand milliards", 10,000,000,000,000) is 1,000,010,000. هزار میلیارد ("a thousand
# milliards") is 1,000,001,000. پانصد میلیارد ("five hundred milliards") is right.
# Why: what stands before a scale (هزار, thousand) is added to the sum at once, so nothing is left to count milliards.
# Who is hurt: whoever reads sums of money in Persian news, which count in thousands of milliards of toman. Ten thousand
# milliards are ten thousand times too little, and nothing is reported.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'ghNum==1.1.3'
"$folder/venv/bin/python" - <<'PYTHON'
from ghNum import PersianTextToNumber

expected = {
    "پانصد میلیارد": 500_000_000_000,
    "هزار میلیارد": 1_000_001_000,
    "ده هزار میلیارد": 1_000_010_000,
    "پنج هزار میلیارد تومان": 1_000_005_000,
}
for words, number in expected.items():
    seen = PersianTextToNumber().convert(words)
    print(f"{words}: {seen:,}")
    assert seen == number
PYTHON
