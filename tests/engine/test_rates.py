"""How many strangers pass, and how much more text decides, as it was measured."""

import re
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, strategies as st

from saywho.engine.features import RECIPE
from saywho.engine.judgement import FEWEST_JUDGED, FURTHER_LIKELY, LIKELY, MODEL, judge, likely_from
from saywho.engine.measured_rates import (
    BELIEFS,
    DECIDED,
    FEWEST_TIMES,
    LONG_WORDS,
    MOST_TIMES,
    NAMED,
    OTHERS,
    gap_of,
    line_of,
    measured_curves,
    measured_rates,
    more_text,
    rate,
)
from saywho.population import shipped_digest
from tests.engine.invented import KNOWN, Place, posts_of
from tests.installation import ROOT


def test_the_rates_hold_for_this_program() -> None:
    """If this fails, measure them again: `python -m benchmarks.open_question FILE --write`."""
    rates = measured_rates()
    assert (rates.model, rates.recipe, rates.population) == (MODEL, RECIPE, shipped_digest())
    for language, thresholds in rates.thresholds.items():
        assert thresholds == [likely_from(language, others) for others in OTHERS]


def test_single_shares_are_those_of_the_measurements() -> None:
    """If this fails, write the figures of docs/measurements.md under `told` into rates.json."""
    told = measured_rates().told
    document = (ROOT / "docs" / "measurements.md").read_text()
    assert f"| all {told.authors} | **{100 * told.right:.1f} %** |" in document
    assert "[a fifth to a quarter" in document
    assert told.elsewhere == 1 / 5
    for name, language in (("English", "en"), ("Korean", "ko")):
        one, several = told.lone_author[language]
        row = rf"\| {name}, 5 circles \| [^|]+ \| {100 * one:.0f} and {100 * several:.0f} % \|"
        assert re.search(row, document)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_cell_is_a_share_that_grows_with_the_belief(language: str) -> None:
    shares = np.array(measured_rates().shares[language])
    assert shares.shape == (len(NAMED), len(OTHERS), len(BELIEFS), 2)
    assert np.all((shares >= 0) & (shares < 0.5))
    assert np.all(np.diff(shares, axis=2) >= 0)


def test_between_two_that_were_measured_it_is_the_higher_rate() -> None:
    shares = measured_rates().shares["en"]
    assert rate("en", 1, 0, 0.5, LONG_WORDS - 1) == shares[0][0][2][0]
    assert rate("en", 1, 0, 0.5, LONG_WORDS) == shares[0][0][2][1]
    assert rate("en", 4, 8, 0.5, 5) == max(shares[2][3][2][0], shares[3][3][2][0])
    assert rate("en", 1, 5, 0.5, 5) == max(shares[0][2][2][0], shares[0][3][2][0])
    assert rate("en", 1, 0, 0.6, 5) == max(shares[0][0][2][0], shares[0][0][3][0])
    assert rate("en", 300, 300, 0.99, 5) == shares[3][3][4][0]
    assert rate("en", 1, 0, 0.01, 5) == shares[0][0][0][0]
    assert rate("de", 2, 2, 0.5, 5) == rate(None, 2, 2, 0.5, 5) == shares[1][2][2][0]
    assert rate("ko", 1, 0, 0.5, 5) == measured_rates().shares["ko"][0][0][2][0]


FEATURES = st.floats(1, 100_000)
GAPS = st.floats(0, 20)
SIZES = st.integers(1, 10_000)


def share_decided(
    language: str, times: float, features: float, named: int, here: int, gap: float
) -> float:
    """Return the share of such cases that `times` times the text decides.

    features: of characters. named, here: numbers of authors, named and of the language.
    """
    start, slope = line_of(language, features, named, here, gap)
    return 1 / (1 + exp(-start - slope * log(times)))


def test_the_curves_hold_for_this_program() -> None:
    """If this fails, the features have changed, and the curves are to be fitted again."""
    curves = measured_curves()
    assert curves.recipe == RECIPE
    assert set(curves.curves) == {"en", "ko"}


