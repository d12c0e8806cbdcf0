"""The ranking of authors, against a slow reference, and what may be said of it."""

import math
import tracemalloc
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from saywho.engine.attribution import (
    EMPTY_BACKGROUND,
    PENALTY,
    PENALTY_HALF_FEATURES,
    PRIORS,
    WEIGHTS,
    Background,
    BackgroundCounter,
    build_background,
    rank,
    scores_of_each,
)
from saywho.engine.features import Counts, add, features
from saywho.engine.profiles import AuthorProfile
from tests.engine.invented import profile

BAKER = ["Fresh bread today!!", "The oven is warm, the bread is good!!", "More bread tomorrow!!"]
SAILOR = ["wind from the west... we sail", "the sea was calm...", "tied up, rain all night..."]
KOREAN = ["오늘은 비가 와요 ㅠㅠ", "내일은 날씨가 좋겠죠 ㅎㅎ", "비 오는 날 커피 한 잔 ㅎㅎ"]

POSTS = st.lists(st.text(max_size=40) | st.sampled_from(BAKER + SAILOR), max_size=4)
AUTHORS = st.lists(POSTS, min_size=2, max_size=5)


def background_of(profiles: Sequence[AuthorProfile]) -> Background:
    return build_background((p.counts for p in profiles), sum(p.posts for p in profiles))


THREE = [profile(BAKER), profile(SAILOR), profile(KOREAN)]
BACKGROUND = background_of(THREE)


def as_dictionary(counts: Counts) -> dict[int, int]:
    return dict(zip(counts.keys.tolist(), counts.counts.tolist(), strict=True))


def slow_groups(query: Counts, author: AuthorProfile, background: Background) -> list[float]:
    """Return the weighted score of each group, one feature after the other, in plain Python."""
    known, wanted = as_dictionary(author.counts), as_dictionary(query)
    trust = 0.7 * background.posts / (background.posts + 100)
    groups = []
    for group in range(5):
        mu, total = float(PRIORS[group]), int(background.totals[group])
        vocabulary = max(int(background.distinct[group]), 256 if group == 4 else 4096)
        written = sum(count for key, count in known.items() if key >> 29 == group)
        length = sum(count for key, count in wanted.items() if key >> 29 == group)
        score = length * math.log(mu / (written + mu))
        for key, count in wanted.items():
            if key >> 29 == group:
                seen = int(background.table[(key * 0x9E3779B1 % 2**32) >> 12])
                expected = trust * seen / max(total, 1) + (1 - trust) / vocabulary
                score += count * math.log(1 + known.get(key, 0) / (mu * expected))
        groups.append(float(WEIGHTS[group]) * score * max(length, 1) ** -0.3)
    return groups


@given(AUTHORS, st.text(max_size=60) | st.sampled_from(BAKER))
@settings(max_examples=2 * settings().max_examples)
def test_ranking_agrees_with_the_slow_reference(authors: list[list[str]], text: str) -> None:
    profiles = [profile([*posts, "one post at least"]) for posts in authors]
    for background in (background_of(profiles), EMPTY_BACKGROUND):
        query = features(text)
        ranking = rank(query, profiles, background)
        slow = np.array([slow_groups(query, author, background) for author in profiles])
        np.testing.assert_allclose(ranking.groups, slow, rtol=1e-9, atol=1e-9)
        known = [
            sum(c for k, c in as_dictionary(p.counts).items() if k < 1 << 29) for p in profiles
        ]
        width = sum(c for k, c in as_dictionary(query).items() if k < 1 << 29)
        penalties = [
            PENALTY * width**0.7 * PENALTY_HALF_FEATURES / (PENALTY_HALF_FEATURES + n)
            for n in known
        ]
        scores = slow.sum(axis=1) - penalties
        odds = np.exp(scores - scores.max())
        np.testing.assert_allclose(ranking.probabilities, odds / odds.sum(), atol=1e-9)


@given(st.lists(st.text(max_size=80) | st.sampled_from(BAKER), min_size=1, max_size=6))
def test_texts_scored_together_have_the_scores_of_each_alone(texts: list[str]) -> None:
    queries = [features(text) for text in texts]
    alone = [rank(query, THREE, BACKGROUND).scores for query in queries]
    np.testing.assert_allclose(scores_of_each(queries, THREE, BACKGROUND), alone, atol=1e-9)


def test_author_without_posts_comes_last_with_probability_zero() -> None:
    ranking = rank(features(BAKER[0]), [profile([]), *THREE], BACKGROUND)
    assert ranking.probabilities[0] == 0
    assert ranking.scores.argmin() == 0
    assert ranking.probabilities.sum() == pytest.approx(1)


@pytest.mark.parametrize("profiles", [[], [profile([]), profile([])]], ids=["none", "all empty"])
def test_somebody_must_have_posts(profiles: list[AuthorProfile]) -> None:
    with pytest.raises(ValueError, match="must have posts"):
        rank(features("text"), profiles, BACKGROUND)


def test_an_author_of_one_post_does_not_get_what_resembles_nobody() -> None:
    baker = profile([f"{post} {number}" for post in BAKER for number in range(40)])
    sailor = profile([f"{post} {number}" for post in SAILOR for number in range(40)])
    one = profile(["Hello there"])
    background = background_of([baker, sailor, one])
    shares = rank(features("The bread is warm tonight!!"), [baker, one], background).probabilities
    assert shares[0] > 0.9
    ranking = rank(features("Xylem zinc"), [baker, sailor, one], background)
    penalties = ranking.groups.sum(axis=1) - ranking.scores
    assert 0 < penalties[0] < penalties[2] / 2


@given(st.text(max_size=60), st.sampled_from([0.5, 0.9, 2.0]))
@settings(max_examples=settings().max_examples)
def test_temperature_changes_how_sure_the_answer_is_and_not_the_order(
    text: str, temperature: float
) -> None:
    plain = rank(features(text), THREE, BACKGROUND)
    other = rank(features(text), THREE, BACKGROUND, temperature)
    assert other.scores.tolist() == plain.scores.tolist()
    is_surer = other.probabilities.max() >= plain.probabilities.max() - 1e-12
    assert is_surer or temperature > 1


def test_background_comes_back_from_bytes() -> None:
    again = Background.from_bytes(BACKGROUND.to_bytes())
    assert again.posts == 9
    for name in ("table", "totals", "distinct"):
        np.testing.assert_array_equal(getattr(again, name), getattr(BACKGROUND, name))
        assert not getattr(again, name).flags.writeable


@pytest.mark.parametrize(
    "damage",
    [
        lambda blob: b"",
        lambda blob: blob[:10],
        lambda blob: blob[:-1],
        lambda blob: blob[:92] + b"\0" * 200,
        lambda blob: b"bgr0" + blob[4:],
    ],
    ids=["empty", "header", "table", "zeros", "version"],
)
def test_damaged_background_is_refused(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="background counts"):
        Background.from_bytes(damage(BACKGROUND.to_bytes()))


def test_a_background_that_unpacks_to_more_is_not_unpacked() -> None:
    bomb = BACKGROUND.to_bytes()[:92] + zlib.compress(bytes(2**27), 9)
    tracemalloc.start()
    with pytest.raises(ValueError, match="background counts"):
        Background.from_bytes(bomb)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_background_of_many_profiles_equals_that_of_their_sum() -> None:
    small = [features(f"{number} steps to the pier") for number in range(100)]
    counter = BackgroundCounter()
    counter.add(small[:50])
    counter.add(small[50:])
    together = build_background([add(small)], 1).to_bytes()
    assert counter.background(1).to_bytes() == build_background(small, 1).to_bytes() == together
