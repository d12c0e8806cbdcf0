"""Probabilities are fitted to posts that were held out of their authors' profiles."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from saywho.engine import fitting
from saywho.engine.attribution import Background, build_background
from saywho.engine.features import features
from saywho.engine.population import FEWEST_POSTS, MOST_MEMBERS, drawn_authors
from saywho.engine.profiles import profile_of
from tests.engine.invented import kept, posts_of


@given(st.floats(0.3, 3), st.integers(0, 2**32 - 1))
def test_temperature_is_found_again(temperature: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    scores = chance.normal(0, 3 * temperature, (4000, 5))
    shares = np.exp(scores / temperature)
    shares /= shares.sum(axis=1, keepdims=True)
    right = (shares.cumsum(axis=1) > chance.random((4000, 1))).argmax(axis=1)
    own = scores[np.arange(4000), right][:, None]
    others = np.array([np.delete(row, place) for row, place in zip(scores, right, strict=True)])
    found = fitting.fit_temperature(np.hstack([own, others]))
    assert fitting.COOLEST - 0.01 <= found <= fitting.HOTTEST + 0.01
    assert found == pytest.approx(np.clip(temperature, fitting.COOLEST, fitting.HOTTEST), rel=0.15)


def test_few_posts_change_no_temperature() -> None:
    assert fitting.fit_temperature(np.ones((fitting.FEWEST_ASKED - 1, 5))) == 1


def test_held_out_posts_leave_the_profile_of_before() -> None:
    texts = [f"the lamp of pier number {number} is lit" for number in range(12)]
    again, wordless = "salt pier at dawn, and again", "https://example.org/a @bell lamp"
    profile = profile_of([*texts, again, again, wordless])
    held = fitting.hold_out(profile, [[each] for each in (*texts[:4], again, wordless)])
    assert held.queries == [features(text) for text in texts[:4]]
    # What was posted before already would be no fair question.
    assert held.profile.counts == profile_of([*texts[4:], again]).counts
    assert held.profile.posts == 10
    with pytest.raises(ValueError, match="does not hold"):
        fitting.hold_out(profile, [["never posted"]])


def samples_of(authors: range) -> tuple[dict[str, fitting.ScoredSample], Background]:
    drawn = {f"a{number}": kept(posts_of(number)) for number in authors}
    background = build_background([author.profile.counts for author in drawn.values()], 2_000)
    samples = {
        key: fitting.sample_of(author.profile, author.newest, len(drawn), background)
        for key, author in drawn.items()
    }
    return {key: sample for key, sample in samples.items() if sample}, background


@pytest.mark.full
def test_the_temperature_is_that_of_the_posts_and_hardly_of_chance() -> None:
    samples, background = samples_of(range(24))
    temperatures = [fitting.temperature_of(samples, background, seed) for seed in range(6)]
    assert np.std(temperatures) < 0.02
    assert fitting.temperature_of(dict(reversed(samples.items())), background, 3) == temperatures[3]


@pytest.mark.full
def test_a_corpus_is_the_same_whatever_order_its_authors_come_in_and_are_spelled() -> None:
    authors = {f"Author{number}": kept(posts_of(number)) for number in range(60)}
    corpus = fitting.fit_corpus(authors)
    again = fitting.fit_corpus({name.upper(): authors[name] for name in reversed(authors)})
    assert corpus.fitted.temperature == again.fitted.temperature != 1
    assert set(corpus.fitted.population.members) == set(again.fitted.population.members)
    assert len(corpus.fitted.population) == MOST_MEMBERS
    ids = {name.upper(): suspect.id for name, suspect in corpus.suspects.items()}
    assert ids == {name: suspect.id for name, suspect in again.suspects.items()}


def test_a_chain_is_held_out_as_one_or_not_at_all() -> None:
    chains = fitting.chains_of([(5, 4), (4, 2), (9, 1), (3, 3), (8, 9)])
    assert chains == {5: 2, 4: 2, 2: 2, 9: 1, 1: 1, 8: 1}
    newest = fitting.chained([(number, f"post {number}") for number in range(9, 1, -1)], chains)
    units = [["post 7"], ["post 6"], ["post 5", "post 4", "post 2"], ["post 3"]]
    assert fitting.units_of(newest) == units
    # The rest of the chain of 1 is older.
    assert fitting.units_of(newest[:1]) == []


def test_a_population_has_active_authors_of_each_language() -> None:
    english = [(f"a{number}", FEWEST_POSTS, "en") for number in range(2 * MOST_MEMBERS)]
    korean, few = [("b", 1, "ko"), ("c", 100_000, "ko")], ("d", 1, "en")
    drawn = drawn_authors([*english, *korean, few], 1)
    assert {"b", "c"} < drawn
    assert "d" not in drawn
    assert len(drawn) == MOST_MEMBERS + 2
    assert drawn == drawn_authors([*english[::-1], *korean, few], 1)
    assert drawn != drawn_authors([*english, *korean], 2)
