"""The rules of a game: points, places, codes and names."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, Literal, TypeVar

from app.compute.text import username_key

State = Literal["waiting", "asking", "told", "ended"]

MOST_POINTS: Final = 1_000
LEAST_POINTS: Final = 500
"""Points for a right answer at the end of the time."""
LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Characters of codes; none looks like another one."""
CODE_LENGTH: Final = 6
"""Some 890 million codes: at 100 wrong ones a minute one of 20 games is found in 8 months."""
LONGEST_CODE: Final = 4 * CODE_LENGTH
"""Characters of a typed code that are read, with blanks between them."""

Key = TypeVar("Key")


def points_for(ms: int, seconds: int) -> int:
    """Return the points for a right answer after `ms`, within the time of its question."""
    left_ms = seconds * 1_000 - ms
    return LEAST_POINTS + (MOST_POINTS - LEAST_POINTS) * left_ms // (seconds * 1_000)


def places(totals: Mapping[Key, int]) -> dict[Key, int]:
    """Return each key's place, the most points first; equal points share a place."""
    by_points: dict[int, int] = {}
    for place, total in enumerate(sorted(totals.values(), reverse=True), start=1):
        by_points.setdefault(total, place)
    return {key: by_points[total] for key, total in totals.items()}


def new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def typed_code(text: str) -> str:
    """Return a code as it is stored, however it was typed."""
    letters = text[:LONGEST_CODE].upper()
    return "".join(letter for letter in letters if letter in LETTERS)[: CODE_LENGTH + 1]


class PlayerNames:
    """The names of a game's players, different in more than case."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._numbers: dict[str, Iterator[int]] = {}
        """Untried numbers by the key of the name before them."""

    def add(self, key: str) -> None:
        self._keys.add(key)

    def take(self, name: str) -> str:
        """Return the name, with the first free number if another player has it."""
        free, numbers = name, self._numbers.setdefault(username_key(name), count(2))
        while username_key(free) in self._keys:
            free = f"{name} {next(numbers)}"
        self._keys.add(username_key(free))
        return free


@dataclass(frozen=True, slots=True)
class Asked:
    """The time in which a question takes answers, in milliseconds since 1970."""

    asked_ms: int
    ends_ms: int

    def takes(self, arrived_ms: int) -> bool:
        return self.asked_ms <= arrived_ms <= self.ends_ms


def shares(questions: int, authors: Sequence[Key], extra: Iterable[Key]) -> dict[Key, int]:
    """Return the number of questions about each author, differing by one at most; extra: the
    authors who get one more, in order.
    """
    least, remainder = divmod(questions, len(authors))
    first = set(list(extra)[:remainder])
    return {author: least + (author in first) for author in authors}
