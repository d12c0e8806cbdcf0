"""This process's follower of the log of changes: who hears of a commit, and when."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

FOLLOWED_S: Final = 5.0
"""Who follows looks several times a second; one that could not for so long is behind."""


@dataclass(frozen=True, slots=True)
class Change:
    """An event of the log."""

    id: int
    kind: str
    user_id: int
    tweet_id: int | None
    count: int


Subscriber = Callable[[Sequence[Change]], None]


class Feed(ABC):
    """Reads new events, each once, and gives them to its subscribers."""

    def __init__(self, newest: int) -> None:
        self._subscribers: list[Subscriber] = []
        self.newest = newest
        """The newest event that the subscribers have heard of."""
        self.turn: int | None = None
        """Another number after every commit of anybody that was heard of; None where commits are
        not heard of at once."""
        self._followed_at = time.monotonic()

    @property
    def is_followed(self) -> bool:
        """Whether `follow` runs and can read the log."""
        return time.monotonic() - self._followed_at < FOLLOWED_S

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber`, which must neither block nor fail, with all events from now on."""
        self._subscribers.append(subscriber)

    @abstractmethod
    async def catch_up(self) -> bool:
        """Hear of the commits that an answer must not be older than.

        Return whether that is so; False where the log cannot be read at the moment.
        """

    @abstractmethod
    async def follow(self) -> None:
        """Catch up whenever somebody commits, until cancelled."""

    @abstractmethod
    async def close(self) -> None: ...

    def _note_followed(self) -> None:
        self._followed_at = time.monotonic()

    def _tell(self, changes: Sequence[Change]) -> None:
        self.newest = max(self.newest, changes[-1].id)
        for subscriber in self._subscribers:
            subscriber(changes)
