#!/usr/bin/env bash
# functionwords 0.8: function words of Chinese are counted -1 times, and a "not" that stands there counts 0 times.
#
# Expected: `transform` counts function words, the base of many tests of who wrote a text. A short word inside of a
# longer one (不, "not", in 不由得, "cannot help") does not count beside it.
# Seen: in 他不由得笑了 ("he could not help laughing"), 不 and 由 count -1 times. In 他不由得说不 ("he could not help
# saying no"), 不 counts 0 times, although he says it. In 大约莫三点 ("about three o'clock"), 约 counts -2 times.
# Why: for each longer function word in the text, the short word is counted down by one. 不由得 contains 不由,
# which is in the list, too: one 不 is counted up once and down twice.
# Who is hurt: whoever compares authors. Who uses 不由得 seems to avoid 不, and one cannot see it in a sum.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'functionwords==0.8'
"$folder/venv/bin/python" - <<'PYTHON'
from functionwords import FunctionWords

words = FunctionWords("chinese_simplified_modern")
expected = {
    "他不由得笑了": {"不由得": 1, "不": -1, "由": -1, "了": 1},
    "他不由得说不": {"不由得": 1, "由": -1},
    "大约莫三点": {"大约莫": 1, "大": -1, "约": -2, "莫": -1},
}
for text, counts in expected.items():
    counted = dict(zip(words.get_feature_names(), words.transform(text)))
    seen = {word: count for word, count in counted.items() if count}
    print(text, seen)
    assert seen == counts
PYTHON
