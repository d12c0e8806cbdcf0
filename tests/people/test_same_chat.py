"""Two lists of messages are of one chat or of two, by their texts, times and people."""

import tracemalloc
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from saywho.people.same_chat import Agreement, Messages, agreement

DAY_S: Final = 86_400
SHORT: Final = 0.5
"""Share of messages such as ㅋㅋ and ok."""


def chat(numbers: np.random.Generator, count: int) -> Messages:
    texts = numbers.integers(1_000_000, 2**62, count).astype(np.uint64)
    is_short = numbers.random(count) < SHORT
    texts[is_short] = numbers.integers(0, 12, np.count_nonzero(is_short))
    times = 1_700_000_000 + np.sort(numbers.integers(0, 60 * DAY_S, count))
    return Messages(texts, times, numbers.integers(0, 3, count))


def part(messages: Messages, chosen: NDArray[np.bool_]) -> Messages:
    return Messages(messages.texts[chosen], messages.times[chosen], messages.people[chosen])


def together(*parts: Messages) -> Messages:
    texts, times, people = (np.concatenate(values) for values in zip(*parts, strict=True))
    order = np.argsort(times, kind="stable")
    return Messages(texts[order], times[order], people[order])


def with_gaps(numbers: np.random.Generator, count: int, gaps: int) -> NDArray[np.bool_]:
    """Return which messages an export has that lacks up to two thirds, at random places."""
    is_kept = np.ones(count, bool)
    for start in numbers.integers(0, count, gaps):
        is_kept[start : start + 2 * count // (3 * gaps)] = False
    return is_kept


def half_is_common(found: Agreement) -> bool:
    return 2 * found.known >= found.smaller


@pytest.mark.parametrize("count", [300, 3_000])
def test_exports_that_fill_each_others_gaps_are_one_chat(count: int) -> None:
    numbers = np.random.default_rng(count)
    is_needed = False
    for gaps in 10 * [1, 2, 5]:
        whole = chat(numbers, count)
        found = agreement(*[part(whole, with_gaps(numbers, count, gaps)) for _ in range(2)])
        assert found.is_same
        is_needed |= not half_is_common(found)
    assert is_needed


@pytest.mark.parametrize("share", [0.05, 0.2, 0.35])
@pytest.mark.parametrize("way", ["scattered", "blocks", "beginning", "both ends"])
@pytest.mark.parametrize("count", [60, 300, 3_000])
def test_chats_of_the_same_people_that_share_some_messages_are_two(
    count: int, way: str, share: float
) -> None:
    """Greetings to two chats, what a program posts to both, and a chat that was split."""
    numbers = np.random.default_rng(count)
    for _ in range(10):
        one, other = chat(numbers, count), chat(numbers, count)
        places, shared = np.arange(count), int(share * count)
        is_copied = {
            "scattered": numbers.permutation(count) < shared,
            "blocks": numbers.permutation(count // 10 + 1)[places // 10] < shared // 10,
            "beginning": places < shared,
            "both ends": (places < shared // 2) | (places >= count - shared // 2),
        }[way]
        assert not agreement(one, together(part(one, is_copied), part(other, ~is_copied))).is_same


def test_a_long_chat_takes_130_bytes_a_message() -> None:
    whole = chat(np.random.default_rng(1), count := 60_000)
    later = part(whole, np.arange(count) >= count // 30)
    later = later._replace(times=later.times + 9 * 3_600)
    agreement(whole, whole)  # numpy imports parts of itself late.
    tracemalloc.start()
    found = agreement(later, part(whole, np.arange(count) < count - count // 30))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.known, found.shifted) == (count - 2 * (count // 30), 540)
    assert peak < 130 * count


@pytest.mark.parametrize("few", [1, 2, 5])
def test_few_messages_on_the_other_side_of_a_changed_clock_are_the_same(few: int) -> None:
    numbers = np.random.default_rng(few)
    here = chat(numbers, 100)
    here.texts[:10] = numbers.integers(1_000_000, 2**62, 10)
    later = np.where(np.arange(100) < few, 14, 13) * 3_600
    found = agreement(here._replace(times=here.times + later), here)
    assert (found.known, found.shifted) == (100, 13 * 60)
    assert found.shifts[:few].tolist() == few * [14 * 60]


@pytest.mark.parametrize(("few", "shifted"), [(2, None), (8, 60)])
def test_the_times_of_an_hour_that_clocks_show_twice_are_no_other_times(
    few: int, shifted: int | None
) -> None:
    numbers = np.random.default_rng(few)
    here = chat(numbers, 400)
    here.texts[:20] = numbers.integers(1_000_000, 2**62, 20)
    later = np.where(np.arange(400) < few, 3_600, 0)
    found = agreement(here._replace(times=here.times + later), here)
    assert (found.known, found.shifted) == (400, shifted)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_equal_messages_in_another_zone_are_the_same_if_none_is_missing(count: int) -> None:
    times = 1_700_000_000 + np.arange(count) * 420
    here = Messages(np.full(count, 9, np.uint64), times, np.arange(count) % 2)
    found = agreement(here._replace(times=times + 9 * 3_600), here)
    assert (found.known, found.shifted, found.is_same) == (count, 540, True)
    uneven = here._replace(times=times + 9 * 3_600 + np.arange(count) * 960)
    assert count == 1 or not agreement(uneven, here).is_same


def test_an_export_that_begins_in_the_middle_of_a_minute_has_its_last_messages() -> None:
    """Many messages of one minute and text are told apart by their place."""
    texts = np.array([9, 9, 9, 9, *range(1_000, 1_010), 9, 9], np.uint64)
    people = np.array([0, 0, 1, 0, *(10 * [0]), 0, 1])
    here = Messages(texts, np.full(16, 60_000), people)
    for first in range(4):
        found = agreement(Messages(texts[first:], here.times[first:], people[first:]), here)
        assert found.places.tolist() == [*range(first, 16)]
        assert found.people == {0: 0, 1: 1}
