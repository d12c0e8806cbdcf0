"""The years of one author as a closed ranking."""

import random
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.case import Case, Fitted, Suspect
from app.compute.profiles import profile_of
from app.compute.years import AuthorYears, YearRanking, fit_choice, rank_years, thinned, years_of
from tests.compute.invented import WORDS

POSTS = 100


def year_of(seed: int, words: Sequence[str], count: int = POSTS) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [" ".join(chance.choices(words, k=9)) for _ in range(count)]


DIFFERENT = {2017 + i: year_of(i, WORDS[i * 40 : i * 40 + 60]) for i in range(3)}
ALIKE = {2017 + i: year_of(i, WORDS) for i in range(3)}
FITTED = Fitted()
AUTHOR = Suspect(1, "mina", profile_of(DIFFERENT[2017]))


def ranking_of(text: str, known: AuthorYears) -> YearRanking:
    return rank_years(Case([text], [AUTHOR], FITTED), known)


@pytest.fixture(scope="module")
def known() -> AuthorYears:
    return years_of(DIFFERENT, FITTED)


@given(order=st.permutations(sorted(DIFFERENT)), words=st.lists(st.sampled_from(WORDS), min_size=4))
def test_probabilities_sum_to_one_and_no_order_of_years_matters(
    order: Sequence[int], words: Sequence[str], known: AuthorYears
) -> None:
    ranking = ranking_of(" ".join(words), known)
    shares = [share for _, share in ranking.shares]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    assert {year for year, _ in ranking.shares} == set(DIFFERENT)
    shuffled: Mapping[int, Sequence[str]] = {year: DIFFERENT[year][:] for year in order}
    assert years_of(shuffled, FITTED).years == known.years
    assert (ranking.verdict == "year") == (shares[0] >= 2 * shares[1])


def test_the_order_of_years_changes_no_number(known: AuthorYears) -> None:
    turned = years_of(dict(reversed(DIFFERENT.items())), FITTED)
    assert turned.sharpness == known.sharpness
    assert np.array_equal(turned.offsets, known.offsets)
    text = DIFFERENT[2018][7]
    assert ranking_of(text, turned) == ranking_of(text, known) or (
        ranking_of(text, turned).shares == ranking_of(text, known).shares
    )


def test_posts_written_later_go_to_their_year(known: AuthorYears) -> None:
    for year, words in ((2017, WORDS[:60]), (2018, WORDS[40:100]), (2019, WORDS[80:140])):
        rankings = [ranking_of(text, known) for text in year_of(year, words, 30)]
        right = sum(ranking.shares[0][0] == year for ranking in rankings)
        assert right >= 27
        named = [ranking for ranking in rankings if ranking.verdict == "year"]
        assert len(named) >= 20
        assert all(mark[3] > 0 for ranking in named for mark in ranking.marks)


def test_years_that_do_not_differ_are_seldom_named() -> None:
    known = years_of(ALIKE, FITTED)
    rankings = [ranking_of(text, known) for text in year_of(9, WORDS, 60)]
    assert sum(ranking.verdict == "year" for ranking in rankings) <= 3


def test_a_year_needs_a_hundred_unlike_texts() -> None:
    short = {**DIFFERENT, 2018: DIFFERENT[2018][:99]}
    assert years_of(short, FITTED).years == (2017, 2019)
    assert (
        years_of({2017: ["the same words again"] * 300, 2018: DIFFERENT[2018]}, FITTED).years == ()
    )
    assert ranking_of("any words at all", AuthorYears()).verdict == "few"


def test_a_year_with_many_more_posts_is_not_preferred() -> None:
    uneven = {2017: year_of(1, WORDS, 1_500), 2018: year_of(2, WORDS, POSTS)}
    known = years_of(uneven, FITTED)
    shares = [dict(ranking_of(text, known).shares)[2017] for text in year_of(5, WORDS, 60)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.1)


def test_posts_are_thinned_evenly() -> None:
    assert thinned([str(n) for n in range(10)], 5) == ["0", "2", "4", "6", "8"]
    assert thinned(["a", "b"], 5) == ["a", "b"]


def test_chance_alone_gives_no_sharpness() -> None:
    noise = np.random.default_rng(3).normal(size=(200, 2))
    sharpness, _ = fit_choice(noise, np.arange(200) % 2)
    assert sharpness < 0.1
    noise[np.arange(200), np.arange(200) % 2] += 2
    assert fit_choice(noise, np.arange(200) % 2)[0] > 0.5
