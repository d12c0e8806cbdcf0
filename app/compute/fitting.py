"""Fit what comparisons rest on to a corpus: background, population, temperature, usual rates."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import Background, build_background, scores_of_each
from app.compute.case import NO_CHANGE, Case, Fitted, Habit, Suspect, worded_share
from app.compute.counts import Counts
from app.compute.features import features_of
from app.compute.languages import ENGLISH_POSTS, is_english
from app.compute.population import (
    NOTHING_SHIPPED,
    CountedAuthor,
    Population,
    Shipped,
    drawn_authors,
)
from app.compute.profiles import AuthorProfile, text_keys, without_posts
from app.compute.ratios import HELD_OUT_SHARE, MOST_HELD_OUT, usual_of
from app.compute.self_replies import ChainedPost, units_of
from app.compute.text import has_words, own_words, username_key

ASKED_AUTHORS: Final = 50
ASKED_POSTS: Final = 40
"""Of each author; the newest posts, and at most a quarter of all."""
ASKED_IN_ALL: Final = 400
"""With few authors, more posts of each are scored, up to this total."""
RIVALS: Final = 4
DRAWS: Final = 20
"""How often the rivals of each post are drawn. With one draw, chance alone moved the temperature of
32 authors by .04 from one fit to the next (standard deviation), and so probabilities by .08."""
FEWEST_ASKED: Final = 200
"""Least number of posts for fitting the temperature."""
COOLEST: Final = 0.5
HOTTEST: Final = 2.0
_GOLDEN: Final = (5**0.5 - 1) / 2
_PRECISION: Final = 1e-3


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Features of posts with words, and their author's profile with and without them.

    Counts are exact under subtraction, so one is the profile of before the posts were written.
    """

    whole: AuthorProfile
    profile: AuthorProfile
    """Without the posts."""
    queries: list[Counts]
    asked: list[Sequence[str]]
    """The posts of each of these, in units."""


def hold_out(whole: AuthorProfile, units: Sequence[Sequence[str]]) -> HeldOut:
    """Take units of posts out of the profile, except those with a text that was posted again.

    Only those with enough words are asked about. Raises ValueError if the profile does not hold
    them.
    """
    times = [whole.texts.count(text_keys(texts)).tolist() for texts in units]
    if not all(map(all, times)):
        raise ValueError("the profile does not hold the posts")
    once = [texts for texts, counts in zip(units, times, strict=True) if set(counts) == {1}]
    samples = [(texts, own_words("\n\n".join(texts))) for texts in once]
    asked = [(texts, sample) for texts, sample in samples if has_words(sample)]
    remainder = without_posts(whole, [text for texts in once for text in texts])
    queries = features_of([sample for _, sample in asked])
    return HeldOut(whole, remainder, queries, [texts for texts, _ in asked])


def asked_authors(drawn: Iterable[str]) -> list[str]:
    """Return which authors of a population the temperature is fitted to, by the keys of names."""
    return sorted(drawn)[:ASKED_AUTHORS]


