"""How often people of a further shipped language are called likely: `python -m
benchmarks.shipped_languages POSTS.jsonl [OTHERS.jsonl]`.

POSTS are those that the shipped authors are made of (`benchmarks.gathered`), OTHERS posts of people
of another source, in the same form. Small installations are drawn, of one to three people whose
oldest three quarters of posts are known: of a quarter of the shipped authors, who are then not
shipped, and of others, with all shipped. Asked are newest posts, single sentences of these, and
sets of five posts, by the people here and by four others of the same source, but not by the next
piece of a treebank (`es-treebank-02` after 01), which may be of the same document. Prints the
shares of strangers and right ones who are likely from each threshold on, which is that of one text:
five posts need higher odds. Last is the threshold from which the upper bound of the strangers is 3
%.
"""

import argparse
import os
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks import population
from saywho.engine.fitting import CorpusAuthor, chained, fit_corpus
from saywho.engine.judgement import BY_NUMBER, judge
from saywho.engine.population import Shipped
from saywho.engine.profiles import profile_of
from saywho.population import shipped_authors
from saywho.text import has_words, own_words

LEVELS: Final = (0.78, 0.81, 0.84, 0.88, 0.91, 0.93, 0.95)
SIZES: Final = (1, 2, 3)
QUARTERS: Final = 4
KNOWN_SHARE: Final = 0.75
FEWEST_KNOWN: Final = 30
FEWEST_ASKED: Final = 6
STRANGERS: Final = 4
OWN_TEXTS: Final = 6
STRANGE_TEXTS: Final = 3
"""Texts of each person here, and of each stranger."""
SETS: Final = 2
MOST_STRANGERS: Final = 0.03
BOUND: Final = 0.9
"""Share of the sets of people drawn again in which at most so many strangers are likely."""
SETS_OF_PEOPLE: Final = 400
PIECE: Final = re.compile(r"(.+-treebank)-(\d+)")
SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+")


class Person(NamedTuple):
    known: list[str]
    asked: list[str]


class Answer(NamedTuple):
    shape: str
    is_alone: bool
    """Whether nobody else here writes the language."""
    is_stranger: bool
    probability: float
    """Of the likeliest author, as if of one text, if nothing but the threshold could hold a name
    back and, of a text by someone here, if it is the right one; otherwise 0.
    """
    people: tuple[str, str]
    """The writer and the likeliest author."""


def people_of(authors: Mapping[str, population.Author]) -> dict[str, Person]:
    people = {}
    for name, author in authors.items():
        cut = int(len(author.texts) * KNOWN_SHARE)
        asked = [text for text in author.texts[cut:] if has_words(own_words(text))]
        if cut >= FEWEST_KNOWN and len(asked) >= FEWEST_ASKED:
            people[name] = Person(author.texts[:cut], asked)
    return people


def sentence_of(text: str) -> str:
    """Return the first sentence of 5 to 25 words, or else the first twelve words."""
    for sentence in SENTENCE.split(text):
        if 5 <= len(sentence.split()) <= 25:
            return sentence
    return " ".join(text.split()[:12])


def are_neighbours(one: str, other: str) -> bool:
    """Return whether both are pieces of a treebank that follow each other."""
    first, second = PIECE.fullmatch(one), PIECE.fullmatch(other)
    if first is None or second is None or first[1] != second[1]:
        return False
    return abs(int(first[2]) - int(second[2])) == 1


