#!/usr/bin/env bash
# kitconc 4.0.1: the words that mark a text most are the last of its keywords.
#
# Expected: keywords are the words that a text has more often than the language, and the more so, the higher they stand.
# Seen: of a text about a ferry at a pier, the first keywords are "the", "is" and "we". "ferry", which stands there 60 times
# and in the reference as seldom as once in thousands of words, is last, with -117. The measure
# "log-likelihood-2", of the same formula, puts it first, with 915.
# Why: if a word is expected less than once, its logarithm is taken as 0, and only the loss in the reference is counted.
# In a short text, this is so for all words but the most frequent ones.
# Who is hurt: whoever asks what a short text, a person or a month is about. The answer is upside down, and
# negative numbers say that the words are avoided.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'kitconc==4.0.1' 'numpy==1.26.4' 'pandas==2.3.3' 'matplotlib==3.11.2'
mkdir "$folder/texts" "$folder/corpora"
printf 'The ferry is late and the tea is cold. We wait at the pier for the ferry. %.0s' {1..20} >"$folder/texts/first.txt"
printf 'Mina has the tea and the cups on the pier. The ferry is here. %.0s' {1..20} >"$folder/texts/second.txt"
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import sys

from kitconc.kit_corpus import Corpus

corpus = Corpus(f"{sys.argv[1]}/corpora/", "harbour", "english")
corpus.add_texts(f"{sys.argv[1]}/texts")
ranked = {}
for measure in ("log-likelihood", "log-likelihood-2"):
    table = corpus.keywords(measure=measure).df
    ranked[measure] = table["WORD"].tolist()
    print(measure, table[["WORD", "FREQUENCY", "KEYNESS"]].values.tolist())
assert ranked["log-likelihood"][:2] == ["the", "is"]
assert ranked["log-likelihood"][-3:] == ["pier", "tea", "ferry"]
assert ranked["log-likelihood-2"][:3] == ["ferry", "pier", "tea"]
PYTHON
