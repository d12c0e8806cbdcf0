"""Fit what comparisons rest on to a corpus: background, population, temperature, usual rates."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import rank, scores_of_each
from app.compute.background import Background, build_background
from app.compute.counts import Counts
from app.compute.features import features_of
from app.compute.judgement import NO_CHANGE, Case, Fitted, Habit, query_of_texts
from app.compute.profiles import AuthorProfile, text_keys, without_posts
from app.compute.ratios import (
    HELD_OUT_SHARE,
    MOST_HELD_OUT,
    CountedAuthor,
    Population,
    drawn_authors,
    usual_of,
)
from app.compute.text import has_words, own_words

ASKED_AUTHORS: Final = 50
ASKED_POSTS: Final = 40
"""Of each author; the newest posts, and at most a quarter of all."""
ASKED_IN_ALL: Final = 400
"""With few authors, more posts of each are scored, up to this total."""
RIVALS: Final = 4
FEWEST_ASKED: Final = 200
"""Least number of posts for fitting the temperature."""
COOLEST: Final = 0.5
HOTTEST: Final = 2.0
_GOLDEN: Final = (5**0.5 - 1) / 2
_PRECISION: Final = 1e-3


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Features of posts with words, and their author's profile without them.

    Counts are exact under subtraction, so that is the profile of before the posts were written.
    """

    profile: AuthorProfile
    places: list[int]
    """Indexes of these units among those given."""
    queries: list[Counts]


@dataclass(frozen=True, slots=True)
class Sample:
    """An author's profile, whole and with the newest posts held out."""

    whole: AuthorProfile
    held_out: HeldOut


def hold_out(profile: AuthorProfile, units: Sequence[Sequence[str]]) -> HeldOut:
    """Take units of posts out of the profile, except those with a text that was posted again.

    Only those with enough words are asked about. Raises ValueError if the profile does not hold
    them.
    """
    times = [profile.texts.count(text_keys(texts)).tolist() for texts in units]
    if not all(map(all, times)):
        raise ValueError("the profile does not hold the posts")
    once = [place for place, counts in enumerate(times) if set(counts) == {1}]
    own = {place: own_words("\n\n".join(units[place])) for place in once}
    places = [place for place in once if has_words(own[place])]
    rest = without_posts(profile, [text for place in once for text in units[place]])
    return HeldOut(rest, places, features_of([own[place] for place in places]))


def asked_posts(authors: int) -> int:
    """Return how many posts of each of so many authors are asked about, at most."""
    return max(ASKED_POSTS, ASKED_IN_ALL // max(1, authors))


def usual_posts(posts: int) -> int:
    """Return how many of an author's newest posts tell what is usual."""
    return max(1, min(MOST_HELD_OUT, int(posts * HELD_OUT_SHARE)))


def temperature_of(samples: Sequence[Sample], background: Background, seed: int) -> float:
    """Return the temperature that fits the posts held out, each asked of its author and four."""
    if len(samples) <= RIVALS:
        return fit_temperature(np.empty((0, 1)))
    chance = random.Random(seed)  # noqa: S311 - no secret
    everyone = [sample.whole for sample in samples]
    scores = []
    for own, sample in enumerate(samples):
        queries = sample.held_out.queries
        if not queries:
            continue
        best = scores_of_each(queries, [sample.held_out.profile], background)[:, 0]
        others = [place for place in range(len(samples)) if place != own]
        # A few rivals are drawn for each post, so all are scored at once.
        rivals = [chance.sample(others, RIVALS) for _ in queries]
        drawn = sorted({place for some in rivals for place in some})
        columns = {place: column for column, place in enumerate(drawn)}
        table = scores_of_each(queries, [everyone[place] for place in drawn], background)
        for row, (score, some) in enumerate(zip(best, rivals, strict=True)):
            scores.append([score, *(table[row, columns[place]] for place in some)])
    return fit_temperature(np.array(scores))


def fit_temperature(scores: NDArray[np.float64]) -> float:
    """Return the temperature, from 0.5 to 2, under which the first column of (k, n) is likeliest.

    It is 1 for few rows. By golden-section search: the log-loss has one minimum in the
    temperature's inverse.
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
    highest = scores.max(axis=1, keepdims=True)
    sums = np.log(np.exp(scores - highest).sum(axis=1)) + highest[:, 0]
    return float(np.mean(sums - scores[:, 0]))


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Posts of some authors as the model takes them, without a database."""

    fitted: Fitted
    profiles: dict[str, AuthorProfile]
    habits: dict[str, Habit]
    ids: dict[str, int]

    def case(self, texts: Sequence[str], names: Sequence[str], query: Counts | None = None) -> Case:
        """Return the question whether one of these authors wrote the texts, all by one hand.

        `query` are their features, if known already.
        """
        query = query or query_of_texts(texts)
        fitted, profiles = self.fitted, [self.profiles[name] for name in names]
        return Case(
            texts=texts,
            ids=[self.ids[name] for name in names],
            names=names,
            profiles=profiles,
            habits=[self.habits[name] for name in names],
            ranking=rank(query, profiles, fitted.background, fitted.temperature),
            fitted=fitted,
            compared=len(names),
        )


def fit_profiles(
    profiles: Mapping[str, AuthorProfile],
    newest: Mapping[str, Sequence[str]],
    languages: Mapping[str, str | None],
    seed: int = 1,
) -> Corpus:
    """Return the model of authors whose posts are counted already.

    newest: at least the newest quarter of each author's posts, at most 400, the oldest first.
    """
    ids = {name: number for number, name in enumerate(sorted(profiles), 1)}
    counts = [profile.counts for profile in profiles.values()]
    background = build_background(counts, sum(each.posts for each in profiles.values()))
    authors = [(ids[name], each.posts, languages[name]) for name, each in profiles.items()]
    drawn = set(drawn_authors(authors, seed))
    members = [
        CountedAuthor(ids[name], each.posts, languages[name], each.counts)
        for name, each in sorted(profiles.items())
        if ids[name] in drawn
    ]
    habits = {
        name: Habit(
            usual_of(each, newest[name][-usual_posts(each.posts) :], background),
            languages[name],
            "local",
        )
        for name, each in profiles.items()
    }
    asked = [name for name in sorted(profiles) if ids[name] in drawn][:ASKED_AUTHORS]
    samples = [
        Sample(each, hold_out(each, _newest_units(newest[name], each.posts, len(asked))))
        for name, each in ((name, profiles[name]) for name in asked)
    ]
    temperature = temperature_of(samples, background, seed)
    return Corpus(
        Fitted(background, temperature, Population.of(members)), dict(profiles), habits, ids
    )


def _newest_units(newest: Sequence[str], posts: int, authors: int) -> list[list[str]]:
    most = min(asked_posts(authors), posts // 4)
    return [[text] for text in newest[len(newest) - most :]]
