#!/usr/bin/env bash
# hebrew-tokenizer 2.3.0: 10000 is no number, and laughter and words with it are no words.
#
# Expected: a tokenizer yields all words and numbers of a text.
# Seen: in "המחיר 10000 שקל" ("the price is 10000 shekels"), the number is missing. With 9000 it is there. "חחחח"
# (laughter) and a stretched "yes" are missing, and so is a word before "????".
# Why: whatever has a sign four times in a row, with all that stands beside it up to the next blank, counts as
# decoration. So do four noughts.
# Who is hurt: whoever counts words of chats or looks for sums of money. Long vowels, laughter and question marks are
# what people differ in, and prices above 9999 are gone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'hebrew-tokenizer==2.3.0'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import hebrew_tokenizer

expected = {
    "המחיר 9000 שקל": ["המחיר", "9000", "שקל"],
    "המחיר 10000 שקל": ["המחיר", "שקל"],
    "חחחח נכון": ["נכון"],
    "נכוווון אמא": ["אמא"],
    "בא ומתי????": ["בא"],
}
for text, words in expected.items():
    seen = [word for _, word, _, _ in hebrew_tokenizer.tokenize(text)]
    print(text, seen)
    assert seen == words
PYTHON
