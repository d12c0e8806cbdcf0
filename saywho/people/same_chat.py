"""Whether two lists of messages are of one chat, whatever zone, precision or names they have.

Runs of equal texts that each list has once are anchors. Their times differ by a few constants: the
difference of two time zones, which changes with summer time. Messages of one text and, that
difference taken off, of one minute are one message; the n-th of several is the n-th there. So are
messages of one text without times.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

UNKNOWN: Final = np.iinfo(np.int64).min
"""Stands for an unknown time."""
MINUTE_S: Final = 60
_QUARTER: Final = 15
"""Minutes by which all differences of time zones can be divided."""
_SUMMER_MINUTES: Final = 120
"""Largest change of a zone's clock."""
_PARTS: Final = 8
_PRIMES: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)

Numbers = NDArray[np.int64]


class Messages(NamedTuple):
    """Messages of a chat with texts, in its order."""

    texts: NDArray[np.uint64]
    """A hash of each text, (n,)."""
    times: Numbers
    """Seconds from 1970, or UNKNOWN, (n,)."""
    people: Numbers
    """A number of each writer, (n,)."""


class Agreement(NamedTuple):
    """Places of a file's messages, (n,), among the messages of a chat that is here."""

    places: Numbers
    """Place here of each message of the file, (n,); -1 if it is new."""
    shifts: Numbers
    """Minutes by which each time of the file is later than here, (n,)."""
    smaller: int
    """Messages of the smaller side in the time that both cover."""
    linked: int
    """Common messages that follow a common one on both sides."""
    opposed: int
    """Messages of one side right before or behind those of the other side, in that time."""
    texts: int
    """Number of different texts that both have."""
    is_whole: bool
    """Whether one side has all messages of the other."""
    people: dict[int, int]
    """Person here by person of the file; empty if the texts are of other people."""

    @property
    def known(self) -> int:
        return int(np.count_nonzero(self.places >= 0))

    @property
    def is_same(self) -> bool:
        """Whether both are one chat."""
        return self.is_alike and (self.texts >= 3 or self.is_whole)

    @property
    def is_alike(self) -> bool:
        """Whether both are one chat if their titles and people are alike, too."""
        # Exports that fill each other's gaps share runs of messages, and take turns between them.
        # Below it, two exports do not fill each other's gaps.
        fills = 2 * self.linked >= self.known >= 4 * self.opposed
        return (fills or 2 * self.known >= self.smaller) and bool(self.people)

    @property
    def shifted(self) -> int | None:
        """The usual shift of common messages in minutes; None if hardly any time is shifted."""
        is_shifted = (self.places >= 0) & (self.shifts != 0)
        shifts = Counter(self.shifts[is_shifted].tolist())
        # Fewer are of an hour that clocks show twice.
        is_usual = shifts.total() > 0.01 * self.known
        return shifts.most_common(1)[0][0] if is_usual else None


def agreement(file: Messages, here: Messages) -> Agreement:
    """Return what a file's messages are here."""
    anchors = _anchors(file, here)
    shifts, others = _nearest(anchors, len(file.texts))
    places = np.full(len(file.texts), -1, np.int64)
    _match(file, here, shifts, places)
    # Between two anchors the clock may have changed anywhere.
    found = _match(file, here, others, places)
    shifts[found] = others[found]
    common = np.flatnonzero(places >= 0)
    if not len(common):
        return Agreement(places, shifts, len(file.texts), 0, 0, 0, False, {})
    there = places[common]
    linked = int(np.count_nonzero((np.diff(common) == 1) & (np.diff(there) == 1)))
    minutes = file.times // MINUTE_S - shifts
    smaller, opposed = _in_both_times(minutes, places, file, here)
    texts = len(np.unique(file.texts[common]))
    is_whole = len(common) == min(len(file.texts), len(here.texts))
    people = _same_people(file.people[common], here.people[there])
    return Agreement(places, shifts, smaller, linked, opposed, texts, is_whole, people)


