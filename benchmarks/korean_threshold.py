"""The level from which an author of a Korean text is likely, where few others of the language are.

`python -m benchmarks.korean_threshold FILE` reads the posts that the shipped authors are made of,
with a `kind` for each. Installations of one, two and three Korean authors of one kind are tried;
their strangers are others of that kind, which is left out of those shipped. Prints the mean over
the kinds of the shares of strangers and of right authors who are called likely from each level.
"""

import json
import os
import random
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks import population
from benchmarks.open_trials import SHAPES, Author, Trial, small_sites
from saywho.engine.population import Shipped
from saywho.text import has_words, own_words

LEVELS: Final = (0.81, 0.84, 0.85, 0.86, 0.87, 0.88, 0.9, 0.92, 0.94)
SIZES: Final = (1, 2, 3)
MOST_TRIED: Final = 5
"""Authors of each kind."""
KNOWN_SHARE: Final = 0.75
"""Of an author's posts; the others are asked about."""
TEXTS: Final = 4
"""Texts of each author here and of each stranger, three times as many where authors are few."""


def kinds_of(path: Path) -> dict[str, set[str]]:
    """Return the Korean authors of each kind."""
    kinds = defaultdict(set)
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["lang"] == "ko":
                kinds[row["kind"]].add(row["author"])
    return kinds


def trials_of_kind(authors: Mapping[str, population.Author], names: set[str]) -> list[Trial]:
    """Return the answers in installations of authors of one kind, which is not shipped."""
    left = {name: each for name, each in authors.items() if name not in names}
    tried = {}
    for name in random.Random(2).sample(sorted(names), min(MOST_TRIED, len(names))):
        texts = authors[name].texts
        cut = int(len(texts) * KNOWN_SHARE)
        asked = [text for text in texts[cut:] if has_words(own_words(text))]
        tried[name] = Author("ko", texts[:cut], asked)
    shipped = Shipped(population.populations_of(left), "")
    every = small_sites(tried, shipped, sizes=SIZES, own_texts=TEXTS, strange_texts=TEXTS)
    return [trial for trial in every if trial.suspects == trial.site]


def share(trials: Sequence[Trial], level: float, *, is_stranger: bool) -> float:
    """Return the percentage of these texts that are given to an author from this level on."""
    texts = [trial for trial in trials if trial.is_stranger == is_stranger]
    likely = [
        (1 - trial.none) * trial.share >= level and trial.is_right != is_stranger for trial in texts
    ]
    return 100 * float(np.mean(likely))


def main(arguments: Sequence[str]) -> int:
    """Print the table; return 2 with one line where the file cannot be used."""
    try:
        path = Path(arguments[0])
        authors, kinds = population.read_authors(path), kinds_of(path)
    except (OSError, ValueError, LookupError) as error:
        print(f"korean_threshold: needs a file of posts with kinds: {error}", file=sys.stderr)
        return 2
    by_kind = {kind: trials_of_kind(authors, names) for kind, names in sorted(kinds.items())}
    print("| authors here | texts | " + " | ".join(f"from {level:.0%}" for level in LEVELS) + " |")
    print("| --- | --- |" + " --- |" * len(LEVELS))
    for size in SIZES:
        for shape in SHAPES[:2]:
            cells = [
                [trial for trial in trials if (trial.site, trial.shape) == (size, shape)]
                for trials in by_kind.values()
            ]
            cells = [cell for cell in cells if cell]
            if not cells:  # No kind has so many authors.
                continue
            shares = [
                " / ".join(
                    f"{np.mean([share(cell, level, is_stranger=side) for cell in cells]):.1f}"
                    for side in (True, False)
                )
                for level in LEVELS
            ]
            print(f"| {size} | {shape[0]} | " + " | ".join(shares) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
