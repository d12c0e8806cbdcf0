"""The times of a chat's messages: who begins, how long answers take, who answers whom."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from app.compute.hours import DAY_S

SILENCE_S: Final = 6 * 3600
"""Within this time of another's message it is an answer; after a longer one it is a beginning."""


class Said(NamedTuple):
    """A message."""

    author: int
    time: int | None
    """Seconds since 1970; None where it is unknown."""
    text: str


class ChatTiming(NamedTuple):
    """Beginnings and answers in a chat, by author."""

    beginnings: Counter[int]
    answers_s: dict[int, list[int]]
    answered_on: dict[int, list[int]]
    """The day of each answer."""
    longest_silence: tuple[int, int] | None
    """The times before and after it."""


def after_silence(messages: Iterable[Said]) -> list[bool]:
    """Return whether each message begins after a silence, the oldest first; the first does not."""
    begins: list[bool] = []
    before: int | None = None
    for _, time, _ in messages:
        begins.append(time is not None and before is not None and time - before > SILENCE_S)
        before = before if time is None else time
    return begins


def answers_among(messages: Iterable[Said], people: Sequence[int]) -> list[list[int]]:
    """Return how often each person (row) wrote within six hours right after each other (column).

    The messages are the oldest first.
    """
    places = {person: place for place, person in enumerate(people)}
    answers = [[0] * len(people) for _ in people]
    dated = [(author, time) for author, time, _ in messages if time is not None]
    for (author_before, before), (author, time) in pairwise(dated):
        is_named = author in places and author_before in places
        if is_named and author != author_before and time - before <= SILENCE_S:
            answers[places[author]][places[author_before]] += 1
    return answers


def timing_of(messages: Iterable[Said]) -> ChatTiming:
    """Return who begins after a silence, how long answers take, and the first longest silence."""
    timing = ChatTiming(Counter(), defaultdict(list), defaultdict(list), None)
    longest: tuple[int, int] | None = None
    longest_s = 0
    dated = [(author, time) for author, time, _ in messages if time is not None]
    for (author_before, before), (author, time) in pairwise(dated):
        waited_s = time - before
        if waited_s > SILENCE_S:
            timing.beginnings[author] += 1
        elif author != author_before:
            timing.answers_s[author].append(waited_s)
            timing.answered_on[author].append(time // DAY_S)
        if waited_s > longest_s:
            longest, longest_s = (before, time), waited_s
    return timing._replace(longest_silence=longest)
