#!/usr/bin/env bash
# korean-glue 0.1.4: behind 1, 7, 8 and R stands the wrong particle, and behind F, H and S another wrong one.
#
# Expected: "Korean josa processing". Numbers and letters get the particle of their sound, as in its examples
# `kglue 'K(이/가)'` and `kglue '3(을/를)'`.
# Seen: "to 7" is 7으로, where 7로 is right: 칠 ends in ㄹ. (서울로 is right.) So are 1으로, 8으로 and R으로. "KBS is" is KBS은,
# where KBS는 is right: S is 에스, with a vowel at the end. The same holds for F and H, with all four pairs of particles.
# Why: ㄹ is looked for in Korean letters and in L alone. F, H and S are listed as letters that end in a consonant, as
# their English names do.
# Who is hurt: whoever builds sentences of names and numbers: "7으로 변경" (changed to 7), "KBS은" (KBS is).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'korean-glue==0.1.4'
"$folder/venv/bin/python" - <<'PYTHON'
from string import ascii_uppercase

from korean_glue import attach

digits = "영 일 이 삼 사 오 육 칠 팔 구".split()
letters = "에이 비 시 디 이 에프 지 에이치 아이 제이 케이 엘 엠 엔 오 피 큐 아르 에스 티 유 브이 더블유 엑스 와이 제트".split()
letters[17] = "알"  # R is read 알 or 아르.
names = dict(zip("0123456789", digits)) | dict(zip(ascii_uppercase, letters))
wrong = {}
for pattern in ("으로/로", "은/는", "이/가", "을/를"):
    for sign, name in names.items():
        if attach(sign, pattern)[1:] != attach(name, pattern)[len(name):]:
            wrong.setdefault(pattern, []).append(sign)
    print(pattern, *(f"{attach(sign, pattern)} ({attach(names[sign], pattern)})" for sign in wrong[pattern]))
vowels = ["F", "H", "S"]
assert wrong == {"으로/로": ["1", "7", "8", *vowels[:2], "R", "S"], "은/는": vowels, "이/가": vowels, "을/를": vowels}
assert attach("서울", "으로/로") == "서울로"
PYTHON
