"""The log of changes: events are stored in the transactions of their changes."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from msgspec import msgpack
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, allocate_ids, insert_rows
from app.db.result_cache import NOTHING
from app.models import Event, Snapshot
from saywho.clock import now

GAME_CHANGED: Final = "game.changed"
ADDING: Final = frozenset(
    (
        *("tweet.created", "tweets.imported", "user.created", "background.made", "words.counted"),
        *("vectors.made", "snapshots.counted", GAME_CHANGED),
    )
)
"""Kinds of events that take nothing away, after which snapshots may still be shown."""
OF_AUTHOR: Final = frozenset(("tweet.deleted", "tweet.updated", "user.deleted", "user.updated"))
"""Kinds of events that take away from what their author wrote alone."""
UNCOUNTED: Final = frozenset(
    ("words.counted", "vectors.made", "snapshots.counted", "room.judged", GAME_CHANGED)
)
"""Kinds of events that outdate no snapshot; a chat that is judged has its own emptied."""


class NewEvent(NamedTuple):
    kind: str
    user_id: int
    tweet_id: int | None = None
    posts: int = 1


async def append_events(
    session: AsyncSession,
    events: Sequence[NewEvent],
    ids: Sequence[int] | None = None,
    *,
    concerned: Collection[int] = (),
) -> None:
    """Append events by one statement; `ids` if allocated before.

    All but `ADDING` empty the snapshots of the authors concerned, by default the events', which may
    quote words that are gone now; those of no author empty all.
    """
    if taking := {event.user_id for event in events if event.kind not in ADDING}:
        await _empty_snapshots(session, {*concerned} or taking)
    event_ids = ids or await allocate_ids(session, Event, len(events))
    created_at = now()
    columns = ("id", "kind", "user_id", "tweet_id", "count", "created_at")
    rows = [
        dict(zip(columns, (event_id, *event, created_at), strict=True))
        for event_id, event in zip(event_ids, events, strict=True)
    ]
    await insert_rows(session, Event, rows)


async def _empty_snapshots(session: AsyncSession, people: set[int]) -> None:
    """Leave the keys, by which maintenance counts what is large again."""
    emptied = update(Snapshot).values(content=b"")
    if min(people) > 0:
        stored = select(Snapshot.id, Snapshot.people).where(Snapshot.content != b"")
        found = [
            row.id
            for row in await session.execute(stored)
            if row.people is None or not people.isdisjoint(msgpack.decode(row.people))
        ]
        if not found:
            return
        emptied = emptied.where(Snapshot.id.in_(found))
    await session.execute(emptied)


async def tell_of_game(session: AsyncSession) -> None:
    """Append that some game changed, once all changes of the session are written."""
    await session.flush()
    await append_events(session, [NewEvent(GAME_CHANGED, NOTHING, posts=0)])


async def newest_event(session: AsyncSession) -> int:
    """Return the newest visible event's number, 0 before the first."""
    return await session.scalar(select(func.max(Event.id))) or 0


async def has_old_events(session: AsyncSession, *, kept: int) -> bool:
    """Return whether the log is a twentieth longer than `kept`."""
    oldest = await session.scalar(select(func.min(Event.id)))
    newest = await newest_event(session)
    return oldest is not None and newest - oldest >= kept + max(kept // 20, 1)


async def prune_events(db: Sessions, *, kept: int) -> None:
    """Remove some of the oldest events, until `kept` are left.

    Profiles need only event ids of posts, and clients further back get a reset.
    """
    async with db.write() as session:
        oldest = await session.scalar(select(func.min(Event.id))) or 0
        # 20,000 events take some 20 ms of the write lock.
        last = min(await newest_event(session) - max(kept, 1), oldest + 20_000)
        await session.execute(delete(Event).where(Event.id <= last))
