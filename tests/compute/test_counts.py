"""The laws of adding and subtracting counts."""

from collections.abc import Callable
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.counts import EMPTY, MAX_COUNT, Counts, add, lookup, subtract, tally

KEYS = st.lists(st.integers(0, 40) | st.integers(0, MAX_COUNT), max_size=60)
PARTS = st.lists(KEYS, max_size=12)


def counted(keys: list[int]) -> Counts:
    return tally(np.array(keys, np.uint32))


def made_of(pairs: dict[int, int]) -> Counts:
    keys = sorted(pairs)
    return Counts(np.array(keys, np.uint32), np.array([pairs[key] for key in keys], np.uint32))


COUNTS = st.dictionaries(st.integers(0, MAX_COUNT), st.integers(1, MAX_COUNT), max_size=40).map(
    made_of
)


@given(PARTS)
def test_sum_equals_counting_everything_at_once(parts: list[list[int]]) -> None:
    assert add([counted(part) for part in parts]) == counted(list(chain(*parts)))


@given(PARTS, st.data())
def test_any_order_of_adds_and_subtracts_equals_a_rebuild(
    parts: list[list[int]], data: st.DataObject
) -> None:
    posts = [counted(part) for part in parts]
    kept: list[int] = []
    total = EMPTY
    for number in data.draw(st.permutations(range(len(posts)))):
        total = add([total, posts[number]])
        kept.append(number)
        if data.draw(st.booleans()):
            gone = kept.pop(data.draw(st.integers(0, len(kept) - 1)))
            total = subtract(total, posts[gone])
    assert total == add([posts[number] for number in kept])


@given(COUNTS)
def test_bytes_come_back(counts: Counts) -> None:
    again = Counts.from_bytes(counts.to_bytes())
    assert again == counts
    assert again.keys.dtype == again.counts.dtype == np.dtype(np.uint32)


def test_bytes_are_compact_and_the_same_everywhere() -> None:
    blob = made_of({1: 2, 7: 300}).to_bytes()
    assert blob == bytes.fromhex(
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
        Counts.from_bytes(damage(made_of({1: 2, 7: 300}).to_bytes()))


def test_large_counts_stop_and_never_wrap() -> None:
    assert add([made_of({5: MAX_COUNT}), made_of({5: 3})]) == made_of({5: MAX_COUNT})


@pytest.mark.parametrize("part", [{2: 1}, {1: 4}, {1: 3, 9: 1}], ids=["key", "count", "one of two"])
def test_only_what_was_added_can_be_subtracted(part: dict[int, int]) -> None:
    for total in (made_of({1: 3}), EMPTY):
        with pytest.raises(ValueError, match="never added"):
            subtract(total, made_of(part))


@given(COUNTS, st.lists(st.integers(0, MAX_COUNT), max_size=20))
def test_lookup_agrees_with_a_dictionary(counts: Counts, keys: list[int]) -> None:
    known = dict(zip(counts.keys.tolist(), counts.counts.tolist(), strict=True))
    wanted = keys + counts.keys.tolist()
    assert lookup(counts, np.array(wanted, np.uint32)).tolist() == [
        known.get(key, 0) for key in wanted
    ]
