"""Posts put into a profile and taken out again: exact, and each text once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.counts import EMPTY, add
from app.compute.features import features, occurrences
from app.compute.profiles import (
    NO_DIGESTS,
    TextDigests,
    profile_of,
    text_keys,
    with_posts,
    without_posts,
)
from app.compute.text import own_words

POSTS = st.lists(st.sampled_from(["bread", "bread!!", "비가 와요", "RT @x: hi", ""]), max_size=8)


@given(POSTS, POSTS, st.randoms())
def test_a_profile_is_the_same_by_any_way(
    before: list[str], after: list[str], chance: object
) -> None:
    together = profile_of([*before, *after])
    assert together.counts == add([features(text) for text in {*before, *after}])
    assert together.posts == len(before) + len(after)
    step_by_step = profile_of(before)
    for text in after:
        step_by_step = with_posts(step_by_step, [text])
    assert step_by_step.counts == together.counts
    assert step_by_step.texts.to_bytes() == together.texts.to_bytes()
    again = without_posts(together, after)
    assert again.counts == profile_of(before).counts
    assert again.posts == len(before)
    assert again.texts.to_bytes() == profile_of(before).texts.to_bytes()
    counts = {text: features(text) for text in after[1:]}
    assert with_posts(profile_of(before), after, counts).counts == together.counts


def test_counts_that_were_never_added_cannot_be_subtracted() -> None:
    profile = profile_of(["bread", "bread"])
    for texts in (["wind"], ["bread"] * 3):
        with pytest.raises(ValueError, match="never posted"):
            without_posts(profile, texts)


@given(st.lists(st.text(max_size=5)))
def test_digests_come_back_from_bytes(texts: list[str]) -> None:
    posted = NO_DIGESTS.plus(text_keys(texts))
    again = TextDigests.from_bytes(posted.to_bytes())
    np.testing.assert_array_equal(again.keys, posted.keys)
    assert posted.count(text_keys(texts)).tolist() == [texts.count(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Well said! RT @baker: fresh bread today", "Well said!"),
        ("> fresh bread today\nWell said!", "Well said!"),
        ("Well said!\n> fresh bread\n> today", "Well said!"),
        ("One\n>> deep\nTwo", "One\nTwo"),
        ("5 > 3, and >this is none", "5 > 3, and >this is none"),
        (">:( no bread", ">:( no bread"),
        ("mine \n RT @ann: hello\nall", "mine"),
        ("> hers\n> too\nmine", "mine"),
        ("mine\n> hers\n RT @ann: hello", "mine\n"),
        ("mine\n\n  > hers", "mine\n"),
        ("mine\n> hers\nmine  RT @", "mine\nmine  RT @"),
        ("START @baker: no repost", "START @baker: no repost"),
    ],
)
def test_quoted_words_do_not_count(text: str, own: str) -> None:
    assert features(text) == features(own)
    assert own_words(text) == own
    appearances = occurrences(text)
    assert appearances.counts == occurrences(own).counts
    for start, end in zip(appearances.starts.tolist(), appearances.ends.tolist(), strict=True):
        assert 0 <= start < end <= len(text)


@pytest.mark.parametrize(
    "text", ["RT @baker: fresh bread today", "> hers\n \n RT @ann: hello"], ids=["all", "lines too"]
)
def test_a_repost_by_hand_counts_nothing_and_can_still_be_asked_about(text: str) -> None:
    assert features(text) == EMPTY
    assert own_words(text) == text
    assert profile_of([text, text]).posts == 2


def test_places_of_own_words_are_those_in_the_whole_text() -> None:
    text = "> the sea\nbread http://t.co/abc today"
    appearances = occurrences(text)
    pieces = {
        text[start:end]
        for start, end in zip(appearances.starts.tolist(), appearances.ends.tolist(), strict=True)
    }
    assert {"bread", "today", "http://t.co/abc", "bread http://t.co/abc"} <= pieces
    assert not any("sea" in piece for piece in pieces)


def test_posts_without_words_count_for_nothing() -> None:
    assert features("") is EMPTY
    profile = profile_of(["", "tea at noon", ""])
    assert profile.counts == profile_of(["tea at noon"]).counts
    assert (profile.posts, profile.worded_posts) == (3, 1)
