"""Times of writing: hours of the day, days that stand out, and a chat's conversations and replies.

Conversations (days) are compared, not messages: a person who laughs once laughs again, so messages
would distinguish most people by chance.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count, pairwise
from math import log
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from saywho import significance

# --- Hours of the day ---

DAY_H: Final = 24
NIGHT_H: Final = 5
"""End of the night, in hours from midnight."""
PART_H: Final = 6
"""Number of hours in a quarter of the day: night, morning, afternoon, evening."""
BUSY_H: Final = 3
HOUR_S: Final = 3600
DAY_S: Final = DAY_H * HOUR_S

DayHours = Annotated[
    list[int], Meta(description="Number of posts in each hour of the day in `tz`, from hour 0.")
]
ChatHours = Annotated[
    list[int], Meta(description="Number of messages in each hour of the day in `tz`, from hour 0.")
]
BusyFrom = Annotated[
    int | None,
    Meta(description=("First of three busy hours in a row; null if no hours clearly stand out.")),
]
BusyPart = Annotated[
    int | None,
    Meta(
        description=(
            "Busiest quarter of the day, 0 for the night; null if no quarter clearly stands out."
        )
    ),
]


def counts_by_hour(times: Iterable[int], zone: ZoneInfo) -> Counter[int]:
    """Return the number of times (seconds since 1970) in each hour in the zone, over all days."""
    seconds = np.fromiter(times, np.int64)
    days, places = np.unique(seconds // DAY_S, return_inverse=True)
    # Asking the zone for the shift of each time takes long, and the shift changes on few days.
    shifts = [_shift_of_day_s(day, zone) for day in days.tolist()]
    local = seconds + np.array([shift or 0 for shift in shifts], np.int64)[places]
    changes = np.array([shift is None for shift in shifts], np.bool_)[places]
    for place in changes.nonzero()[0].tolist():
        local[place] += _shift_s(int(seconds[place]), zone)
    return Counter((local // HOUR_S).tolist())


def hours_of_day(counts: Mapping[int, int]) -> list[int]:
    hours = [0] * DAY_H
    for hour, posts in counts.items():
        hours[hour % DAY_H] += posts
    return hours


def days_of(counts: Mapping[int, int], until: int = DAY_H) -> int:
    return len({hour // DAY_H for hour in counts if hour % DAY_H < until})


def busiest_hours(counts: Mapping[int, int]) -> int | None:
    """Return the first of the three consecutive hours that clearly have the most posts, or None.

    They lead the best three others by 1.96 standard errors, clustered by day (Liang and Zeger
    1986), since a day's posts belong to few conversations.
    """
    # Comparing with the second best corrects for choosing the best: random hours pass in fewer than
    # one of fifty cases.
    hours = hours_of_day(counts)
    sums = [sum(_from(hours, start)) for start in range(DAY_H)]
    # Among equal sums, the hours with the fullest middle are first, as in a peak.
    first = max(range(DAY_H), key=lambda start: (sums[start], _from(hours, start)[BUSY_H // 2]))
    apart = [(first + step) % DAY_H for step in range(BUSY_H, DAY_H - BUSY_H + 1)]
    second = max(apart, key=sums.__getitem__)
    sides = [_is_within(hour, first) - _is_within(hour, second) for hour in range(DAY_H)]
    leads = Counter[int]()
    for hour, posts in counts.items():
        if side := sides[hour % DAY_H]:
            # Days are shifted so that these hours are in their middle: hardly any conversation then
            # belongs to two days.
            leads[(hour - first + DAY_H // 2) // DAY_H] += posts * side
    return first if significance.lead_errors(leads.values()) >= significance.CLEAR else None


def fullest_part(counts: Mapping[int, int]) -> int | None:
    """Return the quarter of the day (0 is the night) with clearly the most posts, or None."""
    days = sorted({hour // DAY_H for hour in counts})
    places = {day: place for place, day in enumerate(days)}
    parts = [[0] * len(days) for _ in range(DAY_H // PART_H)]
    for hour, posts in counts.items():
        parts[hour % DAY_H // PART_H][places[hour // DAY_H]] += posts
    return significance.fullest(parts)


@lru_cache(maxsize=10_000)
def _shift_of_day_s(day: int, zone: ZoneInfo) -> int | None:
    # None if the shift changes on this day.
    first, last = (_shift_s(moment, zone) for moment in (day * DAY_S, (day + 1) * DAY_S))
    return first if first == last else None


def _shift_s(time: int, zone: ZoneInfo) -> int:
    shift = datetime.fromtimestamp(time, zone).utcoffset()
    return int(shift.total_seconds()) if shift else 0


def _from(hours: Sequence[int], start: int) -> list[int]:
    return [hours[(start + step) % DAY_H] for step in range(BUSY_H)]


def _is_within(hour: int, start: int) -> bool:
    return (hour - start) % DAY_H < BUSY_H


# --- Conversations, silences and replies of a chat ---


class WrittenTexts(NamedTuple):
    texts: list[str]
    conversations: list[int]

    def extend(self, further: "WrittenTexts") -> None:
        self.texts.extend(further.texts)
        self.conversations.extend(further.conversations)


def conversations_of(times: Iterable[int | None], length_s: int = DAY_S) -> list[int]:
    """Return each message's conversation from 0: of `length_s` seconds, or 20 undated messages."""
    undated_together, undated = 20, count()
    numbers: dict[int, int] = {}
    return [
        # Keys below 0 are conversations without times.
        numbers.setdefault(
            -1 - next(undated) // undated_together if time is None else time // length_s,
            len(numbers),
        )
        for time in times
    ]


