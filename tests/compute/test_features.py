"""What is counted in a text, and where it stands."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.counts import Counts
from app.compute.features import (
    CHARACTERS,
    GROUPS,
    PAIRS,
    SHAPE,
    STYLE,
    WORDS,
    features,
    features_of,
    group_edges,
    occurrences,
)
from app.compute.text import own_words
from tests.growth import FACTOR, MOST_GROWTH, growth

LINKS = ["http://t.co/aB3 ", "https://t.co/", "pic.twitter.com/x1", "https://example.org/a?b "]
WORDS_AND_MARKS = ["@ann", "#tag", "don't", "A1", "...", "\n", " ", "…", "—"]
SCRIPTS = ["ㅋㅋㅋ", "안녕 하세요", "שלום", "😀👍🏽", "\u0301", "e\u0301", "İ"]
PIECES = st.sampled_from(LINKS + WORDS_AND_MARKS + SCRIPTS)
TEXTS = st.text(st.characters(), max_size=60) | st.lists(PIECES, max_size=15).map("".join)
SAMPLE = "Hey @ann, 2 loaves of BREAD! http://t.co/x1 안녕 ㅋㅋ\n#bake 😀"


def group(counts: Counts, number: int) -> tuple[list[int], list[int]]:
    edges = group_edges(counts.keys)
    part = slice(edges[number], edges[number + 1])
    return counts.keys[part].tolist(), counts.counts[part].tolist()


@given(TEXTS)
def test_occurrences_are_the_features_one_by_one_inside_the_text(text: str) -> None:
    appearances = occurrences(text)
    end = group_edges(features(text).keys)[SHAPE]
    assert appearances.counts == features(text)
    assert np.bincount(appearances.numbers).tolist() == appearances.counts.counts[:end].tolist()
    assert np.all(appearances.starts >= 0)
    assert np.all(appearances.starts < appearances.ends)
    assert np.all(appearances.ends <= len(text))
    assert appearances.numbers.size == appearances.starts.size == appearances.ends.size


def test_recipe_is_unchanged() -> None:
    # Stored profiles were counted with these keys: whoever changes them must raise RECIPE.
    counts = features("Ab 가, http://t.co/x")
    assert int((counts.keys.astype(np.uint64) * counts.counts).sum()) == 76587933622
    sizes = [sum(group(counts, number)[1]) for number in range(len(GROUPS))]
    assert sizes == [7, 4, 5, 11, 18]


def test_random_links_differ_in_nothing() -> None:
    assert features("see http://t.co/a1B") == features("see https://t.co/Zz9yX")
    assert features("see pic.twitter.com/q") == features("see https://t.co/Zz9yX")


@pytest.mark.parametrize(
    ("number", "first", "second", "alike"),
    [
        (WORDS, "Bread AND butter", "bread and BUTTER", True),
        (PAIRS, "Bread AND butter", "bread and BUTTER", True),
        (CHARACTERS, "Bread AND butter", "bread and BUTTER", False),
        (WORDS, "now and then", "then and now", True),
        (PAIRS, "now and then", "then and now", False),
        (WORDS, "a https://example.org/one", "a https://example.org/two", False),
        (WORDS, "a https://example.org/", "a https://example.net/", False),
        (SHAPE, "Bread, now!", "Salt, soon!", True),
        (SHAPE, "It cost 12", "He met 9", True),
        (SHAPE, "@ann hi #tag http://t.co/x", "@bob ho #other https://example.org/page", True),
        (SHAPE, "안녕 하세요", "밥 먹었어", True),
        (SHAPE, "ㅋㅋㅋ", "ㅠㅠㅠ", True),
        (SHAPE, "ㅋㅋㅋ", "ㅋㅋ", False),
        (SHAPE, "BREAD!", "bread!", False),
        (SHAPE, "so, so, so, so", "so, so, so, so, so", True),
        (SHAPE, "so, so", "so, so,", False),
        (SHAPE, "so it is", "and so it is", False),
        (SHAPE, "no.", "no!", False),
        (SHAPE, "a b", "a\nb", False),
        (SHAPE, "@a@b", "@a", False),
        *(
            (STYLE, "x some words y", f"x some {mark} words y", False)
            for mark in ("!", "?", "...", "—", '"', ",", "\n", "@b", "#c", "😀", "AB")
        ),
    ],
)
def test_each_group_tells_some_texts_apart(
    number: int, first: str, second: str, alike: bool
) -> None:
    assert (group(features(first), number) == group(features(second), number)) is alike


@pytest.mark.parametrize(
    "piece",
    [
        *("a", ",", "ㅋ", "😀", "@a", "aA", "http://", "https:", "http://t.co/", "a'", "\u0301"),
        *(" ", "\n", "\t", "\n ", "\n>", "> ", "RT @"),
    ],
)
def test_long_monotonous_texts_cost_little(piece: str) -> None:
    def work(length: int) -> None:
        text = (piece * length)[:length]
        assert occurrences(text).counts == features(text)

    assert growth(partial(work, 25_000 // FACTOR), partial(work, 25_000)) < MOST_GROWTH


def test_any_amount_of_white_space_ends_within_the_time_of_a_test() -> None:
    # Looked through from each of its characters, it would take many minutes.
    assert own_words("mine" + " \n" * 250_000 + "too").endswith("too")


@given(st.lists(TEXTS))
def test_texts_that_are_counted_together_have_the_features_of_each(texts: list[str]) -> None:
    assert features_of(texts) == [features(text) for text in texts]


def test_many_and_long_texts_are_counted_some_at_a_time() -> None:
    texts = [SAMPLE * number for number in (1, 0, 1_000, 2, 0, *range(150))]
    assert features_of(texts) == [features(text) for text in texts]
