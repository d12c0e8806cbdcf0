"""What is counted in a text, the laws of counts, and the profiles that they make."""

from collections.abc import Callable
from functools import partial
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, strategies as st

from saywho.engine import features, profiles
from saywho.text import own_words
from tests.growth import FACTOR, MOST_GROWTH, growth

LINKS = ["http://t.co/aB3 ", "https://t.co/", "pic.twitter.com/x1", "https://example.org/a?b "]
HANDLES = ["@ann.bsky.social", "@ann@sea.example", "님"]
WORDS_AND_MARKS = [*HANDLES, "@ann", "#tag", "don't", "A1", "...", "\n", " ", "…", "—"]
SCRIPTS = ["ㅋㅋㅋ", "안녕 하세요", "שלום", "😀👍🏽", "\u0301", "e\u0301", "İ"]
PIECES = st.sampled_from(LINKS + WORDS_AND_MARKS + SCRIPTS)
TEXTS = st.text(st.characters(), max_size=60) | st.lists(PIECES, max_size=15).map("".join)
SAMPLE = "Hey @ann, 2 loaves of BREAD! http://t.co/x1 안녕 ㅋㅋ\n#bake 😀"


def group(counts: features.Counts, number: int) -> tuple[list[int], list[int]]:
    edges = features.group_edges(counts.keys)
    part = slice(edges[number], edges[number + 1])
    return counts.keys[part].tolist(), counts.counts[part].tolist()


@given(TEXTS)
def test_occurrences_are_the_features_one_by_one_inside_the_text(text: str) -> None:
    appearances = features.occurrences(text)
    end = features.group_edges(features.features(text).keys)[features.SHAPE]
    assert appearances.counts == features.features(text)
    assert np.bincount(appearances.numbers).tolist() == appearances.counts.counts[:end].tolist()
    assert np.all(appearances.starts >= 0)
    assert np.all(appearances.starts < appearances.ends)
    assert np.all(appearances.ends <= len(text))
    assert appearances.numbers.size == appearances.starts.size == appearances.ends.size


def test_recipe_is_unchanged() -> None:
    # Stored profiles were counted with these keys: whoever changes them must raise RECIPE.
    counts = features.features("Ab 가, http://t.co/x")
    assert int((counts.keys.astype(np.uint64) * counts.counts).sum()) == 76587933622
    sizes = [sum(group(counts, number)[1]) for number in range(len(features.GROUPS))]
    assert sizes == [7, 4, 5, 11, 18]


@given(
    TEXTS, st.sampled_from(HANDLES[:2]), st.sampled_from(["", ", ", "님 ", " so ", ".안녕"]), TEXTS
)
def test_the_host_of_a_name_counts_for_nothing(
    before: str, handle: str, behind: str, rest: str
) -> None:
    texts = [f"{before} {name}{behind} {rest}" for name in (handle, "@ann")]
    assert features.features(texts[0]) == features.features(texts[1])


def test_a_mark_of_a_name_covers_its_host() -> None:
    text = "ask @ann.bsky.social now"
    found = features.occurrences(text)
    spans = zip(found.starts.tolist(), found.ends.tolist(), strict=True)
    assert {text[start:end] for start, end in spans if start == 4} >= {"@ann.bsky.social"}


def test_random_links_differ_in_nothing() -> None:
    assert features.features("see http://t.co/a1B") == features.features("see https://t.co/Zz9yX")
    assert features.features("see pic.twitter.com/q") == features.features("see https://t.co/Zz9yX")