def _in_both_times(
    minutes: Numbers, places: Numbers, file: Messages, here: Messages
) -> tuple[int, int]:
    """Return `smaller` and `opposed`, from the later beginning to the earlier end.

    minutes: times of the file as they are here.
    """
    is_new, is_only = places < 0, np.ones(len(here.times), bool)
    is_only[places[~is_new]] = False
    timed = file.times != UNKNOWN, here.times != UNKNOWN
    # Minutes from 1970 in 32 bits, since hundreds of thousands are sorted.
    sides = [
        side[is_timed].astype(np.int32)
        for side, is_timed in zip((minutes, here.times // MINUTE_S), timed, strict=True)
    ]
    untimed = min(int(np.count_nonzero(~is_timed)) for is_timed in timed)
    if not all(map(len, sides)):
        return untimed, 0
    first, last = max(side.min() for side in sides), min(side.max() for side in sides)
    within = [(first <= side) & (side <= last) for side in sides]
    smaller = untimed + min(int(np.count_nonzero(inside)) for inside in within)
    # 0 is a common message, 1 one of the file alone, 2 one of here alone.
    of_file, of_here = is_new[timed[0]][within[0]], is_only[timed[1]][within[1]]
    marks = np.concatenate([of_file.astype(np.int8), 2 * of_here.astype(np.int8)])
    times = np.concatenate([side[inside] for side, inside in zip(sides, within, strict=True)])
    marks = marks[np.argsort(times, kind="stable")]
    is_change = marks[1:] * marks[:-1] == 2
    is_opposed = np.append(is_change, False) | np.insert(is_change, 0, False)
    return smaller, int(np.count_nonzero(is_opposed))


def _anchors(file: Messages, here: Messages) -> tuple[Numbers, Numbers]:
    """Return places of the file, ascending, and the minutes by which its times are later there."""
    is_anchor = np.zeros(len(file.texts), bool)
    minutes = np.zeros(len(file.texts), np.int64)
    # Equal texts have their places, even if none of them occurs once.
    is_equal, everywhere = np.array_equal(file.texts, here.texts), np.arange(len(file.texts))
    for length in [1] if is_equal else (8, 3, 1):
        runs = _runs(file.texts, length), _runs(here.texts, length)
        at, there = (everywhere, everywhere) if is_equal else _once_in_both(*runs)
        is_timed = (file.times[at] != UNKNOWN) & (here.times[there] != UNKNOWN) & ~is_anchor[at]
        at, there = at[is_timed], there[is_timed]
        later = file.times[at] // MINUTE_S - here.times[there] // MINUTE_S
        # No two time zones differ by more.
        is_zone = (later % _QUARTER == 0) & (np.abs(later) <= 26 * 60)
        minutes[at[is_zone]] = later[is_zone]
        is_anchor[at[is_zone]] = True
    at = np.flatnonzero(is_anchor)
    later = minutes[at]
    fewest = min(3, len(file.texts), len(here.texts))
    if not len(at) or fewest == 1:
        return at, later
    # An anchor without a neighbour of its shift is a coincidence, unless the clock has changed.
    is_next = np.append(later[1:] == later[:-1], False)
    is_beside = is_next | np.roll(is_next, 1)
    usual, count = Counter(later[is_beside].tolist()).most_common(1)[0] if any(is_next) else (0, 0)
    changes = np.abs(later - usual)
    is_kept = (is_beside & (changes <= _SUMMER_MINUTES)) | (changes == _SUMMER_MINUTES // 2)
    is_kept &= count >= fewest
    return at[is_kept], later[is_kept]


def _runs(texts: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    count = max(len(texts) - length + 1, 0)
    runs = np.zeros(count, np.uint64)
    for offset in range(length):
        runs = runs * _PRIMES[0] + texts[offset : offset + count]
    return runs


def _once_in_both(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> tuple[Numbers, Numbers]:
    """Return the places of the values that each side has once."""
    pairs = []
    for mine, theirs in _in_parts(first, second):
        (values, at), (others, there) = _once(first[mine]), _once(second[theirs])
        found = np.searchsorted(others, values)
        is_common = found < len(others)
        is_common[is_common] = others[found[is_common]] == values[is_common]
        pairs.append((mine[at[is_common]], theirs[there[found[is_common]]]))
    at, there = map(np.concatenate, zip(*pairs, strict=True))
    return at, there


def _in_parts(
    first: NDArray[np.uint64], second: NDArray[np.uint64]
) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield places of values that may be equal, a part at a time to save memory."""
    parts = [(values % _PARTS).astype(np.uint8) for values in (first, second)]
    for part in range(_PARTS):
        mine, theirs = (np.flatnonzero(of_each == part) for of_each in parts)
        yield mine, theirs


def _once(values: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], Numbers]:
    """Return the values that occur once, ascending, and their places."""
    order = np.argsort(values)
    ordered = values[order]
    is_change = np.ones(len(values) + 1, bool)
    is_change[1:-1] = ordered[1:] != ordered[:-1]
    is_once = is_change[1:] & is_change[:-1]
    return ordered[is_once], order[is_once]


def _nearest(anchors: tuple[Numbers, Numbers], count: int) -> tuple[Numbers, Numbers]:
    """Return the shifts of the nearest anchors before and behind each place; 0 without any."""
    at, later = anchors
    if not len(at):
        return np.zeros(count, np.int64), np.zeros(count, np.int64)
    places = np.arange(count)
    after = np.searchsorted(at, places)
    right, left = after.clip(0, len(at) - 1), (after - 1).clip(0)
    right[after == len(at)] = left[after == len(at)]
    left[after == 0] = right[after == 0]
    is_left = np.abs(places - at[left]) <= np.abs(at[right] - places)
    return later[np.where(is_left, left, right)], later[np.where(is_left, right, left)]


def _match(file: Messages, here: Messages, shifts: Numbers, places: Numbers) -> Numbers:
    """Fill places of messages that have none with those of one text and minute; return these."""
    is_left, is_free = places < 0, np.ones(len(here.times), bool)
    is_free[places[places >= 0]] = False
    # An export may begin in the middle of a minute, whose messages it has from the last one back.
    timed = file.times != UNKNOWN, here.times != UNKNOWN
    shifts = np.where(timed[0], shifts, 0)
    since = [(file.times // MINUTE_S - shifts)[timed[0]], here.times[timed[1]] // MINUTE_S]
    firsts = [int(minutes.min()) for minutes in since if len(minutes)]
    matched = []
    for left, free in _in_parts(file.texts, here.texts):
        left, free = left[is_left[left]], free[is_free[free]]
        minutes = file.times[left] // MINUTE_S - shifts[left]
        mine = _numbered(file.texts[left], minutes, firsts)
        theirs = _numbered(here.texts[free], here.times[free] // MINUTE_S, firsts)
        _, one, other = np.intersect1d(mine, theirs, assume_unique=True, return_indices=True)
        places[left[one]] = free[other]
        matched.append(left[one])
    return np.concatenate(matched)


def _numbered(
    texts: NDArray[np.uint64], minutes: Numbers, backwards: Sequence[int]
) -> NDArray[np.uint64]:
    """Return a hash of text, minute and number among equal messages, counted from either end."""
    keys = texts * _PRIMES[0] + minutes.astype(np.uint64) * _PRIMES[1]
    is_back = np.isin(minutes, backwards)
    numbers = np.empty(len(keys), np.uint64)
    numbers[~is_back] = _among_equal(keys[~is_back])
    numbers[is_back] = _among_equal(keys[is_back][::-1])[::-1]
    hashed: NDArray[np.uint64] = keys + numbers * _PRIMES[2]
    return hashed


def _among_equal(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    is_first = np.ones(len(keys), bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    starts = np.maximum.accumulate(np.where(is_first, np.arange(len(keys)), 0))
    numbers = np.empty(len(keys), np.uint64)
    numbers[order] = (np.arange(len(keys)) - starts).astype(np.uint64)
    return numbers


def _same_people(people: Numbers, here: Numbers) -> dict[int, int]:
    """Return the person here of each person of the same messages; none if these are of others."""
    pairs = Counter(zip(people.tolist(), here.tolist(), strict=True))
    of_each: dict[int, tuple[int, int]] = {}
    for (person, user_id), count in pairs.items():
        if count > of_each.get(person, (0, 0))[1]:
            of_each[person] = user_id, count
    if sum(count for _, count in of_each.values()) < 0.9 * len(people):
        return {}
    return {person: user_id for person, (user_id, _) in of_each.items()}
