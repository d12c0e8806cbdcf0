"""The log of changes: an event is stored in the transaction of its change."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple, cast

from sqlalchemy import Table, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.db.backend import Sessions, allocate_ids, insert_rows
from app.models import Event

PRUNED_AT_ONCE: Final = 20_000
"""Events that one transaction removes: some 20 ms of the write lock."""

TOTALLED_AT_ONCE: Final = 10_000
"""Events that one statement adds up: some 5 ms."""
PRUNED: Final = "pruned"
"""The kind of events of which only the number is known."""


class NewEvent(NamedTuple):
    """An event that has no number yet."""

    kind: str
    user_id: int
    tweet_id: int | None = None
    posts: int = 1
    """How many posts it stands for."""


async def append_event(
    session: AsyncSession, kind: str, *, user_id: int, tweet_id: int | None = None, count: int = 1
) -> int:
    """Append an event and return its number."""
    return await append_events(session, [NewEvent(kind, user_id, tweet_id, count)])


async def append_events(
    session: AsyncSession, events: Sequence[NewEvent], ids: Sequence[int] | None = None
) -> int:
    """Append one event or more, by one statement; return the newest number.

    `ids` are their numbers, where they were allocated before.
    """
    event_ids = ids or await allocate_ids(session, Event, len(events))
    created_at = now()
    columns = ("id", "kind", "user_id", "tweet_id", "count", "created_at")
    rows = [
        dict(zip(columns, (event_id, *event, created_at), strict=True))
        for event_id, event in zip(event_ids, events, strict=True)
    ]
    await insert_rows(session, cast(Table, Event.__table__), rows)
    return event_ids[-1]


async def newest_event(session: AsyncSession) -> int:
    """Return the number of the newest event that the session sees, 0 before the first."""
    return await session.scalar(select(func.max(Event.id))) or 0


class LogTotals:
    """How many posts the events of each kind stand for, after some event; each is read once."""

    def __init__(self) -> None:
        self._begin(0)

    def _begin(self, after: int) -> None:
        self._after = self._read_to = after
        self._totals: Counter[str] = Counter()

    async def since(self, session: AsyncSession, after: int) -> Counter[str]:
        """Return the totals of the events after this one that the session sees."""
        while (totals := await self.read_some(session, after)) is None:
            pass
        return totals

    async def read_some(self, session: AsyncSession, after: int) -> Counter[str] | None:
        """Read a page of these events; return the totals, None while there are more pages."""
        if after != self._after or self._read_to > await newest_event(session):
            self._begin(after)
        query = select(Event.id, Event.kind, Event.count).where(Event.id > self._read_to)
        page = query.order_by(Event.id).limit(TOTALLED_AT_ONCE).subquery()
        ids = (func.count(), func.min(page.c.id), func.max(page.c.id))
        totals = select(page.c.kind, func.sum(page.c.count), *ids).group_by(page.c.kind)
        rows = (await session.execute(totals)).all()
        if rows:
            await self._count_pruned(session, up_to=min(row[3] for row in rows))
        events = 0
        for kind, posts, number, _, newest in rows:
            events += number
            self._read_to = max(self._read_to, newest)
            self._totals[kind] += posts
        return self._totals if events < TOTALLED_AT_ONCE else None

    async def _count_pruned(self, session: AsyncSession, *, up_to: int) -> None:
        """Count events that are gone as one post each: only single posts make a log that long.

        Where an older event is kept, the numbers were skipped, as by rollbacks on PostgreSQL.
        """
        gone = up_to - self._read_to - 1
        if gone and await session.scalar(select(func.min(Event.id))) == up_to:
            self._totals[PRUNED] += gone


async def has_old_events(session: AsyncSession, *, kept: int) -> bool:
    """Return whether the log holds a twentieth more events than `kept`."""
    oldest = await session.scalar(select(func.min(Event.id)))
    newest = await newest_event(session)
    return oldest is not None and newest - oldest >= kept + max(kept // 20, 1)


async def prune_events(db: Sessions, *, kept: int) -> None:
    """Remove some of the oldest events, until `kept` are left.

    No derived data needs them: profiles know their place by the event ids of posts, and a client
    of the live stream that resumes further back is told to start again.
    """
    async with db.write() as session:
        oldest = await session.scalar(select(func.min(Event.id))) or 0
        last = min(await newest_event(session) - max(kept, 1), oldest + PRUNED_AT_ONCE)
        await session.execute(delete(Event).where(Event.id <= last))
