"""How often one of several texts by one person is said not to fit the others.

`python -m benchmarks.unlike_texts FILE.jsonl` reads the lines that `benchmarks.open_question`
reads. Of each author here, sets of 2, 5 and 12 texts of at least eight words are drawn: own ones,
and own ones with one by a stranger. It prints how many of 100 sets are refused, for whole posts,
and for posts cut to 12 words.
"""

import argparse
import os
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from app.compute.judgement import FEWEST_ALONE, fit_alone, least_fit
from app.compute.profiles import profile_of
from app.population import shipped_authors
from benchmarks.open_trials import fitted, quarters, read_authors

SETS: Final = (2, 5, 12)
OWN: Final = 60
STRANGE: Final = 30
DRAWS: Final = 300


class Tried(NamedTuple):
    author: str
    lang: str
    is_own: bool
    is_unlike: tuple[bool, ...]
    """By the size of the set."""


def tried(path: Path, words: int | None) -> Iterator[Tried]:
    """Yield each text, judged alone, of authors here and of strangers."""
    authors, shipped = read_authors(path, words), shipped_authors()
    profiles = {name: profile_of(each.known) for name, each in authors.items()}
    for gone in quarters(authors, random.Random(0)):
        here = [name for name in authors if name not in gone]
        corpus = fitted(authors, profiles, here, shipped)
        for name in here:
            author, chance = authors[name], random.Random(name)
            others = [authors[each].asked for each in gone if authors[each].lang == author.lang]
            strange = [text for asked in others for text in asked]
            for is_own, texts, most in ((True, author.asked, OWN), (False, strange, STRANGE)):
                for text in chance.sample(texts, min(most, len(texts))):
                    case = corpus.case([text], [name])
                    if case.words >= FEWEST_ALONE:
                        fit = fit_alone(case)
                        unlike = tuple(fit < least_fit(case, size) for size in SETS)
                        yield Tried(name, author.lang, is_own, unlike)


def shares(found: Sequence[Tried], size: int) -> tuple[float, float]:
    """Return the shares of refused sets of this size: own ones, and with a stranger's text."""
    own, strange = defaultdict[str, list[bool]](list), defaultdict[str, list[bool]](list)
    for each in found:
        (own if each.is_own else strange)[each.author].append(each.is_unlike[SETS.index(size)])
    chance, refused, seen, total = random.Random(1), 0, 0, 0
    for author, texts in own.items():
        if len(texts) >= size and strange[author]:
            for _ in range(DRAWS):
                total += 1
                *rest, last = chance.sample(texts, size)
                refused += last or any(rest)
                seen += chance.choice(strange[author]) or any(rest)
    return refused / max(total, 1), seen / max(total, 1)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="unlike_texts", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    options = parser.parse_args(argv)
    print("| language | texts | in a set | own sets refused | with a stranger's text |")
    print("| --- | --- | --- | --- | --- |")
    for words, label in ((None, "whole posts"), (12, "12 words")):
        found = list(tried(options.file, words))
        for lang in sorted({each.lang for each in found}):
            for size in SETS:
                own, mixed = shares([each for each in found if each.lang == lang], size)
                print(f"| {lang} | {label} | {size} | {own:.1%} | {mixed:.0%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
