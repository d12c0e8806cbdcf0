"""The years of one author as a closed ranking."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.case import Case, Fitted, Suspect
from app.compute.profiles import profile_of
from app.compute.year_sample import sample_of, thinned
from app.compute.years import AuthorYears, YearRanking, fit_choice, rank_years, years_in
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
    return years_in(sample_of(DIFFERENT), FITTED)


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
    assert years_in(sample_of(shuffled), FITTED).years == known.years
    assert (ranking.verdict == "year") == (shares[0] >= 2 * shares[1])


def test_the_order_of_years_changes_no_number(known: AuthorYears) -> None:
    turned = years_in(sample_of(dict(reversed(DIFFERENT.items()))), FITTED)
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
    known = years_in(sample_of(ALIKE), FITTED)
    rankings = [ranking_of(text, known) for text in year_of(9, WORDS, 60)]
    assert sum(ranking.verdict == "year" for ranking in rankings) <= 3


def test_a_year_needs_a_hundred_unlike_texts() -> None:
    short = {**DIFFERENT, 2018: DIFFERENT[2018][:99]}
    assert years_in(sample_of(short), FITTED).years == (2017, 2019)
    assert (
        years_in(
            sample_of({2017: ["the same words again"] * 300, 2018: DIFFERENT[2018]}), FITTED
        ).years
        == ()
    )
    assert ranking_of("any words at all", AuthorYears()).verdict == "few"


def test_a_year_with_many_more_posts_is_not_preferred() -> None:
    uneven = {2017: year_of(1, WORDS, 1_500), 2018: year_of(2, WORDS, POSTS)}
    known = years_in(sample_of(uneven), FITTED)
    shares = [dict(ranking_of(text, known).shares)[2017] for text in year_of(5, WORDS, 60)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.1)


def second_of(year: int, month: int, day: int, hour: int) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def test_only_posts_near_the_end_of_a_year_change_it_with_the_time_zone() -> None:
    near = [second_of(2018, 12, 31, 20), second_of(2019, 1, 1, 3)]
    far = {year: [second_of(year, 7, 1, 0) + place for place in range(POSTS)] for year in DIFFERENT}
    seconds = {**far, 2018: [*far[2018][:-1], near[0]], 2019: [near[1], *far[2019][1:]]}
    sample = sample_of(DIFFERENT, seconds)
    assert [post.second for post in sample.loose] == near
    # Of years alone the ranking is what it was when each zone counted all posts.
    plain = years_in(sample_of(DIFFERENT), FITTED)
    for places, moved in (((2018, 2019), 0), ((2019, 2019), 1), ((2018, 2018), -1)):
        known = years_in(sample, FITTED, places)
        sizes = {year: of.posts for year, of in zip(known.years, known.profiles, strict=True)}
        expected = {2017: POSTS, 2018: POSTS - moved, 2019: POSTS + moved}
        assert sizes == {year: size for year, size in expected.items() if size >= POSTS}
        if not moved:
            assert known.sharpness == pytest.approx(plain.sharpness)


def test_years_that_no_time_zone_has_are_not_counted() -> None:
    said = year_of(1, WORDS, 2 * POSTS)
    assert sample_of({2017: said, 2018: said[:20]}).parts == {}
    eve = [second_of(2017, 12, 31, 20)] * len(said)
    sample = sample_of({2017: said}, {2017: eve})
    years = [2018] * POSTS + [2017] * POSTS
    assert years_in(sample, FITTED, years).years == (2017, 2018)
    assert years_in(sample, FITTED, [2017] * len(said)).years == ()


def test_posts_are_thinned_evenly() -> None:
    assert thinned([str(n) for n in range(10)], 5) == ["0", "2", "4", "6", "8"]
    assert thinned(["a", "b"], 5) == ["a", "b"]


def test_chance_alone_gives_no_sharpness() -> None:
    noise = np.random.default_rng(3).normal(size=(200, 2))
    sharpness, _ = fit_choice(noise, np.arange(200) % 2)
    assert sharpness < 0.1
    noise[np.arange(200), np.arange(200) % 2] += 2
    assert fit_choice(noise, np.arange(200) % 2)[0] > 0.5
