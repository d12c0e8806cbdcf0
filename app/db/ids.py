"""Ids given out before an insert, so that rows and their event can name each other."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Base


async def allocate_ids(session: AsyncSession, model: type[Base], count: int) -> range:
    """Return the next `count` ids of the table, for a session that may write.

    The write lock is held, so nobody else takes them; inserting them moves the sequence on, and
    AUTOINCREMENT never gives out the id of a deleted row again.
    """
    last = await session.scalar(
        text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": model.__tablename__}
    )
    first = (last or 0) + 1
    return range(first, first + count)
