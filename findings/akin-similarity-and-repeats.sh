#!/usr/bin/env bash
# akin 1.0.1: texts of which half is equal are "a third alike", and a stricter search finds no copy at all.
#
# Expected: the similarity of two MinHash signatures is the share of places where they agree. It estimates
# Jaccard's index, which is the similarity that `min_jaccard` names. A search that asks for two equal
# buckets (`sensitivity=2`) still finds a copy of the same text, since all its buckets are equal.
# Seen: for two texts with an index of 0.48, the signatures agree in 0.47 of the places, and the package
# says 0.31. From `sensitivity=2` on, nothing is found, not even the copy.
# Why: the signatures are compared as sets of numbers, so that each place that differs counts twice. The
# number of equal buckets is added up in a name of its own and never written back, so it stays 1.
# Who is hurt: whoever removes copies of posts before a comparison. With the usual threshold of 0.8, posts
# stay that are 0.85 alike.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'akin==1.0.1' 'mmh3==5.3.1' 'numpy==2.4.6' 'tqdm==4.70.1'
"$folder/venv/bin/python" - <<'PYTHON'
from akin import LSH, KMinHash

ferry = "the ferry leaves the pier at nine and comes back at noon with the mail and the bread"
texts = {
    "text": ferry,
    "copy": ferry,
    "last word differs": ferry.replace("bread", "cheese"),
    "half of it differs": ferry[:56] + "so that we can all have tea together",
}
signatures = KMinHash(n_gram=3, permutations=600, seed=3).transform(list(texts.values()))
found = LSH(permutations=600, no_of_bands=200)
found.update(signatures, list(texts))

pieces = {name: {text[place : place + 3] for place in range(len(text) - 2)} for name, text in texts.items()}
said = {name: share for share, name in found.query("text", include_similarity=True)}
for name, signature in zip(texts, signatures):
    index = len(pieces["text"] & pieces[name]) / len(pieces["text"] | pieces[name])
    agreeing = sum(map(int.__eq__, signatures[0], signature)) / len(signature)
    print(f"{name}: index {index:.2f}, equal places {agreeing:.2f}, said {said.get(name, 1):.2f}")
    assert abs(agreeing - index) < 0.06
    assert abs(said.get(name, 1) - agreeing / (2 - agreeing)) < 0.01
searches = {sensitivity: sorted(found.query("text", sensitivity=sensitivity)) for sensitivity in (1, 2, 3)}
print(searches)
assert "copy" in searches[1] and searches[2] == searches[3] == [], searches
PYTHON
