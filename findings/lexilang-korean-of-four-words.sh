#!/usr/bin/env bash
# lexilang 1.0.7: a Korean sentence of four words is English.
#
# Expected: `detect` tells the language of a text by its dictionary, and knows Korean.
# Seen: "오늘 바다에 갔다" (three words) is Korean, with 0.9. "오늘은 바다에 가서 놀았다" (four words) is English, and so
# is every longer one. English is also what it says when it knows nothing, then with 0.
# Why: its Korean dictionary has single syllables. A text is split into syllables only if it has fewer than three
# blanks, as in Chinese and Japanese, which have none. Longer Korean texts are split into words, and no word is found.
# Who is hurt: whoever sorts messages by language: short Korean messages are Korean, and all others of the same person
# are English.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'lexilang==1.0.7'
"$folder/venv/bin/python" - <<'PYTHON'
from lexilang.detector import detect

expected = {
    "오늘 바다에 갔다": ("ko", 0.9),
    "오늘은 바다에 가서 놀았다": ("en", 0),
    "내일 아침에 일찍 일어나서 산책을 하자": ("en", 0),
    "I went to the sea": ("en", 0.45),
}
for text, language in expected.items():
    print(text, detect(text))
    assert detect(text) == language
PYTHON