def answers(
    people: Mapping[str, Person], shipped: Shipped, draws: int, chance: random.Random
) -> Iterator[Answer]:
    """Yield the answers in installations of one, two and three of these people."""
    names = sorted(people)
    for size in SIZES:
        for _ in range(draws if size < len(names) else 0):
            here = chance.sample(names, size)
            corpus = fit_corpus(
                {
                    name: CorpusAuthor(
                        profile_of(people[name].known),
                        chained(enumerate(people[name].known[::-1]), {}),
                        None,
                    )
                    for name in here
                },
                shipped,
            )
            rest = [
                name
                for name in names
                if name not in here and not any(are_neighbours(name, each) for each in here)
            ]
            for writer in [*here, *chance.sample(rest, min(STRANGERS, len(rest)))]:
                asked, is_stranger = people[writer].asked, writer not in here
                texts = [
                    chance.choice(asked) for _ in range(STRANGE_TEXTS if is_stranger else OWN_TEXTS)
                ]
                shapes = [("post", [text]) for text in texts]
                shapes += [("sentence", [sentence_of(text)]) for text in texts]
                shapes += [("five posts", chance.sample(asked, 5)) for _ in range(SETS)]
                for shape, some in shapes:
                    case = corpus.case(some, here)
                    found = judge(case)
                    is_named = found.held_back is None and found.none is not None
                    if not is_stranger:
                        is_named = is_named and here[found.order[0]] == writer
                    share = float(case.ranking.probabilities.max())
                    likely = (1 - found.none) * share if is_named and found.none is not None else 0
                    odds = likely / (1 - likely) / len(some) ** BY_NUMBER
                    first = here[found.order[0]]
                    yield Answer(shape, size == 1, is_stranger, odds / (1 + odds), (writer, first))


def holding_level(strange: Sequence[Answer], chance: random.Random) -> float:
    """Return the threshold from which the upper bound of the likely strangers is 3 %.

    People are drawn again with replacement, since the answers about one person are alike: an answer
    counts as often as its writer is drawn, times as often as its author is.
    """
    ranked = sorted(strange, key=lambda answer: -answer.probability)
    people = sorted({name for answer in ranked for name in answer.people})
    levels = []
    for _ in range(SETS_OF_PEOPLE):
        drawn = Counter(chance.choices(people, k=len(people)))
        weights = np.cumsum([drawn[each.people[0]] * drawn[each.people[1]] for each in ranked])
        if weights[-1]:
            first = int(np.searchsorted(weights, MOST_STRANGERS * weights[-1], side="right"))
            levels.append(ranked[first].probability)
    return float(np.quantile(levels, BOUND)) if levels else 1.0


def print_shares(title: str, found: Sequence[Answer]) -> None:
    by_shape = defaultdict[str, list[Answer]](list)
    for answer in found:
        by_shape[f"{answer.shape}{', alone' * answer.is_alone}"].append(answer)
    for shape, some in by_shape.items():
        cells = []
        for level in LEVELS:
            shares = [
                100
                * np.mean(
                    [each.probability >= level for each in some if each.is_stranger == is_stranger]
                )
                for is_stranger in (True, False)
            ]
            cells.append(" / ".join(f"{share:.1f}" for share in shares))
        level = holding_level([each for each in some if each.is_stranger], random.Random(7))
        print(f"| {title} | {shape} | {' | '.join(cells)} | {level:.1%} |")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; return 2 with one line where a file cannot be used."""
    parser = argparse.ArgumentParser(prog="shipped_languages", description=__doc__)
    parser.add_argument("posts", type=Path)
    parser.add_argument("others", type=Path, nargs="?")
    parser.add_argument("--draws", type=int, default=12)
    options = parser.parse_args(argv)
    path: Path = options.posts
    try:
        authors = population.read_authors(path)
        path = options.others
        others = population.read_authors(path) if path else {}
    except (OSError, ValueError) as error:
        print(f"shipped_languages: {path}: {error}", file=sys.stderr)
        return 2
    base, chance = shipped_authors(), random.Random(5)

    def without(gone: Collection[str]) -> Shipped:
        left = {name: each for name, each in authors.items() if name not in gone}
        return Shipped(base.populations, "", base.chatters, population.populations_of(left))

    levels = " | ".join(f"from {level:.0%}" for level in LEVELS)
    print(f"| people | texts | {levels} | 3 % at most |")
    print("| --- | --- |" + " --- |" * (len(LEVELS) + 1))
    names, out = sorted(authors), list[Answer]()
    chance.shuffle(names)
    for quarter in range(QUARTERS):
        gone = names[quarter::QUARTERS]
        people = people_of({name: authors[name] for name in gone})
        out += answers(people, without(gone), options.draws // 2, chance)
    print_shares("left out", out)
    if others:
        print_shares(
            "of another source",
            list(answers(people_of(others), without(()), options.draws, chance)),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
