"""Values kept while nothing that they depend on changes, each made once for all waiting callers.

While a value is made, the services name the authors that it depends on (`depends_on`). An event
of the log about one of them invalidates the value, whichever process wrote it.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from app.db.feed import Change, Feed

EVERYTHING: Final = 0
"""Stands for all authors among the ids that a value depends on."""
DERIVED: Final = -1
"""Stands for what maintenance makes from the posts: an event about it concerns no author."""
LARGEST_SHARE: Final = 8
"""A value that takes more than this part of a memo (one eighth) is not stored."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LruStore(Generic[Key, Value]):
    """The values used last, within a total size; the unit of size is the caller's."""

    def __init__(self, max_size: int, size_of: Callable[[Value], int]) -> None:
        self.max_size = max_size
        self.size = 0
        self._size_of = size_of
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def __contains__(self, key: Key) -> bool:
        return key in self._values

    def peek(self, key: Key) -> Value | None:
        """Return a value without counting this as a use."""
        return self._values.get(key)

    def get(self, key: Key) -> Value | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def has_room_for(self, value: Value) -> bool:
        """Return whether the value could be stored without evicting another one."""
        return self.size + self._size_of(value) <= self.max_size

    def put(self, key: Key, value: Value) -> list[tuple[Key, Value]]:
        """Store a value; return those that were evicted for it, with their keys."""
        self.pop(key)
        self._values[key] = value
        self.size += self._size_of(value)
        evicted = []
        while self.size > self.max_size:
            oldest = next(iter(self._values))
            evicted.append((oldest, self._values[oldest]))
            self.pop(oldest)
        return evicted

    def clear(self) -> None:
        self._values.clear()
        self.size = 0

    def pop(self, key: Key) -> Value | None:
        value = self._values.pop(key, None)
        if value is not None:
            self.size -= self._size_of(value)
        return value


class MemoRun(Generic[Value]):
    """The making of one value: what the value depends on, and what changed meanwhile."""

    __slots__ = ("as_of_event", "changed", "is_cacheable", "outcome", "user_ids")

    def __init__(self, as_of_event: int) -> None:
        self.as_of_event = as_of_event
        """The newest event when the run began."""
        self.user_ids: set[int] = set()
        """Authors that the value depends on."""
        self.changed: set[int] = set()
        """Authors with events since the run began."""
        self.is_cacheable = False
        self.outcome: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        """The value for waiting callers; None if each of them has to make it.

        It is cancelled with the run: then one waiting caller makes the value for the others.
        """


_current: ContextVar[MemoRun[Any] | None] = ContextVar("run", default=None)


def depends_on(user_id: int) -> None:
    """Note that the value being made depends on this author, or on `EVERYTHING`."""
    if (run := _current.get()) is not None:
        run.user_ids.add(user_id)


def cacheable() -> None:
    """Note that all dependencies of the value being made are noted, and it is the same for all."""
    if (run := _current.get()) is not None:
        run.is_cacheable = True


@dataclass(slots=True)
class _Entry(Generic[Value]):
    value: Value
    user_ids: frozenset[int]


