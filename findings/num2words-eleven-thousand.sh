#!/usr/bin/env bash
# num2words 0.5.14: in Azerbaijani, eleven thousand is ten thousand; in German, the year 44 before Christ is 156.
#
# Expected: different numbers have different words. A year before Christ is spoken with its own number.
# Seen: in Azerbaijani (az), 11000 and 10000 are both "on min". 21000 is 20000, and so on, wherever the thousands end in
# one. In Belarusian (be), the eightieth is the seventieth, and the 180th the 170th. In German, Dutch, Danish and
# Norwegian, the year -44 is "minus 156". -100 and other full hundreds are right. English says "forty-four BC".
# Why: in az, "one" is left out before "thousand" everywhere, as it must be in 1000 alone. In be, eighty ends with the
# letters of seventy, and is taken for it. Years are divided by a hundred, rounded downwards: -44 is -1 and 56.
# Who is hurt: whoever lets a voice read numbers, sums of money and years. The voice says another number, plainly.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'num2words==0.5.14'
"$folder/venv/bin/python" - <<'PYTHON'
from num2words import num2words

expected = {
    ("az", "cardinal"): {10_000: "on min", 11_000: "on min", 21_000: "iyirmi min", 101_000: "yüz min"},
    ("be", "ordinal"): {70: "сямідзясяты", 80: "сямідзясяты", 170: "ста сямідзясяты", 180: "ста сямідзясяты"},
    ("de", "year"): {-44: "minuseinshundertsechsundfünfzig", -100: "minuseinshundert"},
    ("nl", "year"): {-44: "min één honderd zesenvijftig"},
    ("da", "year"): {-44: "minus et hundrede seksoghalvtreds"},
    ("no", "year"): {-44: "minus en hundre og femtiseks"},
    ("en", "year"): {-44: "forty-four BC"},
}
for (language, form), numbers in expected.items():
    for number, words in numbers.items():
        seen = num2words(number, lang=language, to=form)
        print(f"{language}, {form}: {number} is {seen!r}")
        assert seen == words
PYTHON
