"""What may be said of a ranking, and how an installation's own posts change it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.attribution import Ranking, rank, scores_of
from app.compute.background import build_background
from app.compute.counts import add
from app.compute.features import features
from app.compute.profiles import AuthorProfile
from app.compute.verdict import (
    COOLEST,
    DEFAULT,
    FEWEST_ASKED,
    FEWEST_FOR_LEVEL,
    FEWEST_LETTERS,
    FEWEST_POSTS,
    HOTTEST,
    Calibration,
    familiarity,
    fit_calibration,
    fit_temperature,
    verdict,
)

NONE = np.empty(0)


def ranking_of(*probabilities: float, score: float = 1.0, features: int = 100) -> Ranking:
    shares = np.array(probabilities)
    scores = score + np.log(shares / shares.max())
    return Ranking(scores, shares, np.zeros((len(shares), 5)), np.zeros(len(shares)), features)


@pytest.mark.parametrize(
    ("ranking", "said"),
    [
        (ranking_of(0.9, 0.1), "likely"),
        (ranking_of(0.34, 0.66), "likely"),
        (ranking_of(0.64, 0.36), "close"),
        (ranking_of(0.5, 0.5), "close"),
        (ranking_of(0.55, 0.15, 0.3), "close"),
        (ranking_of(0.64, 0.16, 0.2), "close"),
        (ranking_of(0.66, 0.14, 0.2), "likely"),
        (ranking_of(0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1), "close"),
        (ranking_of(0.99, 0.01, score=DEFAULT.familiar_score - 0.1), "unfamiliar"),
        (ranking_of(0.99, 0.01, score=DEFAULT.familiar_score + 0.1), "likely"),
    ],
)
def test_verdict_follows_the_lead_and_the_score(ranking: Ranking, said: str) -> None:
    assert verdict(ranking, letters=80, fewest_posts=100) == said


def test_long_texts_may_score_lower_before_they_are_unfamiliar() -> None:
    score = 2 * DEFAULT.familiar_score
    short, long = (ranking_of(0.9, 0.1, score=score, features=size) for size in (100, 1000))
    assert verdict(short, letters=100, fewest_posts=100) == "unfamiliar"
    assert verdict(long, letters=100, fewest_posts=100) == "likely"


@pytest.mark.parametrize(
    ("letters", "posts"), [(FEWEST_LETTERS - 1, 100), (80, FEWEST_POSTS - 1), (0, 0)]
)
def test_too_little_text_or_too_few_posts_are_short(letters: int, posts: int) -> None:
    ranking = ranking_of(0.99, 0.01, score=-100)
    assert verdict(ranking, letters=letters, fewest_posts=posts) == "short"


def test_a_text_that_others_explain_better_is_unfamiliar() -> None:
    posts = {
        "baker": [f"Warm bread and rolls, oven number {n}!!" for n in range(30)],
        "pilot": [f"runway {n} closed... fog, wind, waiting" for n in range(30)],
        "cook": [f"soup no. {n} with leek; salt it" for n in range(30)],
        "poet": [f"o moon {n} o silver o night" for n in range(30)],
    }
    profiles = {
        name: AuthorProfile(add([features(t) for t in own]), 30) for name, own in posts.items()
    }
    background = build_background((p.counts for p in profiles.values()), 120)
    compared, others = (
        [profiles[name] for name in names] for names in (("baker", "pilot"), ("cook", "poet"))
    )
    said = {}
    for text in ("Warm bread and rolls, oven 31!!", "o moon o silver o stars o night"):
        query = features(text)
        said[text] = verdict(
            rank(query, compared, background),
            letters=30,
            fewest_posts=30,
            impostors=scores_of(query, others, background),
        )
    assert list(said.values()) == ["likely", "unfamiliar"]


def test_familiarity_hardly_depends_on_how_many_impostors_or_authors_there_are() -> None:
    ranking = ranking_of(0.9, 0.1, score=2.0)
    few, many = np.array([1.0, 3.0]), np.array([1.0, 3.0] * 4)
    assert familiarity(ranking, few) == pytest.approx(familiarity(ranking, many))
    assert familiarity(ranking, few) < familiarity(ranking, np.array([0.0, 0.0]))
    # The best of many scores is higher by luck alone.
    assert familiarity(ranking_of(0.9, *[0.01] * 10)) < familiarity(ranking_of(0.9, 0.1))


@given(st.floats(0.3, 3), st.integers(0, 2**32 - 1))
def test_temperature_is_found_again(temperature: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    scores = chance.normal(0, 3 * temperature, (4000, 5))
    shares = np.exp(scores / temperature)
    shares /= shares.sum(axis=1, keepdims=True)
    right = (shares.cumsum(axis=1) > chance.random((4000, 1))).argmax(axis=1)
    own = scores[np.arange(4000), right][:, None]
    others = np.array([np.delete(row, place) for row, place in zip(scores, right, strict=True)])
    found = fit_temperature(np.hstack([own, others]))
    assert COOLEST - 0.01 <= found <= HOTTEST + 0.01
    assert found == pytest.approx(np.clip(temperature, COOLEST, HOTTEST), rel=0.15)


def test_defaults_hold_until_enough_posts_were_asked_about() -> None:
    few = np.zeros((FEWEST_ASKED - 1, 5))
    assert fit_calibration(few, NONE, few[: FEWEST_FOR_LEVEL - 1, 0]) == DEFAULT


@given(st.integers(FEWEST_FOR_LEVEL, 2 * FEWEST_ASKED))
def test_the_fewer_posts_were_asked_about_the_fewer_own_texts_are_refused(asked: int) -> None:
    leads = np.linspace(-2, -1, asked)
    fitted = fit_calibration(np.empty((0, 5)), leads, NONE)
    refused = np.mean(leads < fitted.familiar_lead)
    assert refused <= 0.05 * min(1, asked / FEWEST_ASKED) + 1 / asked


def test_one_of_twenty_own_texts_is_refused() -> None:
    leads = np.linspace(-2, 6, 1001)
    fitted = fit_calibration(np.empty((0, 5)), leads, NONE)
    assert np.mean(leads < fitted.familiar_lead) == pytest.approx(0.05, abs=0.002)
    assert fitted == Calibration(familiar_lead=fitted.familiar_lead)
    strange = fit_calibration(np.empty((0, 5)), leads - 1000, leads - 1000)
    assert (strange.familiar_lead, strange.familiar_score) == (-3.0, -12.0)
