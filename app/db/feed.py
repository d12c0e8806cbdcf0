"""The feed: what reads the log of changes in this process, and notifies subscribers."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from app.clock import monotonic

BEHIND_AFTER_S: Final = 5.0
"""`run` reads the log several times a second; after this time without, the feed is behind."""

SITE_PUBLIC: Final = "site.public"
SITE_PRIVATE: Final = "site.private"
OF_SITE: Final = frozenset({SITE_PUBLIC, SITE_PRIVATE})
"""The kinds of events that tell who may read the site: all that was kept for readers is stale."""

GAME_CHANGED: Final = "game.changed"
"""The kind of event that tells of a game: it concerns no post, and nothing that is kept."""

logger = logging.getLogger(__name__)


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
    """Reads each new event once, and notifies its subscribers."""

    poll_s: ClassVar[float]
    """Seconds between two looks while no request asks: the longest that a live event is late."""

    oldest_s: ClassVar[float] = 0.0
    """How many seconds old a look may be that an answer of any process rests on."""

    def __init__(self, newest: int) -> None:
        self._subscribers: list[Subscriber] = []
        self._on_reset: list[Callable[[int], None]] = []
        self.newest = newest
        """The newest event that was published to the subscribers."""
        self.commit_number: int | None = None
        """Another number after each commit that was read, of any process; None where commits of
        others are not seen at once."""
        self._failure: BaseException | None = None
        """Why the log could not be read."""
        self._read_at = monotonic()

    @property
    def is_up_to_date(self) -> bool:
        """Whether `run` goes on and can read the log."""
        return monotonic() - self._read_at < BEHIND_AFTER_S

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber`, which must neither block nor fail, with all events from now on."""
        self._subscribers.append(subscriber)

    def on_reset(self, forget: Callable[[int], None]) -> None:
        """Call `forget` with the newest event when the log no longer holds what was read of it.

        Nothing that was derived in memory holds then.
        """
        self._on_reset.append(forget)

    @abstractmethod
    async def look(self) -> bool:
        """Publish the new events; return whether the log could be read."""

    async def catch_up(self) -> bool:
        """Publish the commits that an answer must not be older than.

        Return whether that was possible; False while the log cannot be read.
        """
        return await self.look()

    async def has_seen(self, event_id: int) -> bool:
        """Return whether the event was published, after a look at the log if it was not yet."""
        return self.newest >= event_id or (await self.look() and self.newest >= event_id)

    async def run(self) -> None:
        """Publish the commits of all processes, until cancelled."""
        is_well = True
        while True:
            was_well, is_well = is_well, await self.look()
            if is_well:
                self._read_at = monotonic()
            if was_well and not is_well:
                reason = f"{type(self._failure).__name__}: {self._failure}"
                logger.error("the log cannot be read; trying again until it can (%s)", reason)
            elif is_well and not was_well:
                logger.warning("the log can be read again")
            await asyncio.sleep(self.poll_s)

    @abstractmethod
    async def close(self) -> None: ...

    def _reset(self, newest: int) -> None:
        self.newest = newest
        for forget in self._on_reset:
            forget(newest)

    def _publish(self, changes: Sequence[Change]) -> None:
        self.newest = max(self.newest, changes[-1].id)
        for subscriber in self._subscribers:
            subscriber(changes)
