#!/usr/bin/env bash
# lexical-diversity 0.1.1: the line break at the end of a file is a word, and a dash glues two words.
#
# Expected: "tea is tea" has three words, two of them different, however its file ends.
# Seen: with a line break at the end, it has four words, three of them different: its ratio of
# types to tokens is 0.75 and not 0.67. "and/or" is the word "andor", "tea-cold" is "teacold".
# Why: signs are replaced by nothing, and the text is split at each single blank, so that the end of
# the last line leaves an empty word.
# Who is hurt: whoever compares how rich the words of short posts are. A text editor that ends files
# with a line break changes the result more than the author does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'setuptools==80.9.0' 'lexical-diversity==0.1.1'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from lexical_diversity import lex_div

plain, ended = lex_div.tokenize("Tea is tea."), lex_div.tokenize("Tea is tea.\n")
print(plain, lex_div.ttr(plain))
print(ended, lex_div.ttr(ended))
glued = lex_div.tokenize("and/or tea-cold")
print(glued)
assert (plain, ended) == (["tea", "is", "tea"], ["tea", "is", "tea", ""])
assert round(lex_div.ttr(plain), 2) == 0.67
assert lex_div.ttr(ended) == 0.75
assert glued == ["andor", "teacold"]
PYTHON
