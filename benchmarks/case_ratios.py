"""How often a ratio occurs, and what it is worth: `python -m benchmarks.case_ratios FILE.jsonl`.

Somebody is asked about alone: for their own texts, and for texts by strangers, who are neither here
nor shipped. A text is one post of five words or more, or several posts by one hand. The author is
alone here, or beside others of the language.

- In the file of which the shipped authors are made (`benchmarks.population`), a quarter of the
  authors of a language is left out of the shipped ones at a time. Each of them is alone here, and
  the others of the quarter are the strangers. Or the next quarter is left out as well: it is here,
  and its authors are asked about one at a time.
- In a file with a `split` the authors are not shipped. A quarter of them is strangers.

For each band of the ratio it prints the mean of its logarithm (to base 10) and what it was worth:
the logarithm of the share of own texts over that of strangers' texts. The word of a report goes by
a part of the logarithm (`WORTH_OF`), so that no band with twenty texts on each side is more than .3
too strong. `--write` puts the numbers of texts into `case_rates.json`, from which reports tell how
often a ratio occurs; so it is done with the first kind of file.
"""

import argparse
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import msgspec
import numpy as np

from app.parts.cases.ratios import (
    LENGTHS,
    RATES_FILE,
    CaseRates,
    Counted,
    cells_of,
    length_of,
    worth,
)
from benchmarks.open_trials import Author, fitted, read_authors, read_divided
from saywho.engine.case import query_of_texts
from saywho.engine.features import Counts
from saywho.engine.fitting import Corpus
from saywho.engine.judgement import MODEL, judge
from saywho.engine.population import Shipped
from saywho.engine.profiles import profile_of
from saywho.population import shipped_authors
from saywho.text import own_words, word_count

PARTS: Final = 4
SIZES: Final = (1, 5, 20)
"""Posts by one hand."""
OWN: Final = {1: 24, 5: 8, 20: 4}
STRANGE: Final = {1: 4, 5: 2, 20: 1}
"""Texts of each size, of an author and of each stranger; of Korean authors, of whom there are few,
four times as many."""
FEWEST_WORDS: Final = 5
MANY: Final = 20
"""Authors of a language from which on they are many."""
BANDS: Final = (-9.0, -2.0, -1.0, -float(np.log10(2)), float(np.log10(2)), 1.0, 2.0, 9.0)
FEWEST_IN_BAND: Final = 20


class Ratio(NamedTuple):
    beside: bool
    """Whether others of the language are here."""
    size: int
    words: int
    log10: float
    is_at_bound: bool
    is_own: bool
    author: str
    writer: str

    @property
    def length(self) -> int:
        return length_of(self.words)


class Site(NamedTuple):
    here: list[str]
    strangers: list[str]
    shipped: Shipped


def sites_of(path: Path, language: str) -> tuple[dict[str, Author], Iterator[tuple[bool, Site]]]:
    """Return the authors of a language, and who is here, who is away, and who is shipped."""
    if '"split"' in path.open(encoding="utf-8").readline():
        authors = {name: each for name, each in read_authors(path).items() if each.lang == language}
        everybody = shipped_authors()
        return authors, _unshipped(sorted(authors), everybody)
    authors, without = read_divided(path, language)
    return authors, _from_shipped(sorted(authors), without)


def _unshipped(names: list[str], everybody: Shipped) -> Iterator[tuple[bool, Site]]:
    for name in names:
        yield False, Site([name], [each for each in names if each != name], everybody)
    for away in _parts(names):
        yield True, Site([name for name in names if name not in away], away, everybody)


def _from_shipped(
    names: list[str], without: Callable[[Collection[str]], Shipped]
) -> Iterator[tuple[bool, Site]]:
    parts = _parts(names)
    for place, away in enumerate(parts):
        others = without(away)
        for name in away:
            yield False, Site([name], [each for each in away if each != name], others)
        here = parts[(place + 1) % len(parts)]
        yield True, Site(here, away, without([*away, *here]))


def _parts(names: Sequence[str]) -> list[list[str]]:
    shuffled = random.Random(11).sample(names, len(names))
    return [shuffled[place::PARTS] for place in range(PARTS)]


def ratios_of(path: Path, language: str) -> Iterator[Ratio]:
    authors, sites = sites_of(path, language)
    profiles = {name: profile_of(each.known) for name, each in authors.items()}
    times = 1 if len(authors) >= MANY else 4
    for beside, site in sites:
        corpus = fitted(authors, profiles, site.here, site.shipped)
        chance = random.Random(5)
        # A text is asked about all authors here in turn, and so read once.
        for writer in (*site.here, *site.strangers):
            is_here = writer in site.here
            for size, most in (OWN if is_here else STRANGE).items():
                for texts in _drawn(authors[writer], size, most * times, chance):
                    query = query_of_texts(texts)
                    for name in [writer] if is_here else site.here:
                        if ratio := _ratio(corpus, query, texts, name):
                            yield Ratio(beside, size, *ratio, is_here, name, writer)


