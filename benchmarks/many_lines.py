"""What a table of many lines says: `python -m benchmarks.many_lines FILE.jsonl`.

It reads what `benchmarks.case_ratios` reads, and puts the same English authors here and away: the
posts of the latter are strangers' lines. Of each author here, tables of lines are drawn: so many of
the author's own posts, and others by up to five strangers. It prints how the estimated share
compares with the true one, and how many lines are called likely, rightly and wrongly: with a
starting belief of one half, with the estimated share in its place, and as it is done, which is more
cautious beside many others (`CAUTION`).

`--alone` puts each author alone on a site. `--half 0` and `--half 1` print the tables of one half
of the authors: the caution was chosen on half 1, where the bars were missed.
"""

import argparse
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from app.services.compare.batch_lines import FEWEST_OWN, SURE_BOUNDS, believed, is_beside_many
from benchmarks.case_ratios import sites_of
from benchmarks.open_trials import fitted
from saywho.engine.case import query_of_texts
from saywho.engine.features import Counts
from saywho.engine.fitting import Corpus
from saywho.engine.judgement import SURE, judge
from saywho.engine.profiles import profile_of
from saywho.engine.shares import share_of

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
    beside_many: bool

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


class Judged(NamedTuple):
    author: str
    own: list[Line]
    strange: list[list[Line]]
    """Of each stranger, about the author."""


def lines_of(path: Path, *, alone: bool) -> list[Judged]:
    """Return the own lines of each author here, and the lines of each stranger about them."""
    authors, sites = sites_of(path, LANGUAGE)
    profiles = {name: profile_of(each.known) for name, each in authors.items()}
    judged = list[Judged]()
    for beside, site in sites:
        if beside == alone:
            continue
        corpus = fitted(authors, profiles, site.here, site.shipped)
        found = {name: Judged(name, [], []) for name in site.here}
        for name in site.here:
            found[name].own.extend(_lines(corpus, [name], authors[name].asked[:OWN])[name])
        for far in site.strangers:
            about = _lines(corpus, site.here, authors[far].asked[:STRANGE])
            for name in site.here:
                found[name].strange.append(about[name])
        judged += found.values()
    return judged


def _lines(corpus: Corpus, names: Sequence[str], texts: Sequence[str]) -> dict[str, list[Line]]:
    """Return each text's line about each author; a text is read once for all."""
    lines: dict[str, list[Line]] = {name: [] for name in names}
    for text in texts:
        query = query_of_texts([text])
        for name in names:
            if line := _line(corpus, name, text, query):
                lines[name].append(line)
    return lines


def _line(corpus: Corpus, name: str, text: str, query: Counts) -> Line | None:
    case = corpus.case([text], [name])
    case = replace(case, known_ranking=case.rank(query))
    found = judge(case, SURE)
    if found.log10[0] is None:
        return None
    may_be_likely = judge(case, SURE_BOUNDS[1]).verdict == "likely"
    ratio = found.log10[0] * float(np.log(10))
    return Line(ratio, found.needed, may_be_likely, is_beside_many(found.limits))


def half_of(judged: Sequence[Judged], half: int) -> list[Judged]:
    names = sorted({each.author for each in judged})
    first = set(random.Random(3).sample(names, len(names) // 2))
    return [each for each in judged if (each.author in first) == (half == 0)]


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


Belief = Callable[[float, bool], float]
"""Function of the estimated share, and of whether many others are here."""
BELIEFS: Final[dict[str, Belief]] = {
    "one half": lambda _share, _many: SURE,
    "share": lambda share, _many: believed(share, beside_many=False),
    "as it is": lambda share, many: believed(share, beside_many=many),
}


def told(table: Table, belief: str) -> Found:
    """Return what a table says with a starting belief."""
    lines = [*table.own, *table.strange]
    estimate = share_of(np.array([line.ratio for line in lines])).share
    used = BELIEFS[belief](estimate, any(line.beside_many for line in lines))
    if belief != "one half" and estimate < FEWEST_OWN:
        return Found(estimate, 0, 0, 0.0)
    own, strange = ([line for line in some if line.is_likely(used)] for some in table)
    expected = sum(1 - line.chance(used) for line in (*own, *strange))
    return Found(estimate, len(own), len(strange), expected)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="many_lines", description=__doc__)
    parser.add_argument("path", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--alone", action="store_true", help="each author alone on a site")
    parser.add_argument("--half", type=int, choices=[0, 1], help="of the authors (all)")
    parser.add_argument("--tables", type=int, default=300, help="of each kind (300)")
    parser.add_argument("--lines", type=int, default=200, help="of a table (200)")
    options = parser.parse_args(argv)
    judged = lines_of(options.path, alone=options.alone)
    if options.half is not None:
        judged = half_of(judged, options.half)
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
            _, known, strange = chance.choice(judged)
            table = drawn(known, strange, share, options.lines, chance)
            for belief in BELIEFS:
                rows[belief].append(told(table, belief))
        estimates = np.array([row.estimate for row in rows["as it is"]])
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
        each = [" → ".join(figure(rows[belief]) for belief in BELIEFS) for figure in figures]
        print(f"| {share:.0%} | {about} | {' | '.join(each)} |")
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
