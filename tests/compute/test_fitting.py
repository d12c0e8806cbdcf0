"""Probabilities are fitted to posts that were held out of their authors' profiles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.features import features
from app.compute.fitting import COOLEST, FEWEST_ASKED, HOTTEST, fit_temperature, hold_out
from app.compute.population import FEWEST_POSTS, MOST_MEMBERS, drawn_authors
from app.compute.profiles import profile_of


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


def test_few_posts_change_no_temperature() -> None:
    assert fit_temperature(np.ones((FEWEST_ASKED - 1, 5))) == 1


def test_held_out_posts_leave_the_profile_of_before() -> None:
    texts = [f"the lamp of pier number {number} is lit" for number in range(12)]
    again, wordless = "salt pier at dawn, and again", "https://example.org/a @bell lamp"
    profile = profile_of([*texts, again, again, wordless])
    held = hold_out(profile, [[each] for each in (*texts[:4], again, wordless)])
    assert held.queries == [features(text) for text in texts[:4]]
    # What was posted before already would be no fair question.
    assert held.profile.counts == profile_of([*texts[4:], again]).counts
    assert held.profile.posts == 10
    with pytest.raises(ValueError, match="does not hold"):
        hold_out(profile, [["never posted"]])


def test_a_population_has_active_authors_of_each_language() -> None:
    english = [(number, FEWEST_POSTS, "en") for number in range(2 * MOST_MEMBERS)]
    korean = [(1_000, 1, "ko"), (1_001, 100_000, "ko")]
    drawn = drawn_authors([*english, *korean, (999, 1, "en")], 1)
    assert {1_000, 1_001} < set(drawn)
    assert 999 not in drawn
    assert len(drawn) == MOST_MEMBERS + 2
    assert drawn == drawn_authors([*english[::-1], *korean, (999, 1, "en")], 1)
    assert drawn != drawn_authors([*english, *korean], 2)
