#!/usr/bin/env bash
# hinglishswd 0.1.3: an English sentence with "the" or "sir" is Hinglish, and loses "us", "bank" and "really".
#
# Expected: Hinglish is Hindi in Latin letters, mixed with English. `detect_language` tells it from English by words
# such as "hai" and "nahi".
# Seen: "The ferry is late today" and "Is sir here yet?" are Hinglish. "Where is he" is English. Without stop words,
# "The bank really told us" is ["told"].
# Why: "the" is in the list, since Hindi has a word of this spelling ("were"). One word of the list is enough in a
# sentence of three words. The stop words of Hinglish have "in", "us", "main" and "is", and also "bank", "account",
# "customer" and "really".
# Who is hurt: whoever counts who writes in which language: nearly each longer English message is Hinglish, and what it
# is about is gone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'hinglishswd==0.1.3'
"$folder/venv/bin/python" - <<'PYTHON'
from hinglishswd import detect_language, remove_stopwords, tokenize

expected = {
    "The ferry is late today": "hinglish",
    "Is sir here yet?": "hinglish",
    "Where is he": "english",
    "The bank really told us": "hinglish",
}
for text, language in expected.items():
    print(text, detect_language(text), remove_stopwords(tokenize(text)))
    assert detect_language(text) == language
assert remove_stopwords(tokenize("The bank really told us")) == ["told"]
PYTHON
