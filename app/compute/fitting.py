"""Fit what comparisons rest on to a corpus: background, population, temperature, usual rates."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import scores_of_each
from app.compute.background import Background, build_background
from app.compute.case import NO_CHANGE, Case, Fitted, Habit, Suspect
from app.compute.counts import Counts
from app.compute.features import features_of
from app.compute.languages import is_english
from app.compute.population import (
    NOTHING_SHIPPED,
    CountedAuthor,
    Population,
    Shipped,
    drawn_authors,
)
from app.compute.profiles import AuthorProfile, text_keys, without_posts
from app.compute.ratios import HELD_OUT_SHARE, MOST_HELD_OUT, usual_of
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
    """Features of posts with words, and their author's profile with and without them.

    Counts are exact under subtraction, so one is the profile of before the posts were written.
    """

    whole: AuthorProfile
    profile: AuthorProfile
    """Without the posts."""
    queries: list[Counts]


def hold_out(whole: AuthorProfile, units: Sequence[Sequence[str]]) -> HeldOut:
    """Take units of posts out of the profile, except those with a text that was posted again.

    Only those with enough words are asked about. Raises ValueError if the profile does not hold
    them.
    """
    times = [whole.texts.count(text_keys(texts)).tolist() for texts in units]
    if not all(map(all, times)):
        raise ValueError("the profile does not hold the posts")
    once = [texts for texts, counts in zip(units, times, strict=True) if set(counts) == {1}]
    samples = filter(has_words, [own_words("\n\n".join(texts)) for texts in once])
    remainder = without_posts(whole, [text for texts in once for text in texts])
    return HeldOut(whole, remainder, features_of(list(samples)))


def asked_posts(authors: int) -> int:
    """Return how many posts of each of so many authors are asked about, at most."""
    return max(ASKED_POSTS, ASKED_IN_ALL // max(1, authors))


def usual_posts(posts: int) -> int:
    """Return how many of an author's newest posts tell what is usual."""
    return max(1, min(MOST_HELD_OUT, int(posts * HELD_OUT_SHARE)))


def temperature_of(samples: Sequence[HeldOut], background: Background, seed: int) -> float:
    """Return the temperature that fits the posts held out, each asked of its author and four."""
    if len(samples) <= RIVALS:
        return NO_CHANGE
    chance = random.Random(seed)  # noqa: S311 - no secret
    scores = []
    for author, sample in enumerate(samples):
        if not sample.queries:
            continue
        best = scores_of_each(sample.queries, [sample.profile], background)[:, 0]
        rest_of_authors = [place for place in range(len(samples)) if place != author]
        # A few rivals are drawn for each post, so all are scored at once.
        rivals = [chance.sample(rest_of_authors, RIVALS) for _ in sample.queries]
        drawn = sorted({place for some in rivals for place in some})
        columns = {place: column for column, place in enumerate(drawn)}
        table = scores_of_each(sample.queries, [samples[i].whole for i in drawn], background)
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
    """Authors of some posts as the model takes them, without a database."""

    fitted: Fitted
    suspects: dict[str, Suspect]
    """By name; all ids differ."""

    def case(self, texts: Sequence[str], names: Sequence[str]) -> Case:
        """Return the question whether one of these authors wrote the texts, all by one hand."""
        return Case(texts, [self.suspects[name] for name in names], self.fitted)


def fit_profiles(
    profiles: Mapping[str, AuthorProfile],
    newest: Mapping[str, Sequence[str]],
    languages: Mapping[str, str | None],
    seed: int = 1,
    shipped: Shipped = NOTHING_SHIPPED,
) -> Corpus:
    """Return the model of authors whose posts are counted already, beside the shipped ones.

    newest: at least the newest quarter of each author's posts, at most 400, the oldest first.
    """
    ids = {name: number for number, name in enumerate(sorted(profiles), 1)}
    counts = [profile.counts for profile in profiles.values()]
    background = build_background(counts, sum(whole.posts for whole in profiles.values()))
    background = shipped.background(background)
    authors = [(ids[name], whole.posts, languages[name]) for name, whole in profiles.items()]
    drawn = set(drawn_authors(authors, seed))
    members = [
        CountedAuthor(ids[name], whole.posts, languages[name], whole.counts)
        for name, whole in sorted(profiles.items())
        if ids[name] in drawn
    ]
    drawn_names = [name for name in sorted(profiles) if ids[name] in drawn][:ASKED_AUTHORS]
    samples = []
    for name in drawn_names:
        most = min(asked_posts(len(drawn_names)), profiles[name].posts // 4)
        units = [[text] for text in newest[name][len(newest[name]) - most :]]
        samples.append(hold_out(profiles[name], units))
    temperature = temperature_of(samples, background, seed)
    suspects = {}
    for name, whole in profiles.items():
        usual = usual_of(whole, newest[name][-usual_posts(whole.posts) :], background)
        is_own_english = languages[name] is None and is_english(newest[name], shipped.populations)
        habit = Habit(usual, languages[name], "local", is_english=is_own_english)
        suspects[name] = Suspect(ids[name], name, whole, habit)
    fitted = Fitted(
        background, temperature, Population.of(members), shipped=dict(shipped.populations)
    )
    return Corpus(fitted, suspects)
