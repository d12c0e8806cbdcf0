#!/usr/bin/env bash
# stylometry-python 1.4.0: a text exactly in the style of one author is given to another who varies less.
#
# Expected: `predict` names the author with the nearest centroid, by the distance of cosines. A text whose words have
# the very proportions of an author's centroid has the distance 0 from that author.
# Seen: it has 0.22 from her, and 0.05 from another author, who is named.
# Output:
#   Mina: distance of cosines 0.00, said 0.22
#   Jiu: distance of cosines 0.05, said 0.05
#   named: Jiu
# Why: the texts' vectors have the length 1, but their mean is shorter, the more the texts differ. The product with it
# is taken for the cosine, so an author loses for each difference between her own texts.
# Who is hurt: people who ask who wrote a text. People with letters, notes and chats in many moods are found too rarely,
# and people who always write the same are named for them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'stylometry-python==1.4.0' 'numpy==2.4.6' 'scipy==1.17.1'
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from stylometry import StyleAnalyzer

style = StyleAnalyzer(function_words=["the", "and"], min_words=5)
style.fit(["the " * 9 + "and ferry", "and " * 9 + "the ferry"], "Mina")
style.fit(["the " * 8 + "and " * 4 + "gull", "the " * 8 + "and " * 4 + "pier"], "Jiu")
text = "the " * 6 + "and " * 6 + "boat"

named, distances = style.predict(text)
for name, centroid in style._centroids.items():
    cosine = style.vectorize(text) @ centroid / np.linalg.norm(centroid)
    print(f"{name}: distance of cosines {abs(1 - cosine):.2f}, said {distances[name]:.2f}")
print("named:", named)
assert named == "Jiu"
assert [round(distances[name], 2) for name in ("Mina", "Jiu")] == [0.22, 0.05], distances
PYTHON
