"""How often one of several texts by one person is said not to fit the others.

`python -m benchmarks.unlike_texts FILE.jsonl` leaves out a quarter of the authors of a language at
a time: of the shipped ones, if the file is the one that these are made of, or the next quarter is
left out as well and is here. In a file with a `split` the quarter is strangers. Of each author
here, sets of 2, 5 and 12 texts of at least eight words are drawn: own ones, and own ones with one
by a stranger. It prints how many of 100 sets are
refused, and of how many more one text is said to speak against the author, for whole posts, and for
posts cut to 12 words. `--alone` puts each author alone on a site.
"""

import argparse
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks.open_trials import Author, fitted, read_authors, read_divided
from saywho.engine.judgement import FEWEST_ALONE, Fit, fit_alone, least_fit, text_against
from saywho.engine.population import Shipped
from saywho.engine.profiles import profile_of
from saywho.population import shipped_authors

PARTS: Final = 4
SETS: Final = (2, 5, 12)
OWN: Final = 60
STRANGE: Final = 30
DRAWS: Final = 300


class Site(NamedTuple):
    here: list[str]
    strangers: list[str]
    shipped: Shipped


class Tried(NamedTuple):
    author: str
    is_own: bool
    fits: tuple[Fit, ...]
    """By the size of the set."""


class Shares(NamedTuple):
    refused: float
    against: float
    """Share of the sets of which one text is said to speak against the author."""


def _sites_of(path: Path, language: str) -> tuple[dict[str, Author], Iterator[tuple[bool, Site]]]:
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


def tried(path: Path, language: str, words: int | None, *, alone: bool) -> Iterator[Tried]:
    """Yield each text, judged alone, of authors here and of strangers."""
    authors, sites = _sites_of(path, language)
    authors = {name: _cut(author, words) for name, author in authors.items()}
    profiles = {name: profile_of(each.known) for name, each in authors.items()}
    for beside, site in sites:
        if beside == alone:
            continue
        corpus = fitted(authors, profiles, site.here, site.shipped)
        strange = [text for name in site.strangers for text in authors[name].asked]
        for name in site.here:
            chance = random.Random(name)
            for is_own, texts, most in (
                (True, authors[name].asked, OWN),
                (False, strange, STRANGE),
            ):
                for text in chance.sample(texts, min(most, len(texts))):
                    case = corpus.case([text], [name])
                    if case.words >= FEWEST_ALONE:
                        fit = fit_alone(case)
                        fits = tuple(Fit(fit, least_fit(case, size)) for size in SETS)
                        yield Tried(name, is_own, fits)


def _cut(author: Author, words: int | None) -> Author:
    known, asked = (
        [" ".join(text.split()[:words]) if words else text for text in texts]
        for texts in (author.known, author.asked)
    )
    return Author(author.lang, known, asked)


def shares(found: Sequence[Tried], size: int) -> tuple[Shares, Shares]:
    """Return the shares of sets of this size: own ones, and with a stranger's text."""
    own, strange = defaultdict[str, list[Fit]](list), defaultdict[str, list[Fit]](list)
    for each in found:
        (own if each.is_own else strange)[each.author].append(each.fits[SETS.index(size)])
    chance, sets = random.Random(1), list[tuple[list[Fit], list[Fit]]]()
    for author, fits in own.items():
        if len(fits) >= size and strange[author]:
            for _ in range(DRAWS):
                drawn = chance.sample(fits, size)
                sets.append((drawn, [*drawn[1:], chance.choice(strange[author])]))
    return _shares([whole for whole, _ in sets]), _shares([mixed for _, mixed in sets])


def _shares(sets: Sequence[Sequence[Fit]]) -> Shares:
    refused = [any(fit.is_unlike() for fit in fits) for fits in sets]
    against = [
        not is_refused and bool(text_against(dict(enumerate(fits))))
        for fits, is_refused in zip(sets, refused, strict=True)
    ]
    return Shares(sum(refused) / max(len(sets), 1), sum(against) / max(len(sets), 1))


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="unlike_texts", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--alone", action="store_true", help="each author alone on a site")
    options = parser.parse_args(argv)
    print("| language | texts | in a set | own: refused; one against | with a stranger's text |")
    print("| --- | --- | --- | --- | --- |")
    for words, label in ((None, "whole posts"), (12, "12 words")):
        for lang in ("en", "ko"):
            found = list(tried(options.file, lang, words, alone=options.alone))
            for size in SETS:
                own, mixed = shares(found, size)
                told = f"{own.refused:.1%}; {own.against:.1%}"
                seen = f"{mixed.refused:.0%}; {mixed.against:.0%}"
                print(f"| {lang} | {label} | {size} | {told} | {seen} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
