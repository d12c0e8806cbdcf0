"""The log of changes: events are stored in the transactions of their changes."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, allocate_ids, insert_rows
from app.db.result_cache import NOTHING
from app.models import Event, Snapshot
from saywho.clock import now

GAME_CHANGED: Final = "game.changed"
ADDING: Final = frozenset(
    (
        *("tweet.created", "tweets.imported", "user.created", "background.made", "words.counted"),
        *("vectors.made", "snapshots.counted", "room.judged", GAME_CHANGED),
    )
)
"""Kinds of events that take nothing away, after which snapshots may still be shown."""


class NewEvent(NamedTuple):
    kind: str
    user_id: int
    tweet_id: int | None = None
    posts: int = 1


async def append_events(
    session: AsyncSession, events: Sequence[NewEvent], ids: Sequence[int] | None = None
) -> None:
    """Append events by one statement; `ids` if allocated before.

    All but `ADDING` remove what was counted: it may quote words that are gone now.
    """
    if {event.kind for event in events} - ADDING:
        await session.execute(delete(Snapshot))
    event_ids = ids or await allocate_ids(session, Event, len(events))
    created_at = now()
    columns = ("id", "kind", "user_id", "tweet_id", "count", "created_at")
    rows = [
        dict(zip(columns, (event_id, *event, created_at), strict=True))
        for event_id, event in zip(event_ids, events, strict=True)
    ]
    await insert_rows(session, Event, rows)


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
