"""Undoing an import: the posts that it brought first are removed, unless something else sent them,
too.

A request only notes the wish. Maintenance, or the command, removes the posts in chunks; what is
left after a stop is removed after the next start.
"""

from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.errors import ConflictError, Message
from app.models import ImportJob, Tweet, User
from app.services.access.rights import Scope, check_scope
from app.services.deletion import forget_examples, post_removals
from app.services.imports.earlier_reading import CHAT_READ_BEFORE, POSTS_READ_BEFORE
from app.services.imports.jobs import ENDED, get_job

UNDO: Final = "undo"


async def request_undo(session: AsyncSession, job_id: int, *, scope: Scope) -> ImportJob:
    """Let an import be undone; repeated requests change nothing.

    scope: right of the person or program that requests it. Raises NotFoundError, ConflictError,
    and ForbiddenError without the scope `admin`.
    """
    check_scope(scope, "admin")
    return await _let_be_undone(session, job_id)


async def _let_be_undone(session: AsyncSession, job_id: int) -> ImportJob:
    job = await get_job(session, job_id, is_started=True)
    if job.state not in ENDED:
        raise ConflictError(
            "The import {job_id} is still running; cancel it first, or wait for its end",
            job_id=job_id,
        )
    if job.undo is None:
        raise ConflictError(
            "The import {job_id} cannot be undone: an earlier version of saywho stored its posts"
            " without its number",
            job_id=job_id,
        )
    if job.undo == "possible":
        job.undo = "running"
    return job


async def take_back(session: AsyncSession, job_id: int, failure: Message | None) -> bool:
    """Let an import be undone that stopped because its posts are here, read differently.

    Returns whether there is something to undo.
    """
    is_read_before = failure in {CHAT_READ_BEFORE, POSTS_READ_BEFORE}
    if not is_read_before or not (await get_job(session, job_id)).accepted:
        return False
    return (await _let_be_undone(session, job_id)).undo == "running"


async def is_undo_due(session: AsyncSession) -> bool:
    return await session.scalar(select(ImportJob.id).where(_is_running()).limit(1)) is not None


def _is_running() -> ColumnElement[bool]:
    return ImportJob.undo == "running"


async def undo_imports(
    db: Sessions, *, on_progress: Callable[[int], None] = lambda _posts: None
) -> None:
    """Undo all imports for which it was requested; report the number of removed posts by chunk."""
    while True:
        async with db.read() as session:
            query = select(ImportJob).where(_is_running()).order_by(ImportJob.id)
            job = await session.scalar(query.limit(1))
        if job is None:
            return
        is_meant = and_(Tweet.import_id == job.id, ~Tweet.is_met_again)
        # People of chats exist by their messages. Others may have been added before the import.
        is_leaving = or_(User.is_of_chat, User.created_at >= (job.started_at or job.created_at))
        removals = post_removals(
            db,
            is_meant,
            scope="admin",  # Only `request_undo` and an import of its own posts begin an undo.
            is_leaving=is_leaving,
            note=partial(_note, job_id=job.id),
        )
        async with aclosing(removals) as chunks:
            async for posts in chunks:
                on_progress(posts)
        async with db.write() as session:
            done = update(ImportJob).where(ImportJob.id == job.id, _is_running())
            await session.execute(done.values(undo="done"))
            await forget_examples(session)


async def _note(session: AsyncSession, posts: int, *, job_id: int) -> None:
    """Count the removed posts together with their removal."""
    removed = ImportJob.removed + posts
    await session.execute(update(ImportJob).where(ImportJob.id == job_id).values(removed=removed))


async def count_left(session: AsyncSession, job_id: int) -> int:
    """Return the number of posts that an import brought and that are here."""
    query = select(func.count()).select_from(Tweet).where(Tweet.import_id == job_id)
    return await session.scalar(query) or 0
