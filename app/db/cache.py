"""Answers kept for as long as nothing that they rest on has changed.

While a view runs, the services note what they read (`depends_on`); an event of the log drops what
rests on it. An answer is kept only if no event since the view began concerns it.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from app.db.feed import Change

EVERYTHING: Final = 0
"""Stands for all authors among the ids that an answer rests on."""
OVERHEAD_BYTES: Final = 1_000
LARGEST_SHARE: Final = 8
"""An answer may take one part in so many of the cache."""


@dataclass(slots=True)
class Reading:
    """What one run of a view reads, and what happened meanwhile."""

    may_be_kept: bool = False
    user_ids: set[int] = field(default_factory=set)
    changes: set[int] = field(default_factory=set)
    """Authors of whom events came since the view began."""

    @property
    def is_fresh(self) -> bool:
        """Whether no event since the view began concerns what it read."""
        if EVERYTHING in self.user_ids:
            return not self.changes
        return self.user_ids.isdisjoint(self.changes)


reading: ContextVar[Reading | None] = ContextVar("reading", default=None)


def depends_on(user_id: int) -> None:
    """Note that the answer rests on this author, or on `EVERYTHING`."""
    if (current := reading.get()) is not None:
        current.user_ids.add(user_id)


def keep() -> None:
    """Note that the answer may be kept: all that it rests on is noted, and nobody's alone."""
    if (current := reading.get()) is not None:
        current.may_be_kept = True


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is sent: status 200, all headers, the body as it was negotiated."""

    etag: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    user_ids: frozenset[int]


class ResponseCache:
    """Keeps answers by key, the ones used last, within so many bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._resting_on: dict[int, set[Hashable]] = defaultdict(set)
        self._readings: dict[int, Reading] = {}

    @property
    def is_on(self) -> bool:
        return self._max_bytes > 0

    def hear(self, changes: Sequence[Change]) -> None:
        """Drop what rests on what the events changed."""
        user_ids = {change.user_id for change in changes}
        for under_way in self._readings.values():
            under_way.changes |= user_ids
        for user_id in (*user_ids, EVERYTHING):
            for key in list(self._resting_on.get(user_id, ())):
                self._drop(key)

    def get(self, key: Hashable) -> Answer | None:
        """Return the answer if it is kept; the caller has let the feed catch up."""
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def begin(self) -> Reading:
        """Watch what happens while a view runs; end with `end`."""
        new = Reading()
        self._readings[id(new)] = new
        return new

    def end(self, under_way: Reading) -> None:
        self._readings.pop(id(under_way), None)

    def put(self, key: Hashable, answer: Answer) -> None:
        """Keep an answer; the caller knows that it is fresh."""
        size = _size(answer)
        if size * LARGEST_SHARE > self._max_bytes:
            return
        self._drop(key)
        self._answers[key] = answer
        self._bytes += size
        for user_id in answer.user_ids:
            self._resting_on[user_id].add(key)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._answers)))

    def _drop(self, key: Hashable) -> None:
        answer = self._answers.pop(key, None)
        if answer is None:
            return
        self._bytes -= _size(answer)
        for user_id in answer.user_ids:
            keys = self._resting_on[user_id]
            keys.discard(key)
            if not keys:
                del self._resting_on[user_id]


def _size(answer: Answer) -> int:
    return len(answer.body) + sum(len(n) + len(v) for n, v in answer.headers) + OVERHEAD_BYTES
