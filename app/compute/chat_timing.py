"""Times of a chat's messages: conversations, beginnings after silences, and replies.

Conversations (days) are compared: a person who laughs once laughs again, so messages would
distinguish most people by chance.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, pairwise
from typing import Final, NamedTuple

from app.compute.hours import DAY_S


class WrittenTexts(NamedTuple):
    texts: list[str]
    conversations: list[int]

    def extend(self, further: "WrittenTexts") -> None:
        self.texts.extend(further.texts)
        self.conversations.extend(further.conversations)


def conversations_of(times: Iterable[int | None], length_s: int = DAY_S) -> list[int]:
    """Return the number, from 0, of each message's conversation of `length_s` seconds, or of 20
    messages without a time.
    """
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


class ChatTiming(NamedTuple):
    beginnings: Counter[int]
    answers_s: dict[int, list[int]]
    answered_on: dict[int, list[int]]
    """Days of replies, since 1970."""
    longest_silence: tuple[int, int] | None


def after_silence(messages: Iterable[Said]) -> list[bool]:
    """Return whether each message, oldest first, comes after a silence."""
    begins: list[bool] = []
    before: int | None = None
    for _, time, _ in messages:
        begins.append(time is not None and before is not None and time - before > SILENCE_S)
        before = before if time is None else time
    return begins


class Reply(NamedTuple):
    """A message right after another person's message, within six hours."""

    author: int
    answered: int
    time: int


def replies_in(messages: Iterable[Said]) -> Iterator[Reply]:
    for (before, time_before), (author, time) in pairwise(_dated(messages)):
        if author != before and time - time_before <= SILENCE_S:
            yield Reply(author, before, time)


def answers_among(messages: Iterable[Said], people: Sequence[int]) -> list[list[int]]:
    """Return the number of each person's (row) replies to each other person (column)."""
    places = {person: place for place, person in enumerate(people)}
    answers = [[0] * len(people) for _ in people]
    for author, answered, _ in replies_in(messages):
        if author in places and answered in places:
            answers[places[author]][places[answered]] += 1
    return answers


def timing_of(messages: Iterable[Said]) -> ChatTiming:
    timing = ChatTiming(Counter(), defaultdict(list), defaultdict(list), None)
    longest: tuple[int, int] | None = None
    longest_s = 0
    for (author_before, before), (author, time) in pairwise(_dated(messages)):
        waited_s = time - before
        if waited_s > SILENCE_S:
            timing.beginnings[author] += 1
        elif author != author_before:
            timing.answers_s[author].append(waited_s)
            timing.answered_on[author].append(time // DAY_S)
        if waited_s > longest_s:
            longest, longest_s = (before, time), waited_s
    return timing._replace(longest_silence=longest)


def _dated(messages: Iterable[Said]) -> list[tuple[int, int]]:
    return [(author, time) for author, time, _ in messages if time is not None]
