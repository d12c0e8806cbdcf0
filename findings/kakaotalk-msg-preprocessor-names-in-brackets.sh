#!/usr/bin/env bash
# kakaotalk-msg-preprocessor 0.13: messages of people with brackets in their names are given to others.
#
# Expected: each message of KakaoTalk's export (Windows, Korean) is there, by the person who wrote it. Names such as
# "[총무] 박서연" (treasurer) are usual in Korean groups, and the export shows them as they are.
# Seen: her message becomes a second line of the message before it, by another person. Besides, the last message of
# every export is missing.
# Output:
#   김지우 '배가 늦는대요\n[[총무] 박서연] [오전 10:02] 표는 제가 살게요'
#   이준호 '고마워요'
# Why: the name must have no bracket, and a line without such a name goes on the message before. A message is stored
# when the next begins, and the last has no next.
# Who is hurt: people who ask who wrote what. She has no message, and another person has all her words.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'kakaotalk-msg-preprocessor==0.13'
"$folder/venv/bin/python" -X utf8 -W ignore - "$folder/talk.txt" <<'PYTHON'
import sys

import kakaotalk_msg_preprocessor

lines = [
    "산책 모임 님과 카카오톡 대화",
    "저장한 날짜 : 2025-01-09 09:00:00",
    "",
    "--------------- 2025년 1월 7일 화요일 ---------------",
    "[김지우] [오전 10:01] 배가 늦는대요",
    "[[총무] 박서연] [오전 10:02] 표는 제가 살게요",
    "[이준호] [오전 10:03] 고마워요",
    "[김지우] [오전 10:04] 이따 봐요",
]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write("\n".join(lines) + "\n")
kind = kakaotalk_msg_preprocessor.check_export_file_type(sys.argv[1])
messages = [(each["user_name"], each["text"]) for each in kakaotalk_msg_preprocessor.parse(kind, sys.argv[1])]
for name, text in messages:
    print(name, repr(text))
assert messages == [("김지우", f"배가 늦는대요\n{lines[5]}"), ("이준호", "고마워요")], messages
PYTHON
