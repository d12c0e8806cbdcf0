"""What is told of conversations, whose messages are no proof each.

Whoever laughs once laughs on, and a topic is gone the next day: by single messages chance alone
would set most people of a lively chat apart. So what counts is on which days they differ.
"""

from collections.abc import Iterable
from itertools import count
from typing import Final, NamedTuple

from app.compute.hours import DAY_S

UNDATED_TOGETHER: Final = 20
"""Messages without a time that are taken for one conversation, in their order."""


class WrittenTexts(NamedTuple):
    """Texts of somebody, or of several people."""

    texts: list[str]
    conversations: list[int]
    """The number of the one that each is in."""

    def extend(self, further: "WrittenTexts") -> None:
        """Add further texts behind these."""
        self.texts.extend(further.texts)
        self.conversations.extend(further.conversations)


def conversations_of(times: Iterable[int | None], length_s: int = DAY_S) -> list[int]:
    """Return the number, from 0, of the conversation that each message is in: of its day (UTC).

    times: seconds since 1970, in the order of the messages; None where it is unknown.
    length_s: how long a conversation is.
    """
    undated = count()
    numbers: dict[int, int] = {}
    return [
        # Below 0 are those without a time.
        numbers.setdefault(
            -1 - next(undated) // UNDATED_TOGETHER if time is None else time // length_s,
            len(numbers),
        )
        for time in times
    ]
