"""Figures made once for all who look at them: once per change and filter, whoever asks.

An answer says what it rests on, as in the cache of pages, and is given out until an event concerns
that. Who asks for more than one has gets the next one, and all who ask meanwhile share it.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from app.db.cache import Reading, reading
from app.db.feed import Change, Feed
from app.errors import UnavailableError

MADE_AT_ONCE: Final = 2
MOST_UNDER_WAY: Final = 60
"""Different figures that may be waited for; beyond them it is 503."""
SHORTEST_PACE_S: Final = 0.4
PACE: Final = 4.0
"""A live figure rests so many times as long as it took, so that no stream of posts fills a core."""
MAKING_TIMEOUT_S: Final = 60.0
PROMISE_S: Final = 1.0
OVERHEAD_BYTES: Final = 1_000

Make = Callable[[], Awaitable[bytes]]


@dataclass(slots=True, eq=False)
class _Figure:
    """An answer that is being made, or was."""

    reading: Reading
    task: "asyncio.Task[bytes]"
    began: float
    as_of_event: int
    size: int = 0
    ended: float = 0.0

    def may_stand_for(self, after: int | None) -> bool:
        """Return whether it holds all that happened, or at least up to the event `after`."""
        if after is not None and self.as_of_event >= after:
            return True
        return self.reading.is_fresh if self.task.done() else not self.reading.changes

    def ready_at(self) -> float:
        """Return when it may be made anew for those who follow it live."""
        return self.ended + max(SHORTEST_PACE_S, PACE * (self.ended - self.began))


class Shared:
    """The answers of one process, those used last, within so many bytes."""

    def __init__(self, feed: Feed, max_bytes: int) -> None:
        self._feed = feed
        self._max_bytes = max_bytes
        self._bytes = 0
        self._figures: OrderedDict[Hashable, _Figure] = OrderedDict()
        self._turns = asyncio.Semaphore(MADE_AT_ONCE)
        self._under_way: set[asyncio.Task[bytes]] = set()
        self._coming: dict[Hashable, asyncio.Event] = {}
        feed.subscribe(self.hear)

    def hear(self, changes: Sequence[Change]) -> None:
        """Note whom the events concern."""
        user_ids = {change.user_id for change in changes}
        for figure in self._figures.values():
            figure.reading.changes |= user_ids

    async def get(self, key: Hashable, make: Make, *, after: int | None = None) -> bytes:
        """Return what `make` gives, perhaps what it gave for somebody else.

        It holds all events that were acknowledged before; with `after`, of somebody who follows
        live, all up to that event, for which one may have to wait a little. Raises what `make`
        raises, and UnavailableError where too much is asked at once.
        """
        figure = await self._standing(key, after) or self._begin(key, make)
        self._figures.move_to_end(key)
        # Whoever leaves must not take it from the others.
        return await asyncio.shield(figure.task)

    async def join(self, key: Hashable, *, after: int | None = None) -> bytes | None:
        """Return what others have had made, as `get` does; None if the caller is to ask by `get`.

        Of several who need what nobody makes yet only the first gets None at once.
        """
        try:
            while (figure := await self._standing(key, after)) is None:
                coming = self._coming.get(key)
                if coming is None:
                    self._promise(key)
                    return None
                await coming.wait()
            self._figures.move_to_end(key)
            return await asyncio.shield(figure.task)
        except Exception:
            # It is the app that says what went wrong.
            return None

    async def _standing(self, key: Hashable, after: int | None) -> _Figure | None:
        """Return what may be given out, None where it must be made; may wait for its time."""
        if not await self._feed.catch_up():
            raise UnavailableError("The log cannot be read at the moment; try again soon")
        # What is not known here yet cannot be waited for.
        after = None if after is None else min(after, self._feed.newest)
        while True:
            figure = self._figures.get(key)
            if figure is None or figure.may_stand_for(after):
                return figure
            if not figure.task.done():
                await asyncio.wait([figure.task])
            elif after is not None and (rest := figure.ready_at() - time.monotonic()) > 0:
                await asyncio.sleep(rest)
            else:
                return None

    def _promise(self, key: Hashable) -> None:
        """Let others wait a little for the one who was sent to have it made."""
        coming = self._coming[key] = asyncio.Event()

        def is_over() -> None:
            coming.set()
            if self._coming.get(key) is coming:
                del self._coming[key]

        asyncio.get_running_loop().call_later(PROMISE_S, is_over)

    async def close(self) -> None:
        """Give up what is being made."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _begin(self, key: Hashable, make: Make) -> _Figure:
        if len(self._under_way) >= MOST_UNDER_WAY:
            raise UnavailableError(
                "Too much is asked at once; try again soon", headers={"Retry-After": "2"}
            )
        current = Reading()
        task = asyncio.create_task(self._make(make, current))
        figure = _Figure(current, task, time.monotonic(), self._feed.newest)
        self._drop(key)
        self._figures[key] = figure
        self._under_way.add(task)
        if coming := self._coming.pop(key, None):
            coming.set()
        task.add_done_callback(lambda task: self._end(key, figure, task))
        return figure

    async def _make(self, make: Make, current: Reading) -> bytes:
        async with self._turns, asyncio.timeout(MAKING_TIMEOUT_S):
            reading.set(current)
            return await make()

    def _end(self, key: Hashable, figure: _Figure, task: "asyncio.Task[bytes]") -> None:
        self._under_way.discard(task)
        figure.ended = time.monotonic()
        failed = task.cancelled() or task.exception() is not None
        if self._figures.get(key) is not figure:
            return
        if failed or not figure.reading.may_be_kept:
            self._drop(key)
            return
        figure.size = len(task.result()) + OVERHEAD_BYTES
        self._bytes += figure.size
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._figures)))

    def _drop(self, key: Hashable) -> None:
        if figure := self._figures.pop(key, None):
            self._bytes -= figure.size
