"""What is told of conversations, whose messages are no proof each.

Whoever laughs once laughs on, and a topic is gone the next day: by single messages chance alone
would set most people of a lively chat apart. So what counts is on which days they differ.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import count
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.compute.hours import DAY_S

FEWEST_COMPARED: Final = 20
"""Messages that a person, and all others together, need to be compared."""
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


def mean_errors(
    values: ArrayLike,
    conversations: ArrayLike,
    values_beside: ArrayLike,
    conversations_beside: ArrayLike,
) -> float:
    """Return by how many standard errors the mean of values is higher than that of others.

    conversations: which one each value is of. See `errors_of_sums`.
    """
    own, beside = np.array(conversations, np.intp), np.array(conversations_beside, np.intp)
    if not (own.size and beside.size):
        return 0.0
    many = int(max(own.max(), beside.max())) + 1
    return errors_of_sums(
        sums_in(own, values, many),
        counts_in(own, many),
        sums_in(beside, values_beside, many),
        counts_in(beside, many),
    )


def counts_in(conversations: ArrayLike, many: int) -> NDArray[np.float64]:
    """Return how many messages are in each of so many conversations: (many,)."""
    numbers = np.asarray(conversations, np.intp)
    return np.bincount(numbers, minlength=many).astype(np.float64)


def sums_in(conversations: ArrayLike, values: ArrayLike, many: int) -> NDArray[np.float64]:
    """Return the sums of the values that are of each of so many conversations: (many,)."""
    numbers = np.asarray(conversations, np.intp)
    return np.bincount(numbers, values, many).astype(np.float64)


def errors_of_sums(
    sums: NDArray[np.float64],
    counts: NDArray[np.float64],
    sums_beside: NDArray[np.float64],
    counts_beside: NDArray[np.float64],
) -> float:
    """Return by how many standard errors a mean is higher than another one; 0 without a side.

    Each is (n,), of as many conversations: the sums of values, and how many these are. The error
    is that of what each conversation adds to the difference, as if both had one mean (clustered:
    Liang and Zeger 1986): so a few conversations prove little, since it is at most the root of
    their number (Efron 1969).
    """
    count, count_beside = float(counts.sum()), float(counts_beside.sum())
    if not (count and count_beside):
        return 0.0
    mean = float(sums.sum() + sums_beside.sum()) / (count + count_beside)
    parts = (sums - mean * counts) / count - (sums_beside - mean * counts_beside) / count_beside
    error = sqrt(float(parts @ parts))
    return float(parts.sum()) / error if error else 0.0


def burst_of(conversations: Iterable[int]) -> float:
    """Return how many messages of these conversations count as one that stands alone, 1 or more.

    A design effect; it divides their number, or the logarithm of a chance. Source: Kish 1965.
    """
    counts = Counter(conversations).values()
    return sum(number * number for number in counts) / max(sum(counts), 1)
