"""Conversations, which are compared instead of single messages.

A person who laughs once laughs again, and a topic lasts a day. Counted by single messages, chance
alone would distinguish most people of a lively chat, so the days on which people differ count.
"""

from collections.abc import Iterable
from itertools import count
from typing import NamedTuple

from app.compute.hours import DAY_S


class WrittenTexts(NamedTuple):
    """Texts of one or several people, and the number of each text's conversation."""

    texts: list[str]
    conversations: list[int]

    def extend(self, further: "WrittenTexts") -> None:
        """Append further texts."""
        self.texts.extend(further.texts)
        self.conversations.extend(further.conversations)


def conversations_of(times: Iterable[int | None], length_s: int = DAY_S) -> list[int]:
    """Return the number, from 0, of each message's conversation: by default, of its day in UTC.

    times: seconds since 1970, in the order of the messages, or None. Twenty consecutive messages
    without a time are a conversation. length_s: the length of a conversation.
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
