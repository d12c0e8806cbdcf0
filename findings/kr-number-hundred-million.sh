#!/usr/bin/env bash
# kr-number 0.1.1: a hundred million is read as a hundred million and ten thousand.
#
# Expected: "숫자를 한국어로 읽기 편하게 바꿔줍니다": 100,000,000 is 일억 (a hundred million).
# Seen: 100,000,000 is 일억만, which a reader takes for 100,010,000. 1,000,000,000,000 is 일조억만, where 일조 is meant. Zero
# has no word at all. 1,000,000 is 백만, as in the example of the library, and 123,456,789 is right.
# Why: each four digits get their word (만, 억, 조), also those that are all noughts.
# Who is hurt: whoever has sums read aloud or written on a form. Every round sum from a hundred million on is wrong.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'kr-number==0.1.1'
"$folder/venv/bin/python" - <<'PYTHON'
from knum.core import convert

expected = {
    1_000_000: "백만원",
    123_456_789: "일억이천삼백사십오만육천칠백팔십구원",
    100_000_000: "일억만원",
    100_000_001: "일억만일원",
    1_000_000_000_000: "일조억만원",
    0: "원",
}
for number, words in expected.items():
    seen = convert(number, "원")
    print(f"{number:,}: {seen}")
    assert seen == words
PYTHON
