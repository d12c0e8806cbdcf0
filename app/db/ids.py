"""Ids given out before an insert, so that rows and their event can name each other."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.models import Base


async def allocate_ids(session: AsyncSession, model: type[Base], count: int) -> Sequence[int]:
    """Return the next `count` ids of the table, for a session that may write."""
    return await backend_of(session).allocate_ids(session, model, count)
