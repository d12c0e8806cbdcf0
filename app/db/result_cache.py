"""Cached values, each as long as nothing that it depends on changes.

The services record a value's authors (`depends_on`); it is stale when the feed has announced one
since its making began. A value about a day names its end (`holds_until`).
"""

import asyncio
import warnings
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from app.db.feed import OF_SITE, STREAM_RESET, Change, Feed
from saywho.clock import now

EVERYTHING: Final = 0
"""Stands for all authors among a value's dependencies."""
DERIVED: Final = -1
"""Stands for what maintenance derives: its events concern no author."""
NOTHING: Final = -2
"""Stands for what no kept value shows, such as a game."""

ABOUT_ALL: Final = frozenset({"user.deleted", "tweet.deleted", "room.updated", STREAM_RESET})
"""Kinds of events about all: anybody's posts may answer what was deleted, or name a room."""

Span = tuple[datetime, datetime]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LruStore(Generic[Key, Value]):
    """The last used values, within a size in the caller's unit."""

    def __init__(self, max_size: int, size_of: Callable[[Value], int]) -> None:
        self.max_size = max_size
        self.size = 0
        self._size_of = size_of
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def peek(self, key: Key) -> Value | None:
        """Return a value without counting a use."""
        return self._values.get(key)

    def get(self, key: Key) -> Value | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Key, value: Value, *, may_evict: bool = True) -> None:
        """Store a value, evicting the longest unused; without `may_evict`, only in free room."""
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
    def __init__(self, began: int) -> None:
        self.began = began
        """The memo's time when making began."""
        self.user_ids: set[int] = set()
        self.is_cacheable = False
        self.span: Span | None = None
        """The value is invalid outside; None for always valid."""
        self.level = 0
        """Place, among the keys, of the first that holds all that the value depends on."""
        self.unkeyed: set[str] = set()
        """What the value has read of the request that no key holds."""
        self.outcome: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        """The value for waiting callers, None if each makes its own.

        It is cancelled with the making; then a waiting caller makes the value for the others.
        """


_current: ContextVar[PendingValue[Any] | None] = ContextVar("pending", default=None)


def depends_on(user_id: int) -> None:
    """Record that the value being made depends on this author, or `EVERYTHING`."""
    if (pending := _current.get()) is not None:
        pending.user_ids.add(user_id)


def holds_until(time: datetime) -> None:
    """Record that the value being made is valid until then at most."""
    if (pending := _current.get()) is not None:
        _, ends_at = pending.span or (time, time)
        pending.span = now(), min(time, ends_at)


def depends_on_visitor() -> None:
    """Record that the value being made depends on what the second key holds: the kind of visitor,
    their time zone, and the scheme and host by which they asked.
    """
    if (pending := _current.get()) is not None:
        pending.level = max(pending.level, 1)


def depends_on_account() -> None:
    """Record that the value being made depends on who the visitor is, which the third key holds."""
    if (pending := _current.get()) is not None:
        pending.level = 2
        release()


def depends_on_unkeyed(name: str) -> None:
    """Record that the value being made depends on a header or a cookie that no key holds."""
    if (pending := _current.get()) is not None:
        pending.unkeyed.add(name)


def cacheable() -> None:
    """Record that the value being made is the same for all, with recorded dependencies."""
    if (pending := _current.get()) is not None:
        pending.is_cacheable = True


def release() -> None:
    """Let each caller that waits for the value make its own."""
    if (pending := _current.get()) is not None and not pending.outcome.done():
        pending.outcome.set_result(None)


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Value]):
    value: Value
    user_ids: frozenset[int]
    began: int
    span: Span | None = None


