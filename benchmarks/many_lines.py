"""What a table of many lines says: `python -m benchmarks.many_lines FILE.jsonl`.

It reads the lines that `benchmarks.open_question` reads, and leaves a quarter of the English
authors out at a time: their posts are strangers' lines. Of each author here, tables of lines are
drawn: so many of the author's own posts, and others by up to five strangers. It prints how the
estimated share compares with the true one, and how many lines are called likely, rightly and
wrongly, with a starting belief of one half and with the estimated share in its place.
"""

import argparse
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from app.compute.fitting import Corpus
from app.compute.judgement import SURE, judge
from app.compute.profiles import profile_of
from app.compute.shares import share_of
from app.population import shipped_authors
from app.services.compare.batch_lines import FEWEST_OWN, SURE_BOUNDS
from benchmarks.open_trials import fitted, quarters, read_authors

SHARES: Final = (0.0, 0.02, 0.1, 0.3, 0.5, 1.0)
OWN: Final = 60
STRANGE: Final = 30
STRANGERS: Final = 5
"""Strangers in a table, at most."""
LANGUAGE: Final = "en"


class Line(NamedTuple):
    ratio: float
    """Natural logarithm."""
    needed: float
    may_be_likely: bool
    """Whether nothing but the probability holds it back."""

    def chance(self, sure: float) -> float:
        odds = sure / (1 - sure) * np.exp(self.ratio)
        return float(odds / (1 + odds))

    def is_likely(self, sure: float) -> bool:
        return self.may_be_likely and self.chance(sure) >= self.needed


class Table(NamedTuple):
    own: list[Line]
    strange: list[Line]


class Found(NamedTuple):
    estimate: float
    found: int
    wrong: int
    expected: float
    """Expected number of wrong lines."""


def lines_of(path: Path, turns: int) -> list[tuple[list[Line], list[list[Line]]]]:
    """Return the own lines of each author here, and the lines of each stranger about them."""
    authors, shipped = read_authors(path), shipped_authors()
    authors = {name: each for name, each in authors.items() if each.lang == LANGUAGE}
    profiles = {name: profile_of(each.known) for name, each in authors.items()}
    judged = []
    for gone in quarters(authors, random.Random(0))[:turns]:
        here = [name for name in authors if name not in gone]
        corpus = fitted(authors, profiles, here, shipped)

        for name in here:
            own = _lines(corpus, name, authors[name].asked[:OWN])
            strange = [_lines(corpus, name, authors[far].asked[:STRANGE]) for far in sorted(gone)]
            judged.append((own, strange))
    return judged


def _lines(corpus: Corpus, name: str, texts: Sequence[str]) -> list[Line]:
    lines = []
    for text in texts:
        case = corpus.case([text], [name])
        alone = judge(case, SURE)
        if alone.log10[0] is not None:
            may_be_likely = judge(case, SURE_BOUNDS[1]).verdict == "likely"
            lines.append(Line(alone.log10[0] * float(np.log(10)), alone.needed, may_be_likely))
    return lines


def drawn(
    own: Sequence[Line],
    strange: Sequence[Sequence[Line]],
    share: float,
    size: int,
    chance: random.Random,
) -> Table:
    count = round(share * size)
    picked = chance.sample(strange, min(STRANGERS, len(strange)))
    pool = [line for lines in picked for line in lines]
    return Table(chance.choices(own, k=count), chance.choices(pool, k=size - count))


def told(table: Table, sure: float | None) -> Found:
    """Return what a table says with a starting belief, or with the share that it estimates."""
    ratios = np.array([line.ratio for line in (*table.own, *table.strange)])
    estimate = share_of(ratios).share
    used = sure or min(max(estimate, SURE_BOUNDS[0]), SURE_BOUNDS[1])
    if sure is None and estimate < FEWEST_OWN:
        return Found(estimate, 0, 0, 0.0)
    own, strange = ([line for line in lines if line.is_likely(used)] for lines in table)
    expected = sum(1 - line.chance(used) for line in (*own, *strange))
    return Found(estimate, len(own), len(strange), expected)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="many_lines", description=__doc__)
    parser.add_argument("path", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--turns", type=int, default=4, help="quarters left out (4)")
    parser.add_argument("--tables", type=int, default=300, help="of each kind (300)")
    parser.add_argument("--lines", type=int, default=200, help="of a table (200)")
    options = parser.parse_args(argv)
    judged = lines_of(options.path, options.turns)
    chance = random.Random(1)
    print(
        "| own lines | estimate (1st to 9th tenth) | within .12 | found | wrong of likely"
        " | wrong lines | expected wrong | tables without a wrong line |"
    )
    print("| --- " * 8 + "|")
    for share in SHARES:
        rows = defaultdict[str, list[Found]](list)
        own = round(share * options.lines)
        for _ in range(options.tables):
            table = drawn(*chance.choice(judged), share, options.lines, chance)
            rows["one half"].append(told(table, SURE))
            rows["estimate"].append(told(table, None))
        estimates = np.array([row.estimate for row in rows["estimate"]])
        near = np.mean(np.abs(estimates - own / options.lines) <= 0.12)
        tenths = " to ".join(f"{each:.2f}" for each in np.quantile(estimates, [0.1, 0.9]))
        about = f"{estimates.mean():.2f} ({tenths}) | {near:.0%}"
        figures: list[Callable[[Sequence[Found]], str]] = [
            partial(_found, own=own),
            _wrong_of_likely,
            lambda some: f"{np.mean([one.wrong for one in some]):.1f}",
            lambda some: f"{np.mean([one.expected for one in some]):.1f}",
            lambda some: _part(sum(not one.wrong for one in some), len(some)),
        ]
        both = [
            " → ".join(figure(rows[kind]) for kind in ("one half", "estimate"))
            for figure in figures
        ]
        print(f"| {share:.0%} | {about} | {' | '.join(both)} |")
    return 0


def _found(some: Sequence[Found], own: int) -> str:
    return _part(sum(one.found for one in some), own * len(some))


def _wrong_of_likely(some: Sequence[Found]) -> str:
    wrong = sum(one.wrong for one in some)
    return _part(wrong, wrong + sum(one.found for one in some))


def _part(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"


if __name__ == "__main__":
    sys.exit(main())
