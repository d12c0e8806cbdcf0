"""What is struck out of a text leaves a gap: it does not count, nor does what lies across it."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from saywho.engine.case import Case, Fitted, Suspect, whole_words
from saywho.engine.evidence import marks_of
from saywho.engine.features import STYLE, features, group_edges, lookup, occurrences
from saywho.engine.judgement import judge
from saywho.text import BETWEEN, Gap, gaps_of_each, joined_gaps, own_words, rest_of, word_count
from tests.engine.invented import KNOWN, Place, posts_of
from tests.engine.test_evidence import AUTHORS, BACKGROUND, TEXTS

WORDS = st.sampled_from(["bread", "wind...", "비가", "ㅎㅎ", "#tag", "@ann", "😀", "Sea,", "x"])
NAMED = [3, 7]


@st.composite
def struck_texts(draw: st.DrawFn) -> tuple[str, tuple[Gap, ...]]:
    """Return a text, and pieces of it."""
    text = draw(TEXTS)
    places = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(places, places), max_size=4))
    return text, joined_gaps((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])


@cache
def place() -> Place:
    return Place({author: posts_of(author)[:KNOWN] for author in range(12)})


def case(*texts: str, gaps: tuple[Gap, ...] = ()) -> Case:
    return replace(place().case(texts, NAMED), gaps=gaps)


def touches(gaps: tuple[Gap, ...], start: int, end: int) -> bool:
    return any(start < last and end > first for first, last in gaps)


@given(struck_texts())
def test_only_features_that_no_gap_touches_are_left(struck: tuple[str, tuple[Gap, ...]]) -> None:
    text, gaps = struck
    whole, left = features(text), occurrences(text, gaps)
    edge = group_edges(left.counts.keys)[STYLE]
    assert np.all(lookup(whole, left.counts.keys[:edge]) >= left.counts.counts[:edge])
    for start, end in zip(left.starts.tolist(), left.ends.tolist(), strict=True):
        assert not touches(gaps, start, end)
    if not gaps:
        assert left.counts == whole


@given(st.lists(WORDS, min_size=3, max_size=12), st.data())
def test_gaps_do_not_count(words: list[str], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(words) - 1))

    def counted(word: str) -> object:
        start = sum(len(each) + 1 for each in words[:number])
        text = " ".join([*words[:number], word, *words[number + 1 :]])
        return occurrences(text, ((start, start + len(word)),)).counts

    assert counted(words[number]) == counted(data.draw(WORDS))


def test_neighbours_of_a_gap_are_not_joined() -> None:
    text = "we bake warm bread"
    left = occurrences(text, ((8, 12),))
    for joined in ("we bake bread", "we bake  bread"):
        keys = features(joined).keys
        new = keys[lookup(features(text), keys) == 0]
        edge = group_edges(new)[STYLE]
        assert new[:edge].size
        assert not lookup(left.counts, new[:edge]).any()


def test_a_gap_in_a_quotation_changes_nothing() -> None:
    text = "We bake bread, warm bread\n> said the sailor"
    assert occurrences(text, ((30, 35),)).counts == features(text)
    assert whole_words(text, ((30, 35),)) == word_count(own_words(text)) == 5


@pytest.mark.parametrize("count", [1, 3])
def test_striking_everything_leaves_too_little(count: int) -> None:
    texts = posts_of(3)[KNOWN : KNOWN + count]
    everything = case(*texts, gaps=((0, len(BETWEEN.join(texts))),))
    judgement = judge(everything)
    assert (judgement.verdict, judgement.none, set(judgement.log10)) == ("short", None, {None})
    assert everything.ranking.probabilities.sum() == pytest.approx(1)
    assert not marks_of(
        everything, everything.suspects, occurrences(everything.text, everything.gaps)
    )


def test_a_whole_text_that_is_struck_is_as_if_it_was_not_given() -> None:
    first, second = posts_of(3)[KNOWN : KNOWN + 2]
    start = len(first) + len(BETWEEN)
    struck = judge(case(first, second, gaps=((start, start + len(second)),)))
    alone = judge(case(first))
    assert (struck.verdict, struck.none, struck.log10) == (alone.verdict, alone.none, alone.log10)
    assert judge(case(first, second)).none != alone.none


@given(struck_texts())
def test_marks_neither_touch_a_gap_nor_lie_across_one(struck: tuple[str, tuple[Gap, ...]]) -> None:
    text, gaps = struck
    suspects = [Suspect(number, str(number), each) for number, each in enumerate(AUTHORS)]
    asked = Case([text], suspects, Fitted(BACKGROUND), gaps=gaps)
    for start, end, *_ in marks_of(asked, suspects, occurrences(text, gaps)):
        assert not touches(gaps, start, end)


def test_a_mark_falls_apart_where_a_word_of_it_is_struck() -> None:
    text = "calm sea west wind calm sea"
    suspects = [Suspect(number, str(number), each) for number, each in enumerate(AUTHORS)]

    def marked(*gaps: Gap) -> list[str]:
        asked = Case([text], suspects, Fitted(BACKGROUND), gaps=gaps)
        marks = marks_of(asked, suspects, occurrences(text, gaps))
        return [text[start:end] for start, end, *_ in marks]

    assert marked() == [text]
    assert marked((9, 13)) == ["calm sea", "wind calm sea"]


@given(struck_texts())
def test_striking_never_adds_words_and_keeps_places(struck: tuple[str, tuple[Gap, ...]]) -> None:
    text, gaps = struck
    assert len(rest_of(text, gaps)) == len(text)
    assert whole_words(text, gaps) <= whole_words(text, ()) == word_count(own_words(text))
    everything = ((0, len(text)),) if text else ()
    assert whole_words(text, everything) == 0 or not text


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=6))
def test_joined_gaps_hold_the_same_places_once(pairs: list[tuple[int, int]]) -> None:
    gaps = [(start, start + length) for start, length in pairs]
    joined = joined_gaps(gaps)
    assert sorted({place for gap in gaps for place in range(*gap)}) == [
        place for gap in joined for place in range(*gap)
    ]
    assert all(first[1] < second[0] for first, second in pairwise(joined))


@given(st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=4), st.data())
def test_each_text_has_its_own_part_of_a_gap(texts: list[str], data: st.DataObject) -> None:
    size = len(BETWEEN.join(texts))
    start = data.draw(st.integers(0, size - 1))
    gap = (start, data.draw(st.integers(start + 1, size)))
    struck = BETWEEN.join(
        rest_of(text, own) for text, own in zip(texts, gaps_of_each(texts, [gap]), strict=True)
    )
    for place, sign in enumerate(BETWEEN.join(texts)):
        assert struck[place] == (" " if gap[0] <= place < gap[1] and sign != "\n" else sign)
