"""Conversations, which are compared in place of single messages.

A person who laughs once laughs on, and a topic is gone the next day: by single messages, chance
alone would set most people of a lively chat apart. So the days count on which people differ.
"""

from collections.abc import Iterable
from itertools import count
from typing import NamedTuple

from app.compute.hours import DAY_S


class WrittenTexts(NamedTuple):
    """Texts of one or several people, and the numbers of their conversations."""

    texts: list[str]
    conversations: list[int]

    def extend(self, further: "WrittenTexts") -> None:
        """Append further texts."""
        self.texts.extend(further.texts)
        self.conversations.extend(further.conversations)


def conversations_of(times: Iterable[int | None], length_s: int = DAY_S) -> list[int]:
    """Return the number, from 0, of each message's conversation: by default, of its day in UTC.

    times: seconds since 1970, in the order of the messages, or None. Twenty messages without a
    time, in their order, are one conversation. length_s: the length of a conversation.
    """
    undated_together, undated = 20, count()
    numbers: dict[int, int] = {}
    return [
        # Numbers below 0 stand for messages without a time.
        numbers.setdefault(
            -1 - next(undated) // undated_together if time is None else time // length_s,
            len(numbers),
        )
        for time in times
    ]
