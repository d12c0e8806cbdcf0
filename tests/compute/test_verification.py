"""The likelihood ratio of one author against others: its bounds, its course, its evidence."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.attribution import DAMPING, PENALTY, PENALTY_HALF_FEATURES, PRIORS, WEIGHTS
from app.compute.background import Background, build_background
from app.compute.counts import Counts, add
from app.compute.features import GROUP_SHIFT, features, occurrences
from app.compute.profiles import AuthorProfile, profile_of
from app.compute.verification import (
    INTERCEPT,
    LEAD,
    TYPICAL,
    LikelihoodRatio,
    bounds,
    log10_parts,
    mark_evidence,
    support,
    usual_rates,
    verify,
)

WORDS = [
    *("lamp", "fog", "bell", "tide", "oven", "rolls", "dawn", "moss"),
    *("등대", "안개", "종소리", "밀물", ":)", "!!", "…", "12"),
]
POSTS = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=9).map(" ".join), min_size=4, max_size=12
)
AUTHORS = st.lists(POSTS, min_size=3, max_size=6)


def background_of(authors: list[list[str]]) -> Background:
    counts = [profile_of(posts).counts for posts in authors]
    return build_background(counts, sum(map(len, authors)))


def verified(query: Counts, authors: list[list[str]]) -> LikelihoodRatio:
    """Verify the first of the authors, whose newest quarter says what is usual."""
    background = background_of(authors)
    profiles = [profile_of(posts) for posts in authors]
    held = max(1, len(authors[0]) // 4)
    newest = add([features(text) for text in authors[0][-held:]])
    rest = profile_of(authors[0][:-held])
    rates = usual_rates(rest, newest, held, background)
    return verify(query, profiles[0], rates, profiles[1:], background)


def by_group(counts: Counts) -> list[Counter[int]]:
    groups = [Counter[int]() for _ in range(5)]
    for key, number in zip(counts.keys.tolist(), counts.counts.tolist(), strict=True):
        groups[key >> GROUP_SHIFT][key] = number
    return groups


def slow_sums(query: Counts, profile: AuthorProfile, background: Background) -> list[float]:
    """The undamped log-odds of each group, feature by feature."""
    known = dict(zip(profile.counts.keys.tolist(), profile.counts.counts.tolist(), strict=True))
    sums = []
    for group, own in enumerate(by_group(query)):
        prior, total = float(PRIORS[group]), int(profile.totals[group])
        keys = np.array(sorted(own), np.uint32)
        shares = dict(zip(keys.tolist(), background_shares(background, query, keys), strict=True))
        sums.append(
            sum(
                number * math.log(1 + known.get(key, 0) / (prior * shares[key]))
                for key, number in own.items()
            )
            + own.total() * math.log(prior / (prior + total))
        )
    return sums


def background_shares(background: Background, query: Counts, keys: np.ndarray) -> list[float]:
    shares = background.probabilities(query.keys)
    return [float(shares[place]) for place in np.searchsorted(query.keys, keys)]


@given(AUTHORS, POSTS)
def test_the_ratio_is_that_of_the_formulas(authors: list[list[str]], texts: list[str]) -> None:
    """The same, number by number, as the method is written down in docs/attribution.md."""
    query = add([features(text) for text in texts])
    background = background_of(authors)
    widths = [own.total() for own in by_group(query)]
    damped = [w * max(n, 1) ** DAMPING for w, n in zip(WEIGHTS.tolist(), widths, strict=True)]

    def doubt(profile: AuthorProfile) -> float:
        known = int(profile.totals[0])
        return PENALTY * math.pow(widths[0], 1 + DAMPING) / (1 + known / PENALTY_HALF_FEATURES)

    scores = []
    for posts in authors:
        profile = profile_of(posts)
        sums = slow_sums(query, profile, background)
        scores.append(sum(map(math.prod, zip(damped, sums, strict=True))) - doubt(profile))
    held = max(1, len(authors[0]) // 4)
    newest = add([features(text) for text in authors[0][-held:]])
    known = [own.total() for own in by_group(newest)]
    rest = profile_of(authors[0][:-held])
    less = background.without(newest, held)
    rates = [s / max(n, 1) for s, n in zip(slow_sums(newest, rest, less), known, strict=True)]
    usual = sum(w * n * r for w, n, r in zip(damped, widths, rates, strict=True))
    usual -= doubt(profile_of(authors[0]))
    others = len(authors) - 1
    mean = math.log(sum(map(math.exp, scores[1:])) / others)
    scale = (max(widths[0], 30) / 100) ** -0.2 / math.log(10)
    lead = scale * LEAD * others / (others + 4) * (scores[0] - mean)
    typical = scale * TYPICAL * (scores[0] - usual)
    found = verified(query, authors)
    assert found.lead == pytest.approx(lead, abs=1e-6)
    assert found.typical == pytest.approx(typical, abs=1e-6)
    whole = INTERCEPT / math.log(10) + lead + typical
    low, high = -1.5, min(2, math.log10(3 * (others + 1)))
    assert found.log10 == pytest.approx(min(max(whole, low), high), abs=1e-6)
    assert found.is_bounded == (not low <= whole <= high)


@given(AUTHORS, st.integers(0, 5))
def test_posts_are_taken_out_of_the_background_exactly(
    authors: list[list[str]], author: int
) -> None:
    each = [[features(text) for text in posts] for posts in authors]
    gone = each.pop(author % len(each))
    rest = [counts for posts in each for counts in posts]
    both = build_background([*gone, *rest], len(gone) + len(rest))
    left, expected = both.without(add(gone), len(gone)), build_background(rest, len(rest))
    assert np.array_equal(left.table, expected.table)
    assert left.totals.tolist() == expected.totals.tolist()
    assert left.posts == expected.posts


@given(
    st.floats(-50, 50),
    st.lists(st.floats(-50, 50), min_size=2, max_size=20),
    st.floats(-50, 50),
    st.integers(1, 5_000),
    st.floats(0.01, 20),
)
def test_a_better_score_never_lowers_the_ratio_nor_a_better_impostor_raises_it(
    own: float, impostors: list[float], usual: float, length: int, more: float
) -> None:
    def whole(own: float, impostors: list[float]) -> float:
        scores = np.array([own]), np.array([impostors]), np.array([usual]), np.array([length])
        return float(sum(part[0] for part in log10_parts(*scores)))

    assert whole(own + more, impostors) > whole(own, impostors)
    assert whole(own, [impostors[0] + more, *impostors[1:]]) <= whole(own, impostors)


@pytest.mark.parametrize(
    ("impostors", "highest", "word"),
    [(2, math.log10(9), "weak"), (3, math.log10(12), "moderate"), (26, math.log10(81), "moderate")],
)
def test_few_impostors_allow_little(impostors: int, highest: float, word: str) -> None:
    assert bounds(impostors) == pytest.approx((-1.5, highest))
    assert support(highest) == word
    assert bounds(1_000)[1] == 2
    assert [support(x) for x in (0.0, -0.3, 0.302, -0.99, 1.0, -1.5)] == [
        *("none", "none", "weak", "weak", "moderate", "moderate")
    ]


@given(AUTHORS, POSTS)
def test_marks_are_ordered_pieces_of_the_texts(authors: list[list[str]], texts: list[str]) -> None:
    background = background_of(authors)
    profiles = [profile_of(posts) for posts in authors]
    query = add([features(text) for text in texts])
    found = verified(query, authors)
    assert found.shares.sum() == pytest.approx(1)
    marked = mark_evidence(
        texts,
        [occurrences(text) for text in texts],
        query,
        profiles[0],
        profiles[1:],
        found.shares,
        background,
        most=5,
    )
    assert len(marked) == len(texts)
    for text, spans in zip(texts, marked, strict=True):
        assert len(spans) <= 5
        place = 0
        for span in spans:
            assert place <= span.start < span.end <= len(text)
            assert span.author in (0, 1)
            assert span.weight > 0
            place = span.end


def test_what_the_author_alone_says_is_for_and_what_others_say_is_against() -> None:
    own = ["the lamp and the fog, bell by bell"] * 3 + [f"the lamp is lit, {n}" for n in range(9)]
    others = [[f"oven and rolls at dawn, {n}" for n in range(12)] for _ in range(3)]
    background = background_of([own, *others])
    profiles = [profile_of(posts) for posts in (own, *others)]
    text = "the lamp is lit; oven and rolls at dawn"
    query = features(text)
    found = verify(query, profiles[0], np.zeros(5), profiles[1:], background)
    (spans,) = mark_evidence(
        [text],
        [occurrences(text)],
        query,
        profiles[0],
        profiles[1:],
        found.shares,
        background,
        most=9,
    )
    sides = {text[span.start : span.end]: span.author for span in spans}
    assert any("lamp" in piece and author == 0 for piece, author in sides.items())
    assert any("rolls" in piece and author == 1 for piece, author in sides.items())
