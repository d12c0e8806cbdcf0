#!/usr/bin/env bash
# chinesenumber 0.1.1: three million is 10300, three minutes are 0.3, and Beijing is 10000000000000000.
#
# Expected: `numberify` writes the numbers of a Chinese text with digits, as in its example: 第二十二课 (lesson 22) is
# 第22课. Other words stay.
# Seen: 三百万 (three million) is 10300, 二十万人 (200,000 people) is 10020人. 三分钟 (three minutes) is 0.3钟 with
# seventeen digits. 我在北京 ("I am in Beijing") is 我在北10000000000000000, and 看微信 ("read WeChat") is 看1e-06信.
# Why: the parts of a number are added: three hundred, and ten thousand. 京, 微, 分 and more count as units of old
# counting, wherever they stand.
# Who is hurt: whoever reads sums or dates out of chats, or searches messages after this step: names of cities and apps
# are gone, and sums of money are 300 times too small.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'chinesenumber==0.1.1'
"$folder/venv/bin/python" - <<'PYTHON'
from chinesenumber import NumberParser

expected = {
    "第二十二课": "第22课",
    "三百万": "10300",
    "二十万人": "10020人",
    "三分钟": "0.30000000000000004钟",
    "我在北京": "我在北10000000000000000",
    "看微信": "看1e-06信",
}
for text, digits in expected.items():
    print(text, NumberParser().numberify(text))
    assert NumberParser().numberify(text) == digits
PYTHON
