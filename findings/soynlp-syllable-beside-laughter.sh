#!/usr/bin/env bash
# soynlp 0.0.493: the syllable beside laughter is deleted, and sums of money lose their noughts.
#
# Expected: `emoticon_normalize` shortens laughter and leaves words alone: "안녕ㅋㅋㅋㅋ" (hello, laughing) becomes "안녕ㅋㅋ".
# Seen: it becomes "안ㅋㅋ", and "고마워요ㅎㅎ" (thank you) becomes "고마워ㅎㅎ", which is a less polite form. A syllable that follows
# the laughter is deleted as well. "100000원" (100,000 won) becomes "100원".
# Output:
#   안녕ㅋㅋㅋㅋ -> 안ㅋㅋ
#   고마워요ㅎㅎ -> 고마워ㅎㅎ
#   ㅋㅋㅋㅋ안녕 -> ㅋㅋ녕
#   회비는 100000원 -> 회비는 100원
# Why: a syllable that has a consonant of laughter as its neighbour is looked at for that consonant. If it has it not,
# no branch puts the syllable back. Repeats are cut in all word signs, and digits are such.
# Who is hurt: people who clean Korean chats before counting words. The endings that are lost tell how politely somebody
# writes, and people who laugh a lot lose the most.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'soynlp==0.0.493' 'cloudpickle==3.1.3' 'joblib==1.6.0' 'narwhals==2.29.0' 'numpy==2.4.6' 'psutil==7.2.2' \
  'scikit-learn==1.9.1' 'scipy==1.17.1' 'threadpoolctl==3.8.0'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from soynlp.normalizer import emoticon_normalize

messages = ["안녕ㅋㅋㅋㅋ", "고마워요ㅎㅎ", "ㅋㅋㅋㅋ안녕", "회비는 100000원"]
seen = [emoticon_normalize(message) for message in messages]
for message, result in zip(messages, seen, strict=True):
    print(message, "->", result)
assert seen == ["안ㅋㅋ", "고마워ㅎㅎ", "ㅋㅋ녕", "회비는 100원"], seen
PYTHON
