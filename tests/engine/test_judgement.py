"""One of the named authors, or somebody else: what is answered, and how often it is wrong."""

import random
from dataclasses import replace
from datetime import datetime
from functools import cache

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from saywho.engine.attribution import group_scores
from saywho.engine.case import KNOWN_FEATURES, WORDED_SAMPLE, AuthorHabit, Case, worded_share
from saywho.engine.features import CHARACTERS, lookup
from saywho.engine.judgement import FEWEST_JUDGED, LONE, Judgement, judge
from saywho.engine.population import FEWEST_POSTS, NOBODY
from tests.engine.invented import ASKED, KNOWN, Place, posts_of
from tests.selection import first_of

AUTHORS = range(48)
HERE = range(24)
"""The others are strangers."""
UNEVEN = {0: 1, 1: FEWEST_JUDGED - 1, 2: 12, 3: 22, 4: 100, 5: 150, 6: 60}
"""Posts of some authors."""


@cache
def posts(author: int) -> list[str]:
    return posts_of(author)


@cache
def place() -> Place:
    return Place({author: posts(author)[:KNOWN] for author in HERE})


@cache
def verdicts(count: int) -> tuple[list[str], list[str], list[str]]:
    """Return the verdicts on so many texts by strangers, and by the author named: right, wrong."""
    chance = random.Random(count)  # noqa: S311 - no secret
    strange, right, wrong = list[str](), list[str](), list[str]()
    for author in AUTHORS:
        for _ in range(ASKED):
            texts = chance.sample(posts(author)[KNOWN:], count)
            for size in (2, 5):
                own = [author] if author in HERE else []
                others = [each for each in HERE if each != author]
                judgement = place().judge(texts, own + chance.sample(others, size - len(own)))
                verdict = judgement.verdict
                (strange if not own else right if not judgement.order[0] else wrong).append(verdict)
    return strange, right, wrong


@pytest.mark.parametrize(
    ("texts", "strangers", "right"), first_of([(1, 0.04, 0.6), (5, 0.02, 0.9)], (5, 0.02, 0.9))
)
def test_strangers_are_hardly_ever_taken_for_a_named_author(
    texts: int, strangers: float, right: float
) -> None:
    by_strangers, by_right, by_wrong = verdicts(texts)
    own = len(by_right) + len(by_wrong)
    assert by_strangers.count("likely") <= strangers * len(by_strangers)
    assert by_right.count("likely") >= right * own
    assert by_wrong.count("likely") <= 0.01 * own


@pytest.mark.parametrize("named", [[3], [3, 7], [3, 7, 1, 12, 5]], ids=len)
@pytest.mark.parametrize("author", [3, 30], ids=["named", "stranger"])
def test_ratios_probabilities_and_none_agree(named: list[int], author: int) -> None:
    texts = posts(author)[KNOWN : KNOWN + 2]
    nones = []
    for sure in (0.05, 0.5, 0.95):
        judgement = place().judge(texts, named, sure)
        shares = place().case(texts, named).ranking.probabilities
        assert judgement.none is not None
        mean = np.array([10**ratio for ratio in judgement.log10 if ratio is not None]).mean()
        assert judgement.none == pytest.approx((1 - sure) / (1 - sure + sure * mean), abs=0.01)
        for number, place_ in enumerate(named):
            alone = place().judge(texts, [place_], sure)
            assert judgement.log10[number] == pytest.approx(alone.log10[0], abs=1e-9)
            assert judgement.bounds[number] == alone.bounds[0]
        assert np.argsort(-shares, kind="stable").tolist() == judgement.order
        nones.append(judgement.none)
    assert nones == sorted(nones, reverse=True)


def test_each_verdict_is_given() -> None:
    own, strange = posts(3)[KNOWN:], posts(30)[KNOWN:]
    assert place().judge(own, [3, 7]).verdict == "likely"
    assert place().judge(own, [3]).verdict == "likely"
    assert place().judge(strange, [3, 7]).verdict == "unfamiliar"
    assert place().judge(own, [3, 7], 0.01).verdict != "likely"
    # Two authors with the same posts are as likely as each other.
    twin = Place({author: posts(3 if author == 99 else author)[:KNOWN] for author in (*HERE, 99)})
    assert twin.judge(own, [3, 99]).verdict == "close"


@pytest.mark.parametrize(
    "text",
    ["kabor lotu ka", "https://example.org/kabor-lotu-ka-mi @kabor #lotu ka ka ka", "12 34 56 78"],
)
def test_fewer_than_four_words_are_short(text: str) -> None:
    judgement = place().judge([text], [3, 7])
    assert (judgement.verdict, judgement.none, judgement.log10) == ("short", None, [None, None])
    assert place().judge([text, "stalo renve"], [3, 7]).verdict != "short" or text[0] == "1"


