#!/usr/bin/env bash
# hbcvt 1.0.2: in braille, each Korean syllable that begins with a vowel begins with "un"; Latin letters are Korean ones.
#
# Expected: Korean braille writes no sign for the silent letter before a vowel. The dots 1-2-4-5, which a table could
# give it, are the sign for the syllable 운 (un). Latin letters stand between signs that say so.
# Seen: 안녕하세요 (hello) is written so that BrailleToKorean 1.0.3 reads 운안녕하세운요, and 아이 (child) 운아운이. Of
# braille that is written by the rules, it reads both words as they are. "Mina" is read as the syllables 수덱.
# Why: the silent letter has its own entry in the table of first letters. Latin letters get their dots and no sign.
# Who is hurt: whoever reads with the fingers. In 안녕하세요, two of five syllables have a sound that nobody wrote. Words
# whose syllables all begin with a consonant, such as 나비 (butterfly), are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'hbcvt==1.0.2' 'BrailleToKorean==1.0.3' 'six==1.17.0'
"$folder/venv/bin/python" - <<'PYTHON'
from BrailleToKorean.BrailleToKor import BrailleToKor
from hbcvt import h2b


def braille(text):
    cells = [cell for _, letters in h2b.text(text) for _, dots in letters for cell in dots]
    return "".join(chr(0x2800 + sum(dot << place for place, dot in enumerate(cell))) for cell in cells)


read = BrailleToKor().translation
expected = {
    "안녕하세요": "운안녕하세운요",
    "아이": "운아운이",
    "여우가": "운여운우가",
    "나비": "나비",
    "Mina": "수덱",
}
for word, seen in expected.items():
    print(word, braille(word), read(braille(word)))
    assert read(braille(word)).strip() == seen
assert read("⠣⠒⠉⠻⠚⠠⠝⠬").strip() == "안녕하세요"
assert read("⠣⠕").strip() == "아이"
PYTHON
