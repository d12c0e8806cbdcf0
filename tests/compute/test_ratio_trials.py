"""Trials on known posts: each author left out in turn."""

import random

import pytest

from app.compute.background import build_background
from app.compute.features import features
from app.compute.profiles import profile_of
from app.compute.ratio_trials import LEVELS, MOST_ASKED, RatioMeasure, measure_ratios, trial_author

WORDS = ["lamp", "fog", "bell", "tide", "oven", "rolls", "dawn", "moss", "fern", "owl", "rail"]


def posts_of(seed: int, own: float) -> list[str]:
    """Posts, the newest first, of words of which a share is the author's own."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [
        " ".join(
            f"{word}{seed if chance.random() < own else ''}" for word in chance.choices(WORDS, k=9)
        )
        for _ in range(40)
    ]


def measured(authors: int, own: float) -> RatioMeasure | None:
    posts = [posts_of(seed, own) for seed in range(authors)]
    profiles = [profile_of(each) for each in posts]
    background = build_background([each.counts for each in profiles], 40 * authors)
    trials = [
        trial_author(profile_of(each[10:]), [features(text) for text in each[:10]], background)
        for each in posts
    ]
    return measure_ratios(trials, background, random.Random(1))  # noqa: S311 - no secret


def test_authors_with_words_of_their_own_are_told_and_others_are_not() -> None:
    distinct, alike = measured(6, 0.5), measured(6, 0.0)
    assert distinct is not None
    assert alike is not None
    assert (distinct.score.authors, distinct.score.posts) == (6, 6 * MOST_ASKED)
    assert distinct.score.auc > 0.95
    assert distinct.score.cllr < 0.5 < alike.score.cllr
    assert alike.score.auc == pytest.approx(0.5, abs=0.2)
    for shares in (distinct.own, distinct.other):
        assert len(shares) == len(LEVELS)
        assert shares == sorted(shares, reverse=True)
    # The same posts give the same figures.
    assert measured(6, 0.5) == distinct


def test_too_few_authors_measure_nothing() -> None:
    assert measured(3, 0.5) is None
    assert measured(4, 0.5) is not None
