"""The log of changes: each goes in by the transaction that makes the change."""

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import allocate_ids
from app.models import Event
from app.services.clock import now


async def append_event(
    session: AsyncSession,
    kind: str,
    *,
    user_id: int,
    tweet_id: int | None = None,
    count: int = 1,
    event_id: int | None = None,
) -> int:
    """Write a change into the log and return its number; `event_id` is one allocated before."""
    if event_id is None:
        (event_id,) = await allocate_ids(session, Event, 1)
    await session.execute(
        insert(Event).values(
            id=event_id,
            kind=kind,
            user_id=user_id,
            tweet_id=tweet_id,
            count=count,
            created_at=now(),
        )
    )
    return event_id


async def newest_event(session: AsyncSession) -> int:
    """Return the number of the newest event that the session sees, 0 before the first."""
    return await session.scalar(select(func.max(Event.id))) or 0
