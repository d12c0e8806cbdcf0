#!/usr/bin/env bash
# hindi-normalize 0.1.0: who fell asleep "went 100", and "give water" is "water 2".
#
# Expected: "Convert Hindi number words to digits": एक सौ दस becomes 110. Other words stay.
# Seen: वह सो गया ("he fell asleep") is वह 100 गया, and सात बजे सो जाओ ("sleep at seven") is 7 बजे 100 जाओ. मुझे पानी दो
# ("give me water") is मुझे पानी 2. `normalize_transcript`, which is meant for what people said, does the same.
# Why: सो ("sleep") is listed as a spelling of सौ ("hundred"), and दो is "two" and "give". A word counts alone, without a
# look at its neighbours.
# Who is hurt: whoever writes down what patients say, for which it was made. Nobody sleeps, and whoever asks for
# something says a number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'hindi-normalize==0.1.0'
"$folder/venv/bin/python" - <<'PYTHON'
from hindi_normalize import convert_numbers, normalize_transcript

expected = {
    "एक सौ दस": "110",
    "वह सो गया": "वह 100 गया",
    "सात बजे सो जाओ": "7 बजे 100 जाओ",
    "मुझे पानी दो": "मुझे पानी 2",
}
for words, numbers in expected.items():
    print(words, "->", convert_numbers(words))
    assert convert_numbers(words) == normalize_transcript(words) == numbers
PYTHON
