"""Authors who do not exist: their posts share most words, and each has habits of its own."""

import random
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from saywho.engine.case import Case
from saywho.engine.features import add, features
from saywho.engine.fitting import Corpus, CorpusAuthor, chained, fit_corpus
from saywho.engine.judgement import Judgement, judge
from saywho.engine.profiles import AuthorProfile, profile_of

SYLLABLES: Final = ("ka", "lo", "mi", "ren", "sta", "tu", "ve", "bor", "dis", "fen", "gul", "hap")
WORDS: Final = tuple(first + second for first in SYLLABLES for second in SYLLABLES)
ENDS: Final = (".", "!", "...", "!!", " :)", "", "?")
KNOWN: Final = 80
ASKED: Final = 6
"""Posts of each author, the oldest and the newest."""


def posts_of(author: int) -> list[str]:
    """Return the posts of an invented author, the oldest first."""
    chance = random.Random(author)  # noqa: S311 - no secret
    weights = [chance.paretovariate(1) ** 0.7 / (rank + 5) for rank in range(len(WORDS))]
    ends = [chance.random() ** 3 for _ in ENDS]
    capital, comma, usual = chance.random(), chance.random() / 3, chance.choice([9, 12, 16, 20])
    posts = []
    for _ in range(KNOWN + ASKED):
        words = chance.choices(WORDS, weights, k=max(4, int(chance.gauss(usual, 2))))
        signed = [word + "," if chance.random() < comma else word for word in words]
        text = " ".join(signed).rstrip(",") + chance.choices(ENDS, ends)[0]
        posts.append(text.capitalize() if chance.random() < capital else text)
    return posts


def profile(posts: Sequence[str]) -> AuthorProfile:
    """Return a profile in which a post that is there twice counts twice."""
    return AuthorProfile(add([features(post) for post in posts]), len(posts))


def kept(posts: Sequence[str], language: str | None = None) -> CorpusAuthor:
    """Return the author of posts, of which none answers another; the oldest first."""
    return CorpusAuthor(profile_of(posts), chained(enumerate(posts[::-1]), {}), language)


def with_open_languages(corpus: Corpus, names: Collection[str]) -> Corpus:
    """Return the corpus with invented authors of unknown language: theirs looks like several."""
    invented = {corpus.suspects[name].id for name in names}
    population = corpus.fitted.population
    written = tuple(
        None if id_ in invented else known
        for (id_, _, _), known in zip(population.members, population.written, strict=True)
    )
    return replace(
        corpus,
        fitted=replace(corpus.fitted, population=replace(population, written=written)),
        suspects={
            name: replace(each, habit=replace(each.habit, written=None))
            if each.habit and name in names
            else each
            for name, each in corpus.suspects.items()
        },
    )


class Place:
    """An installation of some authors, named by numbers."""

    def __init__(self, known: dict[int, list[str]]) -> None:
        """known: the posts of each author, the oldest first."""
        posts = {_name(author): own for author, own in known.items()}
        self.corpus = with_open_languages(
            fit_corpus({name: kept(own) for name, own in posts.items()}), posts
        )

    def judge(self, texts: Sequence[str], named: Sequence[int], sure: float = 0.5) -> Judgement:
        """Return whether one of the authors named wrote the texts."""
        return judge(self.case(texts, named), sure)

    def case(self, texts: Sequence[str], named: Sequence[int]) -> Case:
        return self.corpus.case(texts, [_name(author) for author in named])


def _name(author: int) -> str:
    return f"{author:03}"
