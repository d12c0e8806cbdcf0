#!/usr/bin/env bash
# arabic-sentencizer 0.1.1: a sentence whose last letter is meem or dal does not end.
#
# Expected: a text with a full stop after each of four sentences has four sentences. Titles such as "د." (doctor) do
# not end a sentence.
# Seen: in four sentences that end in "اليوم" (today), "شايا" (tea), "نعم" (yes) and "بارد" (cold), it sees two.
# Why: "د.", "م." and "أ." are looked for anywhere, also at the end of a longer word, and are hidden from the splitter.
# Meem and dal end many Arabic words.
# Who is hurt: whoever measures style. The length of sentences depends on the last letters of words, and who likes to
# say "today" writes long sentences.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'arabic-sentencizer==0.1.1' 'nltk==3.10.4'
"$folder/venv/bin/python" - <<'PYTHON'
from arabic_sentencizer import ArabicSentencizer

splitter = ArabicSentencizer(train_on_reuters=False)
text = "ذهبت إلى السوق اليوم. اشتريت شايا. قلت نعم. الجو بارد."
numbers = {}
for part in (text, "اشتريت شايا. عدت إلى البيت. شربنا قهوة. نمنا."):
    numbers[part] = splitter.analyze_text(part)["sentences"]
    print(numbers[part], splitter.split_sentences(part))
assert list(numbers.values()) == [2, 4]
PYTHON
