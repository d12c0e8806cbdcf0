#!/usr/bin/env bash
# kakao-chat-parser 0.0.1: messages with a colon are missing, and blanks in names are taken out.
#
# Expected: each message of KakaoTalk's export (iOS, Korean) is there, by the person who wrote it.
# Seen: a message with a time of day ("10:30에 만나요") or a link is missing, and so is every line of a
# message after the first. "김 지우" and "김지우" are one member.
# Why: a line counts as a message if it has exactly two colons, the one of its time and the one before
# the words. The name is what stands behind the comma, put together without its blanks.
# Who is hurt: whoever counts messages of each person. The dates of meetings are what is lost.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'kakao-chat-parser==0.0.1'
"$folder/venv/bin/python" - "$folder/talk.txt" <<'PYTHON'
import sys

from kakao_chat_parser import ChatParser

lines = [
    "지우님과 카카오톡 대화",
    "저장한 날짜 : 2025. 1. 9. 오전 9:00",
    "",
    "2025. 1. 7. 오전 10:01, 김 지우 : 배가 늦는대요",
    "2025. 1. 7. 오전 10:02, 김지우 : 그럼 10:30에 만나요",
    "2025. 1. 7. 오전 10:03, 김지우 : 표는 https://example.org/ferry",
    "2025. 1. 7. 오전 10:04, 김지우 : 첫 줄",
    "둘째 줄",
]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write("\n".join(lines) + "\n")
parser = ChatParser(sys.argv[1])
kept = [(chat["member"], chat["message"]) for chat in parser.get_chat()]
print(kept)
assert kept == [("김지우", " 배가 늦는대요"), ("김지우", " 첫 줄")], kept
assert parser.get_members() == ["김지우"]
PYTHON