@pytest.mark.parametrize(
    ("language", "features", "named", "gap", "times"),
    [
        ("en", 25, 2, 1.5, 17),
        ("en", 100, 2, 0.25, 4),
        ("en", 500, 1, 1.5, 7),
        ("ko", 25, 1, 0.25, 15),
        ("ko", 100, 5, 1.5, 19),
        ("ko", 25, 1, 0.75, None),
        ("de", 100, 2, 0.25, 4),
    ],
)
def test_multiples_as_they_were_tabled(
    language: str, features: float, named: int, gap: float, times: int | None
) -> None:
    """The table was rounded to the nearest; what is said is rounded up."""
    more = more_text(language, features, named, named, gap, messages=1)
    assert (more is None) == (times is None)
    assert more is None or more.times - (times or 0) in (0, 1)


@given(st.sampled_from(["en", "ko"]), FEATURES, SIZES, SIZES, GAPS, st.integers(1, 50))
def test_what_is_named_decides_eight_of_ten_and_nothing_less_does(
    language: str, features: float, named: int, here: int, gap: float, messages: int
) -> None:
    more = more_text(language, features, named, here, gap, messages)
    about = (features, named, here, gap)
    if more is None:
        assert share_decided(language, MOST_TIMES, *about) <= DECIDED + 1e-9
        return
    assert FEWEST_TIMES <= more.times <= MOST_TIMES
    assert more.messages == messages * (more.times - 1)
    assert share_decided(language, more.times, *about) >= DECIDED - 1e-9
    assert more.times == FEWEST_TIMES or (
        share_decided(language, more.times - 1, *about) < DECIDED + 1e-9
    )


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_gap_is_that_to_the_nearer_decision(likely: float, none: float) -> None:
    gap = gap_of(likely, 0.81, none, 0.65)
    assert gap >= 0
    assert (gap == 0) == (likely >= 0.81 or none >= 0.65)
    assert gap_of(0.5, 0.81, 0.0, 0.65) == pytest.approx(log(0.81 / 0.19))


def test_only_an_open_answer_asks_for_more() -> None:
    posts = {author: posts_of(author) for author in range(12)}
    here = Place({author: own[:KNOWN] for author, own in posts.items()})
    seen = set()
    for author in (0, 3, 5):
        for post in posts[author][KNOWN:]:
            for words in (4, 6, 20):
                judgement = here.judge([" ".join(post.split()[:words])], [3, 5])
                seen.add(judgement.verdict)
                assert judgement.more is None or judgement.verdict == "close"
                if judgement.more:
                    assert judgement.more.messages == judgement.more.times - 1
    assert {"close", "likely"} <= seen
    # Whoever has too few posts is not named, however much text there is.
    few = Place(
        {author: own[: KNOWN if author else FEWEST_JUDGED - 1] for author, own in posts.items()}
    )
    assert judge(few.case(posts[0][KNOWN:], [0, 3])).more is None


@given(st.sampled_from(["fr", "pt"]), st.integers(0, 9), st.integers(1, 50), st.integers(1, 50))
def test_more_texts_of_a_further_language_need_more(
    language: str, others: int, texts: int, more: int
) -> None:
    one, some = likely_from(language, others), likely_from(language, others, texts)
    assert one == pytest.approx(FURTHER_LIKELY[language][others > 0])
    assert one <= some < likely_from(language, others, texts + more) < 1
    # Whoever is alone here is compared with nobody of the same circle.
    assert one <= likely_from(language, 0)


@given(st.floats(-20, 6), st.floats(0, 6))
def test_whoever_differs_less_from_the_nearest_needs_more(nearest: float, more: float) -> None:
    some, further = (likely_from("de", 8, 1, nats) for nats in (nearest, nearest + more))
    assert LIKELY - 1e-9 <= further <= some < 1
    # Their own usual texts fit someone else better, so this says little of the author.
    assert likely_from("de", 8, 1, -3.0) > 0.94