class Memo(Generic[Value]):
    """One process's values by key, those used last, within a total size.

    Waiting callers get what a run made if it is cacheable; otherwise each makes its own.

    Callers await `feed.catch_up()` before they look for a value. So it is never older than what
    was committed before.
    """

    def __init__(self, feed: Feed, max_size: int, size_of: Callable[[Value], int]) -> None:
        self.feed = feed
        self.is_on = max_size > 0
        self._largest = max_size // LARGEST_SHARE
        self._size_of = size_of
        self._entries: LruStore[Hashable, _Entry[Value]] = LruStore(
            max_size, lambda entry: size_of(entry.value)
        )
        self._dependents: defaultdict[int, set[Hashable]] = defaultdict(set)
        self._watched: set[MemoRun[Value]] = set()
        self._runs: dict[Hashable, MemoRun[Value]] = {}
        feed.subscribe(self.invalidate)
        feed.on_reset(self._clear)

    def find(self, key: Hashable) -> Value | None:
        """Return the value if nothing has changed that it depends on."""
        entry = self._entries.get(key)
        return entry.value if entry else None

    async def get_or_make(
        self, key: Hashable, make: Callable[[MemoRun[Value]], Awaitable[Value | None]]
    ) -> Value | None:
        """Return the stored value, that of a run under way, or what `make` returns.

        A run counts if nothing was committed between its beginning and this call. A value is
        stored if it is cacheable and no event since its run began concerns it.
        """
        needed = self.feed.newest
        while (value := self.find(key)) is None:
            run = self._runs.get(key)
            if run is None or run.as_of_event < needed:
                return await self._make(key, make)
            await asyncio.wait([run.outcome])
            if run.outcome.cancelled():
                continue
            value = run.outcome.result()
            return await self._make(key, make) if value is None else value
        return value

    def release(self, key: Hashable, run: MemoRun[Value]) -> None:
        """Let the callers that wait for this run make the value themselves."""
        if not run.outcome.done():
            run.outcome.set_result(None)
        self._end(key, run)

    @contextmanager
    def watch(self) -> Iterator[MemoRun[Value]]:
        """Collect the authors that change during the block, for values that `put` stores."""
        run: MemoRun[Value] = MemoRun(self.feed.newest)
        self._watched.add(run)
        try:
            yield run
        finally:
            self._watched.discard(run)

    def put(
        self, key: Hashable, value: Value, run: MemoRun[Value], user_ids: Collection[int]
    ) -> None:
        """Store a value that was made in this run, unless what it depends on has changed."""
        is_stale = not run.changed.isdisjoint(user_ids)
        if EVERYTHING in user_ids or EVERYTHING in run.changed:
            is_stale = is_stale or bool(run.changed - {DERIVED})
        if is_stale or self._size_of(value) > self._largest:
            return
        self._drop(key)
        for user_id in user_ids:
            self._dependents[user_id].add(key)
        entry = _Entry(value, frozenset(user_ids))
        for evicted in self._entries.put(key, entry):
            self._forget_dependents(*evicted)

    def invalidate(self, changes: Sequence[Change]) -> None:
        """Invalidate the values that depend on the authors of these events."""
        user_ids = {change.user_id for change in changes}
        if any(change.kind in {"user.deleted", "tweet.deleted"} for change in changes):
            # Anybody's posts may have answered what was deleted.
            user_ids |= {EVERYTHING, *self._dependents}
        for run in self._watched:
            run.changed |= user_ids
        if user_ids != {DERIVED}:
            user_ids.add(EVERYTHING)
        for user_id in user_ids:
            for key in list(self._dependents.get(user_id, ())):
                self._drop(key)

    async def _make(
        self, key: Hashable, make: Callable[[MemoRun[Value]], Awaitable[Value | None]]
    ) -> Value | None:
        run: MemoRun[Value] = MemoRun(self.feed.newest)
        self._watched.add(run)
        self._runs[key] = run
        token = _current.set(run)
        try:
            value = await make(run)
            if (
                value is not None
                and run.is_cacheable
                and not run.outcome.done()
                and await self.feed.catch_up()
            ):
                self.put(key, value, run, run.user_ids)
            if not run.outcome.done():
                run.outcome.set_result(value if run.is_cacheable else None)
        except Exception:
            self.release(key, run)
            raise
        else:
            return value
        finally:
            _current.reset(token)
            run.outcome.cancel()
            self._end(key, run)

    def _end(self, key: Hashable, run: MemoRun[Value]) -> None:
        self._watched.discard(run)
        if self._runs.get(key) is run:
            del self._runs[key]

    def _clear(self, _newest: int) -> None:
        """Drop all values, and do not store those being made."""
        for run in self._watched:
            run.changed.add(EVERYTHING)
        self._entries.clear()
        self._dependents.clear()

    def _drop(self, key: Hashable) -> None:
        if (entry := self._entries.pop(key)) is not None:
            self._forget_dependents(key, entry)

    def _forget_dependents(self, key: Hashable, entry: _Entry[Value]) -> None:
        for user_id in entry.user_ids:
            keys = self._dependents[user_id]
            keys.discard(key)
            if not keys:
                del self._dependents[user_id]
