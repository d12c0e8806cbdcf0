"""Values kept for later requests, for as long as nothing that they depend on changes.

While a value is made, the services name the authors that it depends on (`depends_on`), and callers
that ask for the same value wait for it. A value is stale when the feed has told of one of these
authors since its making began, whichever process wrote. One that tells of a day names its end
(`holds_until`). Requests for different things that share their work are in `app/db/batch.py`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from app.db.feed import GAME_CHANGED, OF_SITE, Change, Feed
from app.runtime.clock import now

EVERYTHING: Final = 0
"""Stands for all authors among the ids that a value depends on."""
DERIVED: Final = -1
"""Stands for what maintenance makes from the posts: an event about it concerns no author."""
ABOUT_ALL: Final = frozenset({"user.deleted", "tweet.deleted", "room.updated"})
"""Kinds of events that concern the posts of everybody."""
LARGEST_SHARE: Final = 8
"""A value that takes more than this part of a memo (one eighth) is not stored."""
MOST_CHANGED: Final = 50_000
"""Authors whose last change is known; with more of them, all that was made before is stale."""

Span = tuple[datetime, datetime]
"""When something begins and stops to hold."""
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LruStore(Generic[Key, Value]):
    """The values used last, within a total size; the unit of size is the caller's."""

    def __init__(self, max_size: int, size_of: Callable[[Value], int]) -> None:
        self.max_size = max_size
        self.size = 0
        self._size_of = size_of
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def peek(self, key: Key) -> Value | None:
        """Return a value without counting this as a use."""
        return self._values.get(key)

    def get(self, key: Key) -> Value | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Key, value: Value, *, may_evict: bool = True) -> None:
        """Store a value, and evict for it those that were used longest ago.

        Without `may_evict` a new one is stored only where there is room.
        """
        has_room = self.size + self._size_of(value) <= self.max_size
        if not (may_evict or has_room or key in self._values):
            return
        self.pop(key)
        self._values[key] = value
        self.size += self._size_of(value)
        while self.size > self.max_size:
            self.pop(next(iter(self._values)))

    def clear(self) -> None:
        self._values.clear()
        self.size = 0

    def pop(self, key: Key) -> None:
        value = self._values.pop(key, None)
        if value is not None:
            self.size -= self._size_of(value)


class PendingValue(Generic[Value]):
    """A value that is being made, and what it depends on."""

    def __init__(self, began: int) -> None:
        self.began = began
        """The memo's time when its making began."""
        self.user_ids: set[int] = set()
        """Authors that the value depends on."""
        self.is_cacheable = False
        self.span: Span | None = None
        """Outside it the value does not hold, whatever is written; None for always."""
        self.outcome: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        """The value for waiting callers; None if each of them has to make it.

        It is cancelled with its making: then one waiting caller makes the value for the others.
        """


_current: ContextVar[PendingValue[Any] | None] = ContextVar("pending", default=None)


def depends_on(user_id: int) -> None:
    """Note that the value being made depends on this author, or on `EVERYTHING`."""
    if (pending := _current.get()) is not None:
        pending.user_ids.add(user_id)


def holds_until(time: datetime) -> None:
    """Note that the value being made holds until that time at most, as what a day shows does."""
    if (pending := _current.get()) is not None:
        _, ends_at = pending.span or (time, time)
        pending.span = now(), min(time, ends_at)


def cacheable() -> None:
    """Note that all dependencies of the value being made are noted, and it is the same for all."""
    if (pending := _current.get()) is not None:
        pending.is_cacheable = True


def release() -> None:
    """Let the callers that wait for the value being made make it themselves."""
    if (pending := _current.get()) is not None and not pending.outcome.done():
        pending.outcome.set_result(None)


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Value]):
    value: Value
    user_ids: frozenset[int]
    began: int
    span: Span | None = None


