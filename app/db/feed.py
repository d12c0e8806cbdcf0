"""The feed: the reader of the log of changes in a process, which notifies subscribers."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from saywho.clock import monotonic

BEHIND_AFTER_S: Final = 5.0
"""Seconds without a reading until the feed is behind."""

SITE_PUBLIC: Final = "site.public"
SITE_PRIVATE: Final = "site.private"
OF_SITE: Final = frozenset({SITE_PUBLIC, SITE_PRIVATE})
"""Kinds of events about who may read the site; they invalidate everything cached for readers."""

STREAM_RESET: Final = "stream.reset"
"""Kind of event after which clients of the live stream must read everything anew."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    id: int
    kind: str
    user_id: int
    tweet_id: int | None
    count: int


Subscriber = Callable[[Sequence[Change]], None]


class Feed(ABC):
    poll_s: ClassVar[float]
    """Seconds between looks without requests, the longest delay of a live event."""

    oldest_s: ClassVar[float] = 0.0
    """Maximum age, in seconds, of a look for an answer."""

    def __init__(self, newest: int) -> None:
        self._subscribers: list[Subscriber] = []
        self._on_reset: list[Callable[[int], None]] = []
        self.newest = newest
        self.commit_number: int | None = None
        """Number that changes with each commit that was read; None if commits are seen late."""
        self._failure: BaseException | None = None
        self._read_at = monotonic()

    @property
    def is_up_to_date(self) -> bool:
        """Whether `run` has read the log within the last seconds."""
        return monotonic() - self._read_at < BEHIND_AFTER_S

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber` with later events; it must not block or fail."""
        self._subscribers.append(subscriber)

    def on_reset(self, forget: Callable[[int], None]) -> None:
        """Call `forget` with the newest event after the log lost read events, which invalidates
        everything derived.
        """
        self._on_reset.append(forget)

    def forget(self, subscriber: Subscriber, on_reset: Callable[[int], None]) -> None:
        """Call these no more."""
        self._subscribers.remove(subscriber)
        self._on_reset.remove(on_reset)

    @abstractmethod
    async def look(self) -> bool:
        """Publish the new events; return whether the log could be read."""

    def catch_up_at_once(self) -> bool:
        """Publish all commits that an answer must include; return whether no wait was needed."""
        return False

    async def catch_up(self) -> bool:
        """Publish all commits that an answer must include; return whether that succeeded."""
        return await self.look()

    def read_at_once(self, _statement: str, *_values: object) -> Sequence[Sequence[Any]] | None:
        """Return rows of the newest commit, read on the loop; None if that takes a session."""
        return None

    async def has_seen(self, event_id: int) -> bool:
        """Return whether the event was published, after another look if needed."""
        return self.newest >= event_id or (await self.look() and self.newest >= event_id)

    async def run(self) -> None:
        """Publish all processes' commits, until cancelled."""
        is_told = False
        while True:
            if await self.look():
                self._read_at = monotonic()
                if is_told:
                    logger.warning("the log can be read again")
                is_told = False
            elif not is_told and not self.is_up_to_date:  # On a busy machine, some looks fail.
                is_told = True
                why = str(self._failure) or "no answer in time"
                reason = f"{type(self._failure).__name__}: {why}"
                logger.error("the log cannot be read; trying again until it can (%s)", reason)
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
