#!/usr/bin/env bash
# faststylometry 1.0.5: calibrating a second corpus changes the probabilities of the first.
#
# Expected: `calibrate(corpus)` gives a corpus its curve, and `predict_proba(corpus, text)` reads probabilities from it.
# Another corpus has another curve.
# Seen: an unknown text is by the right one of four authors with 0.86. After `calibrate` of another corpus, whose authors
# cannot be told apart, the same call for the same corpus and text says 0.39, and 0.45 or more for each wrong author.
# Why: the model is the default value of an argument, `model=LogisticRegression(class_weight="balanced")`. Python
# makes it once, so all corpora have the same one, with the curve of whichever was calibrated last.
# Who is hurt: whoever compares two sets of authors in one program, or in one notebook. Nothing fails, and the numbers stay plausible.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'faststylometry==1.0.5' 'scikit-learn==1.9.1' \
  'numpy==2.4.6' 'pandas==3.1.1'
"$folder/venv/bin/python" - <<'PY'
import random

from faststylometry.corpus import Corpus
from faststylometry.en import tokenise_remove_pronouns_en
from faststylometry.probability import calibrate, predict_proba

words = "the of and to in that it was for on with as at by from but or so very quite rather then when where".split()


def habits(author, strength):
    draw = random.Random(author)
    return [1 + strength * draw.random() * 9 for _ in words]


def tokenised(corpus):
    corpus.tokenise(tokenise_remove_pronouns_en)
    return corpus


def of_four_authors(first, strength):
    corpus = Corpus()
    for author in range(first, first + 4):
        draw = random.Random(f"books of {author}")
        for book in range(3):
            text = " ".join(draw.choices(words, habits(author, strength), k=2000))
            corpus.add_book(f"author {author}", f"book {book}", text)
    return tokenised(corpus)


unknown = Corpus()
unknown.add_book("unknown", "text", " ".join(random.Random(3).choices(words, habits(10, 1), k=2000)))
tokenised(unknown)
distinct, alike = of_four_authors(10, 1), of_four_authors(50, 0)
calibrate(distinct)
before = predict_proba(distinct, unknown).iloc[:, 0]
calibrate(alike)
after = predict_proba(distinct, unknown).iloc[:, 0]
print("before the other corpus:", before.round(2).to_dict())
print("after it:               ", after.round(2).to_dict())
assert distinct.probability_model is alike.probability_model
assert before.idxmax() == "author 10" and before.max() > 0.7
assert (before - after).abs().max() > 0.2
PY
