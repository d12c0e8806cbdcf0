#!/usr/bin/env bash
# kakao-analyzer 1.0.2: each message with the words for picture, video, file, emoticon or sticker is deleted.
#
# Expected: KakaoTalk's CSV has "사진" alone as the note of a picture, and nothing more. A message of a person that has the
# word, such as "사진 예쁘다" ("a pretty picture"), stays.
# Seen: of six messages that people typed, two are left. Gone are "사진 예쁘다", "여권 사진 챙겨", "파일 이름이 뭐야"
# and "프로파일 사진 바꿨네", and nothing in the log says so.
# Why: the notes of the app are looked for by patterns such as `.*사진.*` and `.*파일.*`, which fit every line that has the
# word anywhere. What fits becomes an empty text, and empty texts are dropped.
# Who is hurt: whoever counts messages, replies or moods. The more people talk about pictures, the less they talk.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# Its reader needs these packages; the others are of models and drawings.
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'kakao-analyzer==1.0.2' 'pandas==2.3.3' 'numpy==2.4.6' 'python-dateutil==2.9.0.post0' 'pytz==2025.2' \
  'tzdata==2025.2' 'six==1.17.0' 'chardet==5.2.0'
cat >"$folder/KakaoTalk_Chat.csv" <<'CSV'
Date,User,Message
2025-01-07 10:00:00,"미나","사진 예쁘다"
2025-01-07 10:01:00,"준","여권 사진 챙겨"
2025-01-07 10:02:00,"미나","파일 이름이 뭐야"
2025-01-07 10:03:00,"준","프로파일 사진 바꿨네"
2025-01-07 10:04:00,"미나","아홉 시에 만나"
2025-01-07 10:05:00,"준","좋아"
CSV
"$folder/venv/bin/python" - "$folder/KakaoTalk_Chat.csv" <<'PY'
import sys

from kakao_analyzer.io_loader import KakaoDataLoader

left = KakaoDataLoader().load_csv(sys.argv[1])["message"].tolist()
print("left of six messages:", left)
assert left == ["아홉 시에 만나", "좋아"], left
PY
