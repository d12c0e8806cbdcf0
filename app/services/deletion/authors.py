"""Deleting authors: answers leave them out immediately, and their rows follow."""

from typing import Final

from sqlalchemy import ColumnElement, Select, String, cast, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED
from app.models import LiveSource, Profile, Site, User
from app.runtime.clock import now
from app.services.event_log import NewEvent, append_events
from app.services.posts.users import get_user

IS_UNFOLLOWED: Final = User.username_key.not_in(select(LiveSource.username_key))
"""Condition on an author without a live source."""


async def delete_user(session: AsyncSession, username: str) -> None:
    """Remove the author from every answer, and free the name; `purge_deleted` removes the rows.

    Raises NotFoundError.
    """
    user = await get_user(session, username)
    # A followed author would come back with the next visit.
    await session.execute(delete(LiveSource).where(LiveSource.username_key == user.username_key))
    await mark_deleted(session, User.id == user.id)


async def delete_everybody(session: AsyncSession) -> None:
    """Delete all authors as `delete_user`, and the choice of an own archive."""
    await mark_deleted(session)
    await session.execute(delete(LiveSource))
    await session.execute(update(Site).values(own_user_id=None, is_own_chosen=False))


async def mark_deleted(session: AsyncSession, *is_meant: ColumnElement[bool]) -> None:
    """Remove the authors that meet the conditions from answers."""
    marked = update(User).where(User.deleted_at.is_(None), *is_meant)
    # A key that no name has: names contain no control characters.
    key = "\x01" + cast(User.id, String)
    marked = marked.values(deleted_at=now(), username_key=key)
    rows = await session.execute(
        marked.returning(User.id, User.tweet_count), execution_options=UNTRACKED
    )
    gone = rows.all()
    await session.execute(delete(Profile).where(Profile.user_id.in_(deleted_authors())))
    is_gone = Site.own_user_id.in_(deleted_authors())
    await session.execute(update(Site).where(is_gone).values(own_user_id=None))
    if gone:
        events = [NewEvent("user.deleted", user_id, posts=posts) for user_id, posts in gone]
        await append_events(session, events)


def deleted_authors() -> Select[int]:
    return select(User.id).where(User.deleted_at.is_not(None))