@pytest.mark.parametrize(
    ("count", "verdict", "is_known"),
    [
        (FEWEST_JUDGED - 1, "short", False),
        (FEWEST_POSTS - 1, "close", False),
        (FEWEST_POSTS, "likely", True),
    ],
)
def test_few_posts_of_a_named_author_are_said(count: int, verdict: str, is_known: bool) -> None:
    here = Place({author: posts(author)[: count if author == 3 else KNOWN] for author in HERE})
    texts = posts(3)[KNOWN:]
    alone = here.judge(texts, [3])
    # The limit is of the text that is known, which 24 of these posts have enough of.
    assert ("few_posts" in alone.limits) == (count < FEWEST_JUDGED)
    assert (alone.none is not None, alone.log10[0] is not None) == (is_known, is_known)
    assert alone.verdict == (verdict if is_known else "short")
    both = here.judge(texts, [3, 7])
    assert (both.log10[0] is not None) == is_known
    # With a ratio for one of them there is an answer.
    assert (both.none is None) == (count < FEWEST_JUDGED)


@cache
def uneven() -> Place:
    """Return a place of authors with as many posts as `UNEVEN` says."""
    both = {author: posts(author) + posts(author + 24) for author in UNEVEN}
    return Place({author: both[author][:count] for author, count in UNEVEN.items()})


@given(
    st.lists(st.sampled_from(sorted(UNEVEN)), min_size=1, unique=True),
    st.sampled_from(
        [*(posts(author)[0] for author in (0, 4, 5, 30)), "too few", "오늘도 불을 켰다"]
    ),
    st.booleans(),
)
def test_whoever_was_named_with_little_text_is_a_limit(
    named: list[int], text: str, is_named: bool
) -> None:
    case = replace(uneven().case([text], named), is_named=is_named)
    judgement = judge(case)
    known = [suspect.profile.totals[CHARACTERS] for suspect in case.suspects]
    few = {place for place, features in enumerate(known) if features < KNOWN_FEATURES}
    names = [suspect.username for suspect in case.suspects]
    weak = [names.index(name) for name in judgement.weak.get("few_posts", [])]
    assert ("few_posts" in judgement.limits) == bool(weak)
    assert set(weak) == few if is_named else set(weak) <= few
    assert weak == [place for place in judgement.order if place in weak]
    if judgement.order[0] in few:
        assert judgement.order[0] in weak


def test_among_all_an_author_with_few_posts_is_not_named_and_hides_no_other() -> None:
    few = FEWEST_JUDGED - 1
    here = Place({author: posts(author)[: few if author == 7 else KNOWN] for author in HERE})
    everybody = {
        author: replace(here.case(posts(author)[KNOWN:], HERE), is_named=False) for author in (3, 7)
    }
    known, unknown = judge(everybody[3]), judge(everybody[7])
    assert (known.verdict, known.order[0], known.log10[7]) == ("likely", 3, None)
    assert (unknown.order[0], unknown.log10[7]) == (7, None)
    assert unknown.verdict in ("close", "unfamiliar")
    assert judge(replace(everybody[3], is_named=True)).verdict == "short"
    nobody = Place({author: posts(author)[:few] for author in HERE}).case(posts(3)[KNOWN:], HERE)
    assert judge(replace(nobody, is_named=False)).verdict == "short"


def test_without_two_others_of_the_language_there_is_no_ratio() -> None:
    few = Place({author: posts(author)[:KNOWN] for author in (3, 7)})
    both, alone = few.judge(posts(3)[KNOWN:], [3, 7]), few.judge(posts(3)[KNOWN:], [3])
    assert (both.verdict, both.none, both.log10) == ("close", None, [None, None])
    assert (alone.verdict, alone.none) == ("short", None)
    assert "few_authors" in both.limits
    assert "few_authors" in alone.limits
    # Nobody here writes Korean.
    korean = place().judge(["오늘도 등대에 불을 켰어요 바람이 불어요"], [3, 7])
    assert korean.none is None
    assert {"few_authors", "other_language"} <= set(korean.limits)


def test_the_topic_decides_only_where_the_text_speaks_for_an_author() -> None:
    def answers(author: int, named: int) -> list[Judgement]:
        return [place().judge([text], [named]) for text in posts(author)[KNOWN : KNOWN + 3]]

    strange = [
        judgement for author in AUTHORS if author not in HERE for judgement in answers(author, 3)
    ]
    own = [judgement for author in HERE for judgement in answers(author, author)]
    by_topic = [judgement.log10[0] for judgement in own + strange if "topic" in judgement.limits]
    assert by_topic
    assert all(ratio is not None and ratio > 0 for ratio in by_topic)


def test_an_absent_author_is_nobody_else() -> None:
    case = place().case(posts(3)[KNOWN : KNOWN + 1], [7])
    with_author, without = (
        judge(case),
        judge(replace(case, absent=place().corpus.suspects["003"].id)),
    )
    assert with_author.none is not None
    assert without.none is not None
    assert without.none < with_author.none