class Memo(Generic[Value]):
    """One process's values by key, those used last, within a total size.

    Callers who waited for a value get it if it is cacheable; otherwise each makes its own.

    Callers await `feed.catch_up()` before they look for a value. So it is never older than what
    was committed before.
    """

    def __init__(self, feed: Feed, max_size: int, size_of: Callable[[Value], int]) -> None:
        self.feed = feed
        self.is_on = max_size > 0
        self.time = 0
        """Counts how often the feed has told of changes."""
        self._changed: dict[int, int] = {}
        """When the feed last told of each author."""
        self._start = 0
        """Of values that were made before this time, only those that depend on nobody hold."""
        self._emptied = 0
        """Nothing holds that was made before this time."""
        self._largest = max_size // LARGEST_SHARE
        self._size_of = size_of
        self._entries: LruStore[Hashable, _Entry[Value]] = LruStore(
            max_size, lambda entry: size_of(entry.value)
        )
        self._pending: dict[Hashable, PendingValue[Value]] = {}
        feed.subscribe(self._note)
        feed.on_reset(self._outdate_all)

    def find(self, key: Hashable) -> Value | None:
        """Return the value if nothing has changed that it depends on, and its time is not over."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        # The clock may have been set back to a day before.
        if entry.span is not None and not entry.span[0] <= now() < entry.span[1]:
            self._entries.pop(key)
            return None
        for user_id in entry.user_ids:
            if self._changed.get(user_id, self._start) > entry.began:
                self._entries.pop(key)
                return None
        return entry.value

    async def get_or_make(
        self, key: Hashable, make: Callable[[], Awaitable[Value | None]]
    ) -> Value | None:
        """Return the stored value, the one that another caller is making, or what `make` returns.

        That one counts if nothing was committed between its beginning and this call. A value is
        stored if it is cacheable.
        """
        called = self.time
        while (value := self.find(key)) is None:
            pending = self._pending.get(key)
            if pending is None or pending.began < called:
                return await self._make(key, make)
            await asyncio.wait([pending.outcome])
            if pending.outcome.cancelled():
                continue
            value = pending.outcome.result()
            return await self._make(key, make) if value is None else value
        return value

    def put(
        self,
        key: Hashable,
        value: Value,
        user_ids: Iterable[int],
        *,
        began: int,
        span: Span | None = None,
    ) -> None:
        """Store a value whose making began at that time of the memo; it holds within `span`."""
        if began >= self._emptied and self._size_of(value) <= self._largest:
            self._entries.put(key, _Entry(value, frozenset(user_ids), began, span))

    async def _make(
        self, key: Hashable, make: Callable[[], Awaitable[Value | None]]
    ) -> Value | None:
        pending = self._pending[key] = PendingValue(self.time)
        token = _current.set(pending)
        try:
            value = await make()
            if value is not None and pending.is_cacheable:
                self.put(key, value, pending.user_ids, began=pending.began, span=pending.span)
            if not pending.outcome.done():
                pending.outcome.set_result(value if pending.is_cacheable else None)
        except Exception:
            release()
            raise
        else:
            return value
        finally:
            _current.reset(token)
            pending.outcome.cancel()
            if self._pending.get(key) is pending:
                del self._pending[key]

    def _note(self, changes: Sequence[Change]) -> None:
        """Outdate the values that depend on the authors of these events."""
        self.time += 1
        for change in changes:
            if change.kind == GAME_CHANGED:
                continue
            self._changed[change.user_id] = self.time
            if change.user_id != DERIVED:
                self._changed[EVERYTHING] = self.time
        # Anybody's posts may have answered what was deleted, or name a room.
        is_about_all = any(change.kind in ABOUT_ALL for change in changes)
        if any(change.kind in OF_SITE for change in changes):
            self._entries.clear()
            self._emptied = self.time
        if is_about_all or len(self._changed) > MOST_CHANGED:
            self._outdate_all()

    def _outdate_all(self, _newest: int = 0) -> None:
        """Outdate all values that depend on anybody, and those being made."""
        self.time += 1
        self._start = self.time
        self._changed.clear()