@pytest.mark.parametrize(
    ("number", "first", "second", "alike"),
    [
        (features.WORDS, "Bread AND butter", "bread and BUTTER", True),
        (features.PAIRS, "Bread AND butter", "bread and BUTTER", True),
        (features.CHARACTERS, "Bread AND butter", "bread and BUTTER", False),
        (features.WORDS, "now and then", "then and now", True),
        (features.PAIRS, "now and then", "then and now", False),
        (features.WORDS, "a https://example.org/one", "a https://example.org/two", False),
        (features.WORDS, "a https://example.org/", "a https://example.net/", False),
        (features.SHAPE, "Bread, now!", "Salt, soon!", True),
        (features.SHAPE, "It cost 12", "He met 9", True),
        (
            features.SHAPE,
            "@ann hi #tag http://t.co/x",
            "@bob ho #other https://example.org/page",
            True,
        ),
        (features.SHAPE, "안녕 하세요", "밥 먹었어", True),
        (features.SHAPE, "ㅋㅋㅋ", "ㅠㅠㅠ", True),
        (features.SHAPE, "ㅋㅋㅋ", "ㅋㅋ", False),
        (features.SHAPE, "BREAD!", "bread!", False),
        (features.SHAPE, "so, so, so, so", "so, so, so, so, so", True),
        (features.SHAPE, "so, so", "so, so,", False),
        (features.SHAPE, "so it is", "and so it is", False),
        (features.SHAPE, "no.", "no!", False),
        (features.SHAPE, "a b", "a\nb", False),
        (features.SHAPE, "@a@b", "@a", False),
        *(
            (features.STYLE, "x some words y", f"x some {mark} words y", False)
            for mark in ("!", "?", "...", "—", '"', ",", "\n", "@b", "#c", "😀", "AB")
        ),
    ],
)
def test_each_group_tells_some_texts_apart(
    number: int, first: str, second: str, alike: bool
) -> None:
    assert (
        group(features.features(first), number) == group(features.features(second), number)
    ) is alike


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
        assert features.occurrences(text).counts == features.features(text)

    assert growth(partial(work, 25_000 // FACTOR), partial(work, 25_000)) < MOST_GROWTH


def test_any_amount_of_white_space_ends_within_the_time_of_a_test() -> None:
    # Looked through from each of its characters, it would take many minutes.
    assert own_words("mine" + " \n" * 250_000 + "too").endswith("too")


@given(st.lists(TEXTS))
def test_texts_that_are_counted_together_have_the_features_of_each(texts: list[str]) -> None:
    assert features.features_of(texts) == [features.features(text) for text in texts]
    assert features.sum_of_features(texts) == features.add(
        [features.features(text) for text in texts]
    )


@given(st.lists(TEXTS, max_size=8))
def test_texts_beside_many_have_the_features_of_each(texts: list[str]) -> None:
    texts.append(SAMPLE * 100)
    assert features.features_of(texts) == [features.features(text) for text in texts]


def test_many_and_long_texts_are_counted_some_at_a_time() -> None:
    texts = [SAMPLE * number for number in (1, 0, 1_000, 2, 0, *range(150))]
    assert features.features_of(texts) == [features.features(text) for text in texts]
    assert features.sum_of_features(texts) == features.add(
        [features.features(text) for text in texts]
    )


KEYS = st.lists(st.integers(0, 40) | st.integers(0, features.MAX_COUNT), max_size=60)
PARTS = st.lists(KEYS, max_size=12)


def counted(keys: list[int]) -> features.Counts:
    return features.tally(np.array(keys, np.uint32))


def made_of(pairs: dict[int, int]) -> features.Counts:
    keys = sorted(pairs)
    return features.Counts(
        np.array(keys, np.uint32), np.array([pairs[key] for key in keys], np.uint32)
    )


COUNTS = st.dictionaries(
    st.integers(0, features.MAX_COUNT), st.integers(1, features.MAX_COUNT), max_size=40
).map(made_of)


@given(PARTS)
def test_sum_equals_counting_everything_at_once(parts: list[list[int]]) -> None:
    assert features.add([counted(part) for part in parts]) == counted(list(chain(*parts)))


@given(PARTS, st.data())
def test_any_order_of_adds_and_subtracts_equals_a_rebuild(
    parts: list[list[int]], data: st.DataObject
) -> None:
    posts = [counted(part) for part in parts]
    kept: list[int] = []
    total = features.EMPTY
    for number in data.draw(st.permutations(range(len(posts)))):
        total = features.add([total, posts[number]])
        kept.append(number)
        if data.draw(st.booleans()):
            gone = kept.pop(data.draw(st.integers(0, len(kept) - 1)))
            total = features.subtract(total, posts[gone])
    assert total == features.add([posts[number] for number in kept])


@given(COUNTS)
def test_bytes_come_back(counts: features.Counts) -> None:
    again = features.Counts.from_bytes(counts.to_bytes())
    assert again == counts
    assert again.keys.dtype == again.counts.dtype == np.dtype(np.uint32)


def test_bytes_are_compact_and_the_same_everywhere() -> None:
    assert made_of({1: 2, 7: 300}).to_bytes() == bytes.fromhex(
        "636e7431 02000000 01000000 01000000 07000000 01000000 2c010000 0200"
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda blob: b"",
        lambda blob: blob[:-1],
        lambda blob: blob + b"\0",
        lambda blob: b"cnt9" + blob[4:],
    ],
    ids=["empty", "cut", "too long", "version"],
)
def test_damaged_bytes_are_refused(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="counts"):
        features.Counts.from_bytes(damage(made_of({1: 2, 7: 300}).to_bytes()))


def test_large_counts_stop_and_never_wrap() -> None:
    assert features.add([made_of({5: features.MAX_COUNT}), made_of({5: 3})]) == made_of(
        {5: features.MAX_COUNT}
    )
    large = made_of({5: features.MAX_COUNT, 7: 1, 9: 1})
    assert features.add([large, made_of({5: 3})]) == large


@pytest.mark.parametrize("part", [{2: 1}, {1: 4}, {1: 3, 9: 1}], ids=["key", "count", "one of two"])
def test_only_what_was_added_can_be_subtracted(part: dict[int, int]) -> None:
    for total in (made_of({1: 3}), features.EMPTY):
        with pytest.raises(ValueError, match="never added"):
            features.subtract(total, made_of(part))


@given(COUNTS, st.lists(st.integers(0, features.MAX_COUNT), max_size=20))
def test_lookup_agrees_with_a_dictionary(counts: features.Counts, keys: list[int]) -> None:
    known = dict(zip(counts.keys.tolist(), counts.counts.tolist(), strict=True))
    wanted = keys + counts.keys.tolist()
    assert features.lookup(counts, np.array(wanted, np.uint32)).tolist() == [
        known.get(key, 0) for key in wanted
    ]


SAID = st.lists(st.sampled_from(["bread", "bread!!", "비가 와요", "RT @x: hi", ""]), max_size=8)


@given(SAID, SAID, st.randoms())
def test_a_profile_is_the_same_by_any_way(
    before: list[str], after: list[str], chance: object
) -> None:
    together = profiles.profile_of([*before, *after])
    assert together.counts == features.add([features.features(text) for text in {*before, *after}])
    assert together.posts == len(before) + len(after)
    step_by_step = profiles.profile_of(before)
    for text in after:
        step_by_step = profiles.with_posts(step_by_step, [text])
    assert step_by_step.counts == together.counts
    assert step_by_step.texts.to_bytes() == together.texts.to_bytes()
    again = profiles.without_posts(together, after)
    assert again.counts == profiles.profile_of(before).counts
    assert again.posts == len(before)
    assert again.texts.to_bytes() == profiles.profile_of(before).texts.to_bytes()
    assert profiles.with_posts(profiles.profile_of(before), after).counts == together.counts


def test_counts_that_were_never_added_cannot_be_subtracted() -> None:
    profile = profiles.profile_of(["bread", "bread"])
    for texts in (["wind"], ["bread"] * 3):
        with pytest.raises(ValueError, match="never posted"):
            profiles.without_posts(profile, texts)


@given(st.lists(st.text(max_size=5)))
def test_digests_come_back_from_bytes(texts: list[str]) -> None:
    posted = profiles.NO_DIGESTS.plus(profiles.text_keys(texts))
    np.testing.assert_array_equal(
        profiles.TextDigests.from_bytes(posted.to_bytes()).keys, posted.keys
    )
    assert posted.count(profiles.text_keys(texts)).tolist() == [texts.count(text) for text in texts]


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
    assert features.features(text) == features.features(own)
    assert own_words(text) == own
    appearances = features.occurrences(text)
    assert appearances.counts == features.occurrences(own).counts
    for start, end in zip(appearances.starts.tolist(), appearances.ends.tolist(), strict=True):
        assert 0 <= start < end <= len(text)


@pytest.mark.parametrize(
    "text", ["RT @baker: fresh bread today", "> hers\n \n RT @ann: hello"], ids=["all", "lines too"]
)
def test_a_repost_by_hand_counts_nothing_and_can_still_be_asked_about(text: str) -> None:
    assert features.features(text) == features.EMPTY
    assert own_words(text) == text
    assert profiles.profile_of([text, text]).posts == 2


def test_places_of_own_words_are_those_in_the_whole_text() -> None:
    text = "> the sea\nbread http://t.co/abc today"
    appearances = features.occurrences(text)
    pieces = {
        text[start:end]
        for start, end in zip(appearances.starts.tolist(), appearances.ends.tolist(), strict=True)
    }
    assert {"bread", "today", "http://t.co/abc", "bread http://t.co/abc"} <= pieces
    assert not any("sea" in piece for piece in pieces)


def test_posts_without_words_count_for_nothing() -> None:
    assert features.features("") is features.EMPTY
    profile = profiles.profile_of(["", "tea at noon", ""])
    assert profile.counts == profiles.profile_of(["tea at noon"]).counts
    assert (profile.posts, profile.worded_posts) == (3, 1)