class Memo(Generic[Value]):
    """A process's last used values by key, within a size; only cacheable ones are shared with
    waiting callers.

    Await `feed.catch_up()` before `find`, so that values include every earlier commit.
    """

    def __init__(self, feed: Feed, max_size: int, size_of: Callable[[Value], int]) -> None:
        self.feed = feed
        self.is_on = max_size > 0
        self.time = 0
        self._changed: dict[int, int] = {}
        """Time of each author's last change."""
        self._start = 0
        """Earlier values are valid only without dependencies."""
        self._emptied = 0
        """No earlier value is valid."""
        # A value that takes more than an eighth of the memo is not stored.
        self._largest = max_size // 8
        self._size_of = size_of
        self._entries: LruStore[Hashable, _Entry[Value]] = LruStore(
            max_size, lambda entry: size_of(entry.value)
        )
        # Accounts together take no more than this.
        self._of_accounts: LruStore[Hashable, _Entry[Value]] = LruStore(
            self._largest, lambda entry: size_of(entry.value)
        )
        self._pending: dict[Hashable, PendingValue[Value]] = {}
        feed.subscribe(self._note)
        feed.on_reset(self._outdate_all)

    def detach(self) -> None:
        """Stop following the feed, and forget all values."""
        self.feed.forget(self._note, self._outdate_all)
        self._clear()

    @property
    def size(self) -> int:
        return self._entries.size + self._of_accounts.size

    def _clear(self) -> None:
        self._entries.clear()
        self._of_accounts.clear()

    def _store(self, level: int) -> "LruStore[Hashable, _Entry[Value]]":
        return self._of_accounts if level == 2 else self._entries

    def find(self, *keys: Hashable) -> Value | None:
        """Return the value of the first key that has one, unless a dependency changed or its time
        is over.
        """
        for level, key in enumerate(keys):
            if (found := self._find(key, self._store(level))) is not None:
                return found
        return None

    def _find(self, key: Hashable, store: LruStore[Hashable, _Entry[Value]]) -> Value | None:
        entry = store.get(key)
        if entry is None:
            return None
        # The clock may have been set back to a day before.
        if entry.span is not None and not entry.span[0] <= now() < entry.span[1]:
            store.pop(key)
            return None
        if self._is_outdated(entry):
            store.pop(key)
            return None
        return entry.value

    def _is_outdated(self, noted: _Entry[Value] | PendingValue[Any]) -> bool:
        for user_id in noted.user_ids:
            if self._changed.get(user_id, self._start) > noted.began:
                return True
        return False

    async def get_or_make(
        self, key: Hashable, make: Callable[[], Awaitable[Value | None]], *more: Hashable
    ) -> Value | None:
        """Return the stored value, another caller's, or the result of `make`, stored if cacheable.

        more: keys for a value that `depends_on_visitor`, and for one that `depends_on_account`. A
        value that depends on more of the request is not stored, and warns.

        Another caller's value counts if nothing was committed between its beginning and this call.
        """
        called = self.time
        keys = (key, *more)
        while (value := self.find(*keys)) is None:
            pending = self._pending.get(keys[:2][-1])
            if pending is None or pending.began < called:
                return await self._make(keys, make)
            await asyncio.wait([pending.outcome])
            if pending.outcome.cancelled():
                continue
            value = pending.outcome.result()
            return await self._make(keys, make) if value is None else value
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
        """Store a value, valid within `span`, by the memo's time of its beginning."""
        self._put(0, key, value, user_ids, began, span)

    def _put(
        self,
        level: int,
        key: Hashable,
        value: Value,
        user_ids: Iterable[int],
        began: int,
        span: Span | None,
    ) -> None:
        if began >= self._emptied and self._size_of(value) <= self._largest:
            self._store(level).put(key, _Entry(value, frozenset(user_ids), began, span))

    async def _make(
        self, keys: tuple[Hashable, ...], make: Callable[[], Awaitable[Value | None]]
    ) -> Value | None:
        shared = keys[:2][-1]
        pending = self._pending[shared] = PendingValue(self.time)
        token = _current.set(pending)
        try:
            value = await make()
            # Of those who say nothing about themselves, the second key holds all there is.
            level = min(pending.level, len(keys) - 1)
            if pending.level and not level:
                pending.unkeyed.add("the visitor")
            if pending.is_cacheable and pending.unkeyed:
                pending.is_cacheable = False
                read = ", ".join(sorted(pending.unkeyed))
                warnings.warn(f"not kept: it depends on more than its key, {read}", stacklevel=1)
            if value is not None and pending.is_cacheable:
                noted = pending.user_ids, pending.began, pending.span
                self._put(level, keys[level], value, *noted)
            if not pending.outcome.done():
                is_shared = pending.is_cacheable and level < 2
                pending.outcome.set_result(value if is_shared else None)
        except Exception:
            release()
            raise
        else:
            return value
        finally:
            _current.reset(token)
            pending.outcome.cancel()
            if self._pending.get(shared) is pending:
                del self._pending[shared]

    def _note(self, changes: Sequence[Change]) -> None:
        self.time += 1
        for change in changes:
            self._changed[change.user_id] = self.time
            if change.user_id not in (DERIVED, NOTHING):
                self._changed[EVERYTHING] = self.time
        is_about_all = any(change.kind in ABOUT_ALL for change in changes)
        if any(change.kind in OF_SITE for change in changes):
            self._clear()
            self._emptied = self.time
        if is_about_all or len(self._changed) > 50_000:
            self._outdate_all()

    def _outdate_all(self, _newest: int = 0) -> None:
        self.time += 1
        self._start = self.time
        self._changed.clear()
