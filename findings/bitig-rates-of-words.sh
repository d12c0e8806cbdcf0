#!/usr/bin/env bash
# bitig 0.3.1: who uses "the" ten times as often has the same style; Eder's simple delta is Burrows' once more.
#
# Expected: the rate of a word is its number divided by the length of the text. "Eder's simple delta" sums the
# differences of the square roots of rates, so it may name another author than Burrows' does.
# Seen: Mina writes "the" and "and" in 30 of 60 words, Jiu in 6 of 116. A text of Mina's rates has the distance 0
# from both, and Jiu is named, who comes first in the alphabet. In every case, the two deltas differ by one factor.
# Why: a number is divided by the sum of the chosen words of that text, not by all its words. Eder's simple delta gets
# the same standardised rates as Burrows', without roots.
# Who is hurt: whoever asks who wrote a text. How much somebody leans on small words is the oldest sign of style, and
# it is divided away. A second method that always agrees seems to confirm the first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'bitig==0.3.1' 'numpy==2.4.6' 'scikit-learn==1.9.1'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from bitig.corpus import Corpus, Document
from bitig.features import MFWExtractor
from bitig.methods.delta import BurrowsDelta, EderSimpleDelta


def text(the, and_, others):
    return "the " * the + "and " * and_ + " ".join(f"{letter}x" for letter in "bcdefghijk" * (others // 10))


known = {"Mina": text(20, 10, 30), "Jiu": text(4, 2, 110), "Hana": text(10, 20, 30)}
asked = Corpus(documents=[Document(id="asked", text=text(40, 20, 60), metadata={})], language="en")
corpus = Corpus(documents=[Document(id=name, text=words, metadata={}) for name, words in known.items()], language="en")
words = MFWExtractor(n=2, scale="zscore").fit(corpus)
features, question, names = words.transform(corpus), words.transform(asked), np.array(list(known))
distances = {}
for delta in (BurrowsDelta(), EderSimpleDelta()):
    delta.fit(features, names)
    distances[type(delta).__name__] = dict(zip(delta.classes_, -delta.decision_function(question)[0]))
    print(type(delta).__name__, distances[type(delta).__name__], delta.predict(question))
    assert delta.predict(question)[0] == "Jiu"
assert distances["BurrowsDelta"]["Mina"] == distances["BurrowsDelta"]["Jiu"] == 0
for name in names:
    assert distances["EderSimpleDelta"][name] == 2 * distances["BurrowsDelta"][name]
PYTHON
