#!/usr/bin/env bash
# kakaotalkparse 0.4: the first message of each person is not counted, so a person who wrote once wrote nothing.
#
# Expected: the statistics of KakaoTalk's export (Windows, Korean) count the messages of each person.
# Seen: Seoyeon (서연), who wrote one message, has 0 messages with 0 letters. Jiu (지우) has 3 messages, as she wrote: her
# first is missing, and the second line of another counts as one. Minseo (민서) wrote 3 and has 1.
# Output:
#   지우 messages 3 letters 19
#   민서 messages 1 letters 5
#   서연 messages 0 letters 0
# Why: a person's first message makes an empty entry, and only those after it are added. Each line is an item of its
# own, and all items are counted. The last line of a file is not read.
# Who is hurt: people who compare how much people of a group write. In large groups, most write once or twice.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'setuptools==80.9.0' 'wheel==0.45.1' 'python-dateutil==2.9.0.post0' 'pytz==2026.6'
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation 'kakaotalkparse==0.4'
cat >"$folder/chat.txt" <<'CHAT'
숲길 모임 님과 카카오톡 대화
저장한 날짜 : 2025-05-03 10:00:00

--------------- 2025년 5월 1일 목요일 ---------------
[지우] [오전 10:05] 안녕하세요
[민서] [오전 10:06] 네 안녕하세요
[지우] [오전 10:07] 언제 만나요?
저는 다 좋아요
[서연] [오후 3:05] 저는 못 가요
--------------- 2025년 5월 2일 금요일 ---------------
[지우] [오전 9:00] 알겠어요
[민서] [오전 9:30] 내일 봐요
[민서] [오전 9:31] 잘 자요
CHAT
sed -i 's/$/\r/' "$folder/chat.txt"
"$folder/venv/bin/python" -W ignore - "$folder/chat.txt" <<'PYTHON'
import sys

from kakaotalkparse import KakaoTalkParse

chat = KakaoTalkParse()
chat.open(sys.argv[1])
chat.setSrcTZ("Asia/Seoul")
chat.setReportTz("Asia/Seoul")
chat.setReportRange("2025-01-01", "2025-12-31")
items = chat.parse()
told = chat.stats(items)
for name, found in told.items():
    print(name, "messages", found["totalCount"], "letters", found["characters"])
assert [item["speaker"] for item in items if "type" not in item] == ["지우", "민서", "지우", "서연", "지우", "민서"]
assert {name: found["totalCount"] for name, found in told.items()} == {"지우": 3, "민서": 1, "서연": 0}
PYTHON