SILENCE_S: Final = 6 * 3600
"""Time within which a message replies; after it, a message is a beginning."""


class Said(NamedTuple):
    author: int
    time: int | None
    text: str


def places_of_each(messages: Iterable[Said], authors: Iterable[int] = ()) -> dict[int, list[int]]:
    """Return the places of each author's messages, these authors first."""
    places: dict[int, list[int]] = {author: [] for author in authors}
    for place, message in enumerate(messages):
        places.setdefault(message.author, []).append(place)
    return places


def written_at(
    messages: Sequence[Said], conversations: Sequence[int], places: Sequence[int]
) -> WrittenTexts:
    texts = [messages[place].text for place in places]
    return WrittenTexts(texts, [conversations[place] for place in places])


class ChatTiming(NamedTuple):
    beginnings: Counter[int]
    answers_s: dict[int, list[int]]
    answered_on: dict[int, list[int]]
    """Days of replies, since 1970."""
    longest_silence: tuple[int, int] | None


def after_silence(messages: Iterable[Said], before: int | None = None) -> list[bool]:
    """Return whether each message, oldest first, comes after a silence.

    before: time of the message before these; without one, the first comes after no silence.
    """
    begins: list[bool] = []
    for _, time, _ in messages:
        begins.append(time is not None and before is not None and time - before > SILENCE_S)
        before = before if time is None else time
    return begins


class Replies(NamedTuple):
    """Messages right after another person's message, within six hours, (n,) each."""

    author: NDArray[np.int64]
    answered: NDArray[np.int64]
    time: NDArray[np.int64]
    waited_s: NDArray[np.int64]


def replies_in(messages: Iterable[Said]) -> Replies:
    return _replies_among(*_dated(messages))


def _replies_among(authors: NDArray[np.int64], times: NDArray[np.int64]) -> Replies:
    waited_s = np.diff(times)
    (places,) = ((authors[1:] != authors[:-1]) & (waited_s <= SILENCE_S)).nonzero()
    return Replies(authors[places + 1], authors[places], times[places + 1], waited_s[places])


class PersonTurns(NamedTuple):
    """The turns of a person: messages in a row, until somebody else or a silence comes."""

    conversations: Sequence[int] = ()
    of_several: Sequence[int] = ()
    """Conversations of the turns with more than one message."""


def turns_in(messages: Sequence[Said], conversations: Sequence[int]) -> dict[int, PersonTurns]:
    """Return each person's turns; messages without a time are in none.

    conversations: of each message; a turn belongs to that of its first message.
    """
    authors, times = _dated(messages)
    if not authors.size:
        return {}
    is_next = (authors[1:] != authors[:-1]) | (np.diff(times) > SILENCE_S)
    starts = np.concatenate([[0], is_next.nonzero()[0] + 1])
    has_several = np.diff(starts, append=authors.size) > 1
    dated = zip(messages, conversations, strict=True)
    numbers = np.array([number for message, number in dated if message.time is not None])[starts]
    return {
        author: PersonTurns(numbers[is_own].tolist(), numbers[is_own & has_several].tolist())
        for author in np.unique(authors).tolist()
        for is_own in [authors[starts] == author]
    }


def answers_among(messages: Iterable[Said], people: Sequence[int]) -> list[list[int]]:
    """Return the number of each person's (row) replies to each other person (column)."""
    places = {person: place for place, person in enumerate(people)}
    answers = [[0] * len(people) for _ in people]
    replies = replies_in(messages)
    pairs = Counter(zip(replies.author.tolist(), replies.answered.tolist(), strict=True))
    for (author, answered), total in pairs.items():
        if author in places and answered in places:
            answers[places[author]][places[answered]] = total
    return answers