def asked_posts(authors: int, posts: int) -> int:
    """Return how many newest posts of an author who has so many are asked about, at most.

    authors: how many authors are asked about.
    """
    return min(max(ASKED_POSTS, ASKED_IN_ALL // max(1, authors)), posts // 4)


def sample_of(whole: AuthorProfile, newest: Sequence[ChainedPost], authors: int) -> HeldOut | None:
    """Return the sample of an author for a temperature that is fitted to so many authors.

    newest: as many of the newest posts as are asked about, or more, the newest first. None where
    nothing is left of the profile, or where it lacks one of the posts.
    """
    try:
        sample = hold_out(whole, units_of(newest[: asked_posts(authors, whole.posts)]))
    except ValueError:
        return None
    return sample if sample.profile.counts.keys.size else None


def usual_posts(posts: int) -> int:
    """Return how many of an author's newest posts tell what is usual."""
    return max(1, min(MOST_HELD_OUT, int(posts * HELD_OUT_SHARE)))


def temperature_of(samples: Mapping[str, HeldOut], background: Background, seed: int) -> float:
    """Return the temperature that fits the posts held out, each asked of its author and four.

    samples: by the key of the author's name. The same ones get the same temperature, in whatever
    order they come: rivals are drawn in the order of the keys.
    """
    if len(samples) <= RIVALS:
        return NO_CHANGE
    chance = random.Random(seed)  # noqa: S311 - no secret
    ordered = [samples[key] for key in sorted(samples)]
    scores: list[NDArray[np.float64]] = []
    for author, sample in enumerate(ordered):
        if not sample.queries:
            continue
        best = scores_of_each(sample.queries, [sample.profile], background)
        rivals = [other.whole for place, other in enumerate(ordered) if place != author]
        table = scores_of_each(sample.queries, rivals, background)
        for own, row in zip(best, table, strict=True):
            drawn = [chance.sample(range(len(rivals)), RIVALS) for _ in range(DRAWS)]
            scores.append(np.column_stack((own.repeat(DRAWS), row[drawn])))
    return fit_temperature(np.array(scores).reshape(-1, DRAWS, 1 + RIVALS))


def fit_temperature(scores: NDArray[np.float64]) -> float:
    """Return the temperature, from 0.5 to 2, under which the first of n scores is likeliest.

    scores: (k, …, n) of k posts; of few posts it is 1. By golden-section search: the log-loss has
    one minimum in the temperature's inverse.
    """
    if len(scores) < FEWEST_ASKED:
        return NO_CHANGE
    low, high = 1 / HOTTEST, 1 / COOLEST
    while high - low > _PRECISION:
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _log_loss(scores * left) < _log_loss(scores * right):
            high = right
        else:
            low = left
    return round(2 / (low + high), 3)


def _log_loss(scores: NDArray[np.float64]) -> float:
    highest = scores.max(axis=-1, keepdims=True)
    sums = np.log(np.exp(scores - highest).sum(axis=-1)) + highest[..., 0]
    return float(np.mean(sums - scores[..., 0]))


@dataclass(frozen=True, slots=True, eq=False)
class CorpusAuthor:
    """What fitting needs of an author."""

    profile: AuthorProfile
    newest: Sequence[ChainedPost]
    """At least the newest quarter of the posts, at most 400, the newest first, those without text
    left out."""
    language: str | None
    """That of most posts; None where it is unknown."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Authors of some posts as the model takes them, without a database."""

    fitted: Fitted
    suspects: dict[str, Suspect]
    """By name; all ids differ."""

    def case(self, texts: Sequence[str], names: Sequence[str]) -> Case:
        """Return the question whether one of these authors wrote the texts, all by one hand."""
        return Case(texts, [self.suspects[name] for name in names], self.fitted)


def fit_corpus(named: Mapping[str, CorpusAuthor], shipped: Shipped = NOTHING_SHIPPED) -> Corpus:
    """Return the model of authors by name, beside the shipped ones: that of an installation which
    keeps their posts, and nothing else.
    """
    authors = {username_key(name): author for name, author in named.items()}
    ids = {key: number for number, key in enumerate(sorted(authors), 1)}
    posts = sum(author.profile.posts for author in authors.values())
    background = shipped.background(
        build_background([author.profile.counts for author in authors.values()], posts)
    )
    drawn = drawn_authors(
        [(key, author.profile.posts, author.language) for key, author in authors.items()], posts
    )
    members = [
        CountedAuthor(ids[key], author.profile.posts, author.language, author.profile.counts)
        for key, author in sorted(authors.items())
        if key in drawn
    ]
    asked = asked_authors(drawn)
    samples = {
        key: sample
        for key in asked
        if (sample := sample_of(authors[key].profile, authors[key].newest, len(asked)))
    }
    fitted = Fitted(
        background,
        temperature_of(samples, background, seed=posts),
        Population.of(members),
        shipped=dict(shipped.populations),
    )
    suspects = {
        name: Suspect(ids[username_key(name)], name, author.profile, _habit(author, fitted))
        for name, author in named.items()
    }
    return Corpus(fitted, suspects)


def _habit(author: CorpusAuthor, fitted: Fitted) -> Habit:
    texts = [post.text for post in author.newest]
    newest = texts[: usual_posts(author.profile.posts)]
    usual = usual_of(author.profile, newest, fitted.background, population=fitted.population)
    return Habit(
        usual,
        author.language,
        "local",
        is_english=author.language is None and is_english(texts[:ENGLISH_POSTS], fitted.shipped),
        worded_share=worded_share(texts),
    )
