#!/usr/bin/env bash
# stylometry-cli 1.0.2: a line that stands in a text twice counts once, and a short line in brackets does not count.
#
# Expected: all words of a text count. The commas of a piece of a text are as many as it has.
# Seen: of a song with a refrain, and of a conversation in which somebody says "Yes." three times, each equal
# line counts once. "(I know.)" is missing. Each piece of a text has no comma, no question mark and one sentence.
# Why: "paragraphs" are dropped that were there before, but each line is taken for a paragraph. A line in
# brackets with up to three words is taken for a remark such as "(laughter)". A piece is put together from words alone.
# Who is hurt: whoever measures style. What a person says again and again is what is looked for, and in the map of
# pieces all authors use the same punctuation: none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'stylometry-cli==1.0.2' \
  'numpy==2.4.6' 'pandas==3.0.6' 'scikit-learn==1.9.1' 'pypdf==7.1.1'
mkdir "$folder/mina" "$folder/jiu"
printf '%s\n' 'Is it late?' 'Yes.' 'Is it cold?' 'Yes.' '(I know.)' 'Will you wait?' 'Yes.' >"$folder/mina/talk.txt"
printf 'The ferry, they say, is late, and why? %.0s' {1..60} >"$folder/jiu/ferry.txt"
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import sys

from stylometry.loaders import chunk_doc, load_corpus
from stylometry.metrics import compute_metrics_for_text
from stylometry.normalizer import NormalizerConfig

(talk,), _ = load_corpus("Mina", f"{sys.argv[1]}/mina", NormalizerConfig())
(ferry,), _ = load_corpus("Jiu", f"{sys.argv[1]}/jiu", NormalizerConfig())
print(talk.text.splitlines())
assert talk.text.splitlines() == ["Is it late?", "Yes.", "Is it cold?", "Will you wait?"]
pieces = [
    compute_metrics_for_text(piece.word_tokens, piece.sentences, piece.text, ["the"], 100)
    for piece in chunk_doc(ferry, 200)
]
print(ferry.text.count(","), [(each["punct_commas_per_1000w"], each["sentence_count"]) for each in pieces])
assert ferry.text.count(",") == 180
assert {(each["punct_commas_per_1000w"], each["sentence_count"]) for each in pieces} == {(0, 1)}
PYTHON