def _drawn(
    author: Author, size: int, most: int, chance: random.Random
) -> Iterator[tuple[str, ...]]:
    asked = [text for text in author.asked if word_count(own_words(text)) >= FEWEST_WORDS]
    chance.shuffle(asked)
    for place in range(min(most, len(asked) // size)):
        yield tuple(asked[place * size : (place + 1) * size])


def _ratio(
    corpus: Corpus, query: Counts, texts: Sequence[str], name: str
) -> tuple[int, float, bool] | None:
    case = corpus.case(texts, [name])
    found = judge(replace(case, known_ranking=case.rank(query)))
    if found.log10[0] is None:
        return None
    return case.words, found.log10[0], found.bounds[0] is not None


def counted(ratios: Sequence[Ratio]) -> list[list[Counted]]:
    """Return the numbers of texts of an author alone and beside others, by length."""
    return [
        [
            _counted([each for each in ratios if (each.beside, each.length) == (beside, length)])
            for length in range(len(LENGTHS))
        ]
        for beside in (False, True)
    ]


def _counted(ratios: Sequence[Ratio]) -> Counted:
    own, strange = ([each for each in ratios if each.is_own == is_own] for is_own in (True, False))
    cells = [cells_of(each.log10 for each in some) for some in (own, strange)]
    people = [len({each.writer for each in some}) for some in (own, strange)]
    return Counted(cells[0], cells[1], people[0], people[1])


def bands_of(ratios: Sequence[Ratio], language: str, *, beside: bool) -> Iterator[tuple[str, ...]]:
    """Yield the bands: shares of texts, mean and worth, and what the report counts it as."""
    is_own = np.array([each.is_own for each in ratios])
    logs = np.array([each.log10 for each in ratios])
    for low, high in pairwise(BANDS):
        inside = (logs >= low) & (logs < high)
        own, strange = (inside & is_own).sum(), (inside & ~is_own).sum()
        if not own and not strange:
            continue
        shares = own / max(is_own.sum(), 1), strange / max((~is_own).sum(), 1)
        mean = float(logs[inside].mean())
        measured = np.log10(shares[0] / shares[1]) if own and strange else np.nan
        told_as = worth(mean, language, beside=beside)
        too_strong = abs(told_as) - abs(measured) if np.sign(measured) == np.sign(mean) else np.nan
        is_sure = min(own, strange) >= FEWEST_IN_BAND
        yield (
            f"{low:.1f} to {high:.1f}",
            f"{own} ({shares[0]:.1%})",
            f"{strange} ({shares[1]:.2%})",
            f"{mean:.2f}",
            f"{measured:.2f}",
            f"{told_as:.2f}",
            f"{too_strong:+.2f}" if is_sure else "few",
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the bands of each language, place and size."""
    parser = argparse.ArgumentParser(prog="case_ratios", description=__doc__)
    parser.add_argument("path", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--write", action="store_true", help="write case_rates.json")
    options = parser.parse_args(argv)
    rates = dict[str, list[list[Counted]]]()
    for language in ("en", "ko"):
        ratios = list(ratios_of(options.path, language))
        rates[language] = counted(ratios)
        for beside in (False, True):
            for size in SIZES:
                some = [each for each in ratios if (each.beside, each.size) == (beside, size)]
                _print(some, language, size, beside=beside)
    if options.write:
        today = datetime.now(UTC).date().isoformat()
        written = CaseRates(today, MODEL, rates)
        RATES_FILE.write_bytes(msgspec.json.encode(written) + b"\n")
    return 0


def _print(some: Sequence[Ratio], language: str, size: int, *, beside: bool) -> None:
    own, strange = ([each for each in some if each.is_own == is_own] for is_own in (True, False))
    if not own or not strange:
        return
    people = len({each.writer for each in own}), len({each.writer for each in strange})
    at_bound = np.mean([each.is_at_bound and each.log10 > 0 for each in own])
    place = "beside others" if beside else "alone here"
    print(
        f"\n{language}, {place}, {size} posts: {len(own)} texts of {people[0]} people,"
        f" {len(strange)} of {people[1]} strangers; own at the upper bound {at_bound:.0%}\n"
    )
    print(
        "| log10 | own | strangers | mean | worth | told as | too strong |\n" + "| --- " * 7 + "|"
    )
    for row in bands_of(some, language, beside=beside):
        print(f"| {' | '.join(row)} |")
    pairs = defaultdict[tuple[str, str], list[bool]](list)
    for each in strange:
        pairs[each.author, each.writer].append(each.log10 >= 1)
    worst = max(np.mean(found) for found in pairs.values())
    print(
        f"\nstrangers with 10 or more: {np.mean([each.log10 >= 1 for each in strange]):.1%};"
        f" worst of {len(pairs)} pairs {worst:.0%}"
    )


if __name__ == "__main__":
    sys.exit(main())
