"""How often someone of the same circle passes for its only author here.

`python -m benchmarks.lone_authors FILE` reads posts with a `kind`, or else a `source`, as a circle.
One author of a circle is here, and named, beside eight authors of other circles; no one of the
circle is shipped. Prints for each circle how many texts by its other authors, and by the author,
are called likely, for one text and for five, and how many of the authors are `lone_author`.
"""

import json
import os
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks import population
from benchmarks.open_trials import Author, fitted
from saywho.engine.judgement import judge
from saywho.engine.population import Shipped
from saywho.engine.profiles import profile_of
from saywho.population import shipped_authors
from saywho.text import has_words, own_words

OTHERS: Final = 8
FEWEST_OF_CIRCLE: Final = 4
SITES: Final = 6
"""Authors of each circle who are tried, each with other others."""
STRANGERS: Final = 3
TEXTS: Final = 12
"""Texts of each stranger, and a third of the author's; sets of five are a third of them."""
KNOWN_SHARE: Final = 0.75


class Answer(NamedTuple):
    posts: int
    is_stranger: bool
    is_likely: bool
    is_lone: bool


def circles_of(path: Path) -> dict[tuple[str, str], list[str]]:
    """Return the authors of each language and circle."""
    circles: dict[tuple[str, str], set[str]] = defaultdict(set)
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            circles[row["lang"], str(row.get("kind") or row["source"])].add(row["author"])
    return {circle: sorted(names) for circle, names in sorted(circles.items())}


def answers_of_circle(
    authors: Mapping[str, population.Author],
    circle: Sequence[str],
    rest: Sequence[str],
    shipped: Shipped,
) -> Iterator[Answer]:
    """Yield the answers about authors of a circle, each beside others of the rest."""
    chance = random.Random(4)
    for name in chance.sample(circle, min(SITES, len(circle))):
        here = {each: _divided(authors[each]) for each in [name, *chance.sample(rest, OTHERS)]}
        profiles = {each: profile_of(author.known) for each, author in here.items()}
        corpus = fitted(here, profiles, list(here), shipped)
        strangers = [each for each in circle if each != name]
        writers = [name] * STRANGERS + chance.sample(strangers, min(STRANGERS, len(strangers)))
        for writer in writers:
            asked = _divided(authors[writer]).asked
            for posts, times in ((1, TEXTS), (5, TEXTS // 3)):
                for _ in range(times if len(asked) >= posts else 0):
                    found = judge(corpus.case(chance.sample(asked, posts), [name]))
                    is_lone = "lone_author" in found.limits
                    yield Answer(posts, writer != name, found.verdict == "likely", is_lone)


def _divided(author: population.Author) -> Author:
    cut = int(len(author.texts) * KNOWN_SHARE)
    asked = [text for text in author.texts[cut:] if has_words(own_words(text))]
    return Author(author.language, author.texts[:cut], asked)


def _passing(answers: Sequence[Answer], *, is_stranger: bool) -> str:
    """Return the percentage called likely, of one post and of five."""
    sides = [a for a in answers if a.is_stranger == is_stranger]
    of_each = [[a.is_likely for a in sides if a.posts == posts] for posts in (1, 5)]
    return " / ".join(f"{100 * np.mean(some):.0f} %" if some else "-" for some in of_each)


def main(arguments: Sequence[str]) -> int:
    """Print the table; return 2 with one line where the file cannot be used."""
    try:
        path = Path(arguments[0])
        authors, circles = population.read_authors(path), circles_of(path)
    except (OSError, ValueError, LookupError) as error:
        print(f"lone_authors: needs a file of posts with kinds: {error}", file=sys.stderr)
        return 2
    print("| language | circle | strangers | right | strangers, if `lone_author` | such authors |")
    print("| --- | --- | --- | --- | --- | --- |")
    found: dict[str, list[Answer]] = defaultdict(list)
    for (lang, kind), circle in circles.items():
        rest = [
            name
            for (other, others_kind), names in circles.items()
            if other == lang and others_kind != kind
            for name in names
        ]
        if len(circle) >= FEWEST_OF_CIRCLE and len(rest) >= OTHERS:
            shipped = _shipped_without(authors, circle)
            answers = list(answers_of_circle(authors, circle, rest, shipped))
            found[lang] += answers
            _print_row(lang, kind, answers)
    for lang, answers in found.items():
        _print_row(lang, "all", answers)
    return 0


def _shipped_without(authors: Mapping[str, population.Author], circle: Sequence[str]) -> Shipped:
    """Return the shipped authors; if they are made of this file, made again without a circle."""
    shipped = shipped_authors()
    posts = sum(len(each) for each in shipped.populations.values())
    if len(authors) != posts:
        return shipped
    left = {name: each for name, each in authors.items() if name not in circle}
    return Shipped(population.populations_of(left), "")


def _print_row(lang: str, kind: str, answers: Sequence[Answer]) -> None:
    lone = [answer for answer in answers if answer.is_lone]
    shares = [
        _passing(some, is_stranger=side) for some, side in ((answers, True), (answers, False))
    ]
    cells = [lang, kind, *shares, _passing(lone, is_stranger=True)]
    print(f"| {' | '.join(cells)} | {len(lone) / len(answers):.0%} |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
