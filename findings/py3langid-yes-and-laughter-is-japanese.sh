#!/usr/bin/env bash
# py3langid 0.4.0: "yes" is Korean, and "yes" with laughter is Japanese.
#
# Expected: Hangul is written in Korean only. A message of Hangul is Korean, however short, and laughter (ㅋㅋㅋ) makes it
# more so.
# Seen: 네 (yes) is Korean, and 네ㅋㅋㅋㅋㅋㅋㅋ Japanese. 응 (mhm) with laughter is Japanese, as are laughter and tears alone. ㄱㄱ
# (go go) is Wu Chinese. Longer messages are Korean.
# Output:
#   네 ko
#   네ㅋㅋㅋㅋㅋㅋㅋ ja
#   응ㅋㅋㅋㅋㅋㅋ ja
#   ㅋㅋㅋㅋ ja
#   ㅠㅠ ja
#   ㄱㄱ wuu
#   저도요ㅋㅋㅋㅋㅋㅋㅋㅋ ko
# Why: the model counts sequences of bytes. A letter that is alone begins with the byte E3, as letters of Japanese do.
# Whole syllables begin with others. Each letter of laughter counts again.
# Who is hurt: people who sort messages by language before they count or compare them. In Korean chats, short answers
# with laughter are the most frequent messages.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'py3langid==0.4.0' 'numpy==2.4.6'
"$folder/venv/bin/python" -X utf8 -W ignore - <<'PYTHON'
import py3langid

expected = {
    "네": "ko",
    "네ㅋㅋㅋㅋㅋㅋㅋ": "ja",
    "응ㅋㅋㅋㅋㅋㅋ": "ja",
    "ㅋㅋㅋㅋ": "ja",
    "ㅠㅠ": "ja",
    "ㄱㄱ": "wuu",
    "저도요ㅋㅋㅋㅋㅋㅋㅋㅋ": "ko",
}
seen = {message: py3langid.classify(message)[0] for message in expected}
for message, language in seen.items():
    print(message, language)
assert seen == expected, seen
PYTHON