def timing_of(messages: Iterable[Said], before: int | None = None) -> ChatTiming:
    """Return the times of a chat; before: see `after_silence`."""
    authors, times = _dated(messages)
    waited_s = np.diff(times)
    beginnings = Counter[int](authors[1:][waited_s > SILENCE_S].tolist())
    if before is not None and times.size and times[0] - before > SILENCE_S:
        beginnings[int(authors[0])] += 1
    timing = ChatTiming(beginnings, defaultdict(list), defaultdict(list), None)
    replies = _replies_among(authors, times)
    for author in np.unique(replies.author).tolist():
        of_author = replies.author == author
        timing.answers_s[author] = replies.waited_s[of_author].tolist()
        timing.answered_on[author] = (replies.time[of_author] // DAY_S).tolist()
    if not waited_s.any():
        return timing
    longest = int(waited_s.argmax())
    return timing._replace(longest_silence=(*times[longest : longest + 2].tolist(),))


def ends_of_silences(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the times (n,) after more than six hours without any; times: ascending (m,)."""
    return times[1:][np.diff(times) > SILENCE_S]


def _dated(messages: Iterable[Said]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    dated = [message for message in messages if message.time is not None]
    authors = np.fromiter((message.author for message in dated), np.int64, len(dated))
    times = np.fromiter((message.time or 0 for message in dated), np.int64, len(dated))
    return authors, times


# --- Days that stand out ---

WEEK_DAYS: Final = 7
ONE_DAY: Final = timedelta(1)


class DaySpan(msgspec.Struct, frozen=True):
    """A span of consecutive days."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


class FullestDays(msgspec.Struct, frozen=True):
    """The day with clearly the most posts, and the days of a trip around it."""

    day: date
    posts: int
    first: date
    """First of the days in a row around it, up to three on each side, with more than half of its
    posts, such as the days of a trip; the day itself without any.
    """
    last: date
    """Last of these days."""
    posts_of_days: int
    """Number of posts on these days."""
    usual: float
    """Median number of posts on the other days with posts."""

    @property
    def end(self) -> date:
        return self.last + ONE_DAY

    @property
    def days(self) -> int:
        return (self.end - self.first).days


def fullest_days(by_day: Mapping[date, int], begin: date) -> FullestDays | None:
    """Return the day that stands out among the days from `begin` to the last post, or None."""
    end = max(by_day, default=begin)
    days = [begin + place * ONE_DAY for place in range((end - begin).days + 1)]
    counts = [by_day.get(day, 0) for day in days]
    place = significance.fullest_day(counts, significance.DAYS_AROUND)
    if place is None:
        return None
    trip = significance.days_of_trip(counts, place)
    others = [count for count in (*counts[: trip.start], *counts[trip.stop :]) if count]
    if max(others) == counts[place]:
        return None
    return FullestDays(
        days[place],
        counts[place],
        days[trip.start],
        days[trip.stop - 1],
        sum(counts[trip.start : trip.stop]),
        round(significance.usual(others), 1),
    )


class DaysApart(msgspec.Struct, frozen=True):
    """Days of a year that stand out by more than chance; None for each kind without any."""

    fullest_day: date | None
    """The day with clearly more posts than any other day."""
    streak: DaySpan | None
    """The longest run of days with posts, if no other is as long and chance does not explain it."""
    silence: DaySpan | None
    """The longest gap between two days with posts, if random days would not produce one as long."""


def days_apart(posts_by_day: Mapping[date, int], first: date, last: date) -> DaysApart:
    """Return the days that stand out; all posts are between the first and the last day."""
    days = sorted(posts_by_day)
    counts = [
        posts_by_day.get(first + step * ONE_DAY, 0) for step in range((last - first).days + 1)
    ]
    run, place = longest_run(days), significance.fullest_day(counts)
    return DaysApart(
        fullest_day=None if place is None else first + place * ONE_DAY,
        streak=_clear_span(DaySpan(run[0], run[-1]) if run else None, len(days), len(counts)),
        silence=_clear_span(_longest_silence(days), len(counts) - len(days), len(counts)),
    )


def rare_silence(days: Collection[date]) -> DaySpan | None:
    """Return the longest gap between these days, if it has seven days and random days of this
    number would not leave one as long.
    """
    if not days:
        return None
    total = (max(days) - min(days)).days + 1
    return _clear_span(_longest_silence(sorted(days)), total - len(days), total)


def longest_run(days: Sequence[date]) -> list[date]:
    """Return the longest run of consecutive days, of ascending days; none if two are as long."""
    runs: list[list[date]] = []
    for day in days:
        if runs and runs[-1][-1] + ONE_DAY == day:
            runs[-1].append(day)
        else:
            runs.append([day])
    runs.sort(key=len, reverse=True)
    is_alone = len(runs) == 1 or (runs and len(runs[1]) < len(runs[0]))
    return runs[0] if is_alone else []


def _longest_silence(days: Sequence[date]) -> DaySpan | None:
    gaps = [
        DaySpan(before + ONE_DAY, day - ONE_DAY)
        for before, day in pairwise(days)
        if day - before > ONE_DAY
    ]
    return max(gaps, key=lambda gap: gap.days, default=None)


def _clear_span(span: DaySpan | None, alike: int, total: int) -> DaySpan | None:
    # `alike` of the `total` days have the property that all days of the span share.
    if span is None or span.days < 7:
        return None
    return span if significance.run_log_chance(span.days, alike, total) <= log(0.005) else None
