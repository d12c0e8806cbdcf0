#!/usr/bin/env bash
# concordancer 0.1.16: "colou?r" finds no colour, "cat|dog" finds catalog, and excluding "a.*" excludes "cat".
#
# Expected: in queries of the corpus query language, a pattern stands for whole words. `"colou?r"` is color or colour,
# `"cat|dog"` one of two words, `[word!="a.*"]` each word that does not begin with a.
# Seen: "colou?r" finds nothing, while "colou*r" finds both. "cat|dog" finds also "catalog" and "bulldog". Of the words
# "the cat sat on an arch", all that have an "a" anywhere are missing from `[word!="a.*"]`.
# Why: a question mark alone does not make a pattern. A pattern gets its marks for start and end without brackets, so
# each holds for one half. What is excluded is looked for within words.
# Who is hurt: whoever counts how often an author uses a word. Sums are too small or too big, and no error says so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'concordancer==0.1.16' 'cqls==0.1.6'
"$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
from concordancer.concordancer import Concordancer

sentences = ["the cat sat on an arch", "a catalog of bulldog colour", "a dog of color"]
corpus = Concordancer([{"text": [sentence.split() for sentence in sentences]}])
expected = {
    '"colou?r"': [],
    '"colou*r"': ["color", "colour"],
    '"cat|dog"': ["bulldog", "cat", "catalog", "dog"],
    '[word!="a.*"]': ["bulldog", "color", "colour", "dog", "of", "of", "on", "the"],
}
for query, words in expected.items():
    found = sorted(hit["keyword"][0]["word"] for hit in corpus.cql_search(query))
    print(query, found)
    assert found == words
PYTHON
