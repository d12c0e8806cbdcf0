#!/usr/bin/env bash
# aize 0.1.0: in the statistics of a vocabulary, words of more than ten letters and of fewer than three are no words.
#
# Expected: "vocabulary growth (types vs tokens)" and the "word frequency distribution" count words. `compute_stats` of the same
# package counts twelve in "Unfortunately, communication is a responsibility. It is a skill, an art, too."
# Seen: `analyze_heaps` has 3 tokens and 3 types: skill, art, too. So has `analyze_zipf`. "unfortunately", "communication",
# "responsibility", "is", "it", "a" and "an" are missing. In other texts "NASA" is, and "don't" is "don".
# Why: words are what `\b[A-Za-z][a-z]{2,9}\b` finds. Neither the documentation nor the result says so.
# Who is hurt: whoever compares authors. Short words such as "I", "we" and "of", which tell authors apart best, and the long words of
# learned texts do not count, so a text full of them can have the same richness as a text without them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# The three functions need no other package; the package as a whole downloads data when it is imported.
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'aize==0.1.0'
"$folder/venv/bin/python" - <<'PY'
import runpy
import sysconfig
from pathlib import Path

analysis = Path(sysconfig.get_path("purelib")) / "aize" / "analysis"


def function(module, name):
    return runpy.run_path(str(analysis / f"{module}.py"))[name]


text = "Unfortunately, communication is a responsibility. It is a skill, an art, too."
words = function("stats", "compute_stats")(text)["words"]
heaps, zipf = function("heaps", "analyze_heaps")(text), function("zipf", "analyze_zipf")(text)
print("compute_stats:", words, "words")
print("analyze_heaps:", heaps["total_tokens"], "tokens,", heaps["total_types"], "types")
print("analyze_zipf: ", zipf["frequency"])
assert words == 12, words
assert (heaps["total_tokens"], heaps["total_types"]) == (3, 3), heaps
assert zipf["frequency"] == {"skill": 1, "art": 1, "too": 1}, zipf
PY