def with_gaps(case: Case, gaps: NDArray[np.float64]) -> Judgement:
    """Return the answer if the only suspect were so far from each of the population."""
    (suspect,) = case.suspects
    assert suspect.habit is not None
    assert suspect.habit.usual is not None
    habit = replace(suspect.habit, usual=replace(suspect.habit.usual, gaps=gaps))
    return judge(replace(case, suspects=[replace(suspect, habit=habit)]))


def test_an_author_whom_nobody_here_is_like_is_a_limit() -> None:
    case = place().case(posts(3)[KNOWN:], [3])
    others = case.others_of(case.suspects[0])
    assert others.shape == (len(case.fitted.population),)
    lone = with_gaps(case, np.where(others, LONE + 0.1, 0.0))  # The author is no other.
    assert "lone_author" in lone.limits
    assert lone.weak["lone_author"] == [case.suspects[0].username]
    one_near = np.where(others, LONE + 9, 0.0)
    one_near[others.nonzero()[0][0]] = LONE - 0.1
    assert "lone_author" not in with_gaps(case, one_near).limits
    # Those of another population.
    assert "lone_author" not in with_gaps(case, np.full(others.size - 1, 100.0)).limits
    nobody = replace(case, fitted=replace(case.fitted, population=NOBODY))
    assert "lone_author" not in with_gaps(nobody, np.empty(0)).limits


def test_the_gap_is_that_of_the_newest_posts_in_a_usual_text() -> None:
    """Someone with the same posts is nearer than others; the author is nearest to all others."""
    here = Place({author: posts(3 if author == 9 else author)[:KNOWN] for author in range(10)})
    habit = here.case([posts(3)[KNOWN]], [3]).suspects[0].habit
    assert habit is not None
    assert habit.usual is not None
    gaps = habit.usual.gaps
    assert {*np.argsort(gaps)[:2].tolist()} == {3, 9}
    assert gaps[3] == pytest.approx(
        gaps[9], abs=1e-4
    )  # Sums of float32, each in an order of its own.
    assert gaps[3] < 0 < np.sort(gaps)[2]  # The newest posts are taken out of the own counts.


def test_platforms_and_periods_are_told() -> None:
    # Both of them have a say: who has less than one in a hundred decides nothing.
    case = place().case([posts(3)[KNOWN], posts(7)[KNOWN]], [3, 7])
    assert not {"other_platform", "other_period"} & set(judge(case).limits)
    suspects = [
        replace(each, habit=AuthorHabit(None, platform, first_at=at, newest_at=at))
        for each, platform, at in zip(
            case.suspects,
            ("x", "mastodon"),
            (datetime(2015, 1, 1), datetime(2020, 1, 1)),
            strict=True,
        )
    ]
    assert {"other_platform", "other_period"} <= set(judge(replace(case, suspects=suspects)).limits)


@pytest.mark.parametrize(
    ("newest", "share"),
    [
        (["😀⛴️", "🚢", "🤣🤣"], 0.0),
        (["https://example.org/fog", "@jun #fog", "12:30 4.5"], 0.0),
        (["안개다", "霧", "туман", "fog!"], 1.0),
        (["fog", "🚢", "https://example.org", "7"], 0.25),
        (["🚢"] * WORDED_SAMPLE + ["fog"], 0.0),
        ([], 1.0),
    ],
)
def test_emoji_links_and_numbers_are_no_words(newest: list[str], share: float) -> None:
    assert worded_share(newest) == share


def test_an_author_whose_posts_have_no_words_is_short() -> None:
    case = place().case([posts(3)[KNOWN], posts(7)[KNOWN]], [3, 7])
    assert judge(case).verdict != "short"
    wordless = AuthorHabit(None, "x", worded_share=0.0)
    suspects = [case.suspects[0], replace(case.suspects[1], habit=wordless)]
    assert judge(replace(case, suspects=suspects)).verdict == "short"


@given(st.lists(st.integers(0, len(AUTHORS) - 1), min_size=1, max_size=4, unique=True))
def test_the_population_scores_as_each_of_its_authors_does(members: list[int]) -> None:
    here = Place({author: posts(author)[:20] for author in members})
    query = here.case([posts(9)[KNOWN], "Entirely 다른 words"], members).ranking.query
    profiles = [suspect.profile for _, suspect in sorted(here.corpus.suspects.items())]
    scores = group_scores(query, profiles)
    population = here.corpus.fitted.population
    # Of some hundred features, whose logarithms err by 1e-7 each.
    assert np.allclose(population.read(query).groups, scores, atol=1e-5)
    everybody = population.without([], None)
    uses = [lookup(profile.counts, query.counts.keys) for profile in profiles]
    assert (
        population.uses(query.counts.keys).by(everybody).tolist() == np.sum(uses, axis=0).tolist()
    )
