"""Undoing an import: the posts that it brought first are removed, unless something else sent them,
too.

A request only notes the wish. Maintenance, or the command, removes the posts in chunks; what is
left after a stop is removed after the next start.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, false, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED, Sessions
from app.db.feed import STREAM_RESET
from app.db.result_cache import DERIVED
from app.errors import BrokenFileError, ConflictError, ImportFileError, Message
from app.formats.records import SAME_FILE
from app.models import ImportJob, Room, Tweet, User
from app.services.access.rights import Scope, check_scope
from app.services.deletion import forget_examples, post_removals
from app.services.event_log import NewEvent, append_events
from app.services.imports.jobs import ENDED, get_job
from app.services.imports.report import ImportReport
from app.services.posts.meetings import is_of_undone, is_sent_by

UNDO: Final = "undo"


async def request_undo(session: AsyncSession, job_id: int, *, scope: Scope) -> ImportJob:
    """Let an import be undone; repeated requests change nothing.

    scope: right of the person or program that requests it. Raises NotFoundError, ConflictError,
    and ForbiddenError without the scope `admin`.
    """
    check_scope(scope, "admin")
    job = await get_job(session, job_id, is_started=True)
    check_undoable(job)
    if job.undo == "possible":
        job.undo = "running"
    return job


def check_undoable(job: ImportJob) -> None:
    """Raise ConflictError for an import that cannot be undone."""
    if job.state not in ENDED:
        raise ConflictError(
            "The import {job_id} is still running; cancel it first, or wait for its end",
            job_id=job.id,
        )
    if job.undo is None:
        raise ConflictError(
            "The import {job_id} cannot be undone: an earlier version of saywho stored its posts"
            " without its number",
            job_id=job.id,
        )


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
        await _undo(db, job, on_progress)


async def _undo(
    db: Sessions, job: ImportJob, on_progress: Callable[[int], None] = lambda _posts: None
) -> None:
    async with db.read() as session:
        is_meant = await is_of_undone(session, [job.id])
        brought = select(Tweet.import_id).where(is_meant).distinct()
        began = func.coalesce(ImportJob.started_at, ImportJob.created_at)
        since = await session.scalar(select(func.min(began)).where(ImportJob.id.in_(brought)))
    # People of chats exist by their messages. Others may have been added before the import.
    is_leaving = or_(User.is_of_chat, User.created_at >= (since or job.created_at))
    removals = post_removals(
        db,
        is_meant,
        scope="admin",  # Only `request_undo` begins an undo.
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
    """Return the number of posts here that an import sent."""
    query = select(func.count()).select_from(Tweet).where(is_sent_by(job_id))
    return await session.scalar(query) or 0


class Replaced(NamedTuple):
    """An import that another one replaces."""

    id: int
    going: int
    """Posts that are removed."""
    staying: int
    """Posts that something else sent, too."""

    @property
    def sentence(self) -> Message:
        going = f"{self.going:,}"
        if not self.staying:
            return Message(
                "This file replaces import {number}: of its {going} posts, those that are not in"
                " the file are deleted",
                number=self.id,
                going=going,
            )
        return Message(
            "This file replaces import {number}: of its {going} posts, those that are not in the"
            " file are deleted; {staying} more posts stay, because something else sent them, too",
            number=self.id,
            going=going,
            staying=f"{self.staying:,}",
        )


async def find_replaced(
    session: AsyncSession, chosen: str | None, same: Sequence[int]
) -> Replaced | None:
    """Return the import that the chosen number means, or the newest of the same bytes with
    posts to go.

    Raises NotFoundError, ConflictError as `request_undo`, ImportFileError if none has the bytes.
    """
    if chosen is None:
        return None
    if chosen == SAME_FILE and not same:
        raise ImportFileError("no import of the same file is here that could be replaced")
    found: list[Replaced] = []
    for job_id in same if chosen == SAME_FILE else [int(chosen)]:
        check_undoable(await get_job(session, job_id, is_started=True))
        is_going = await is_of_undone(session, [job_id])
        posts = select(func.count()).select_from(Tweet)
        going = await session.scalar(posts.where(is_going)) or 0
        staying = await session.scalar(posts.where(is_sent_by(job_id), not_(is_going))) or 0
        found.append(Replaced(job_id, going, staying))
    return max(found, key=lambda each: (each.going > 0, each.staying > 0))


class _OneTransaction:
    """Sessions that are all the same, so that others see all of their changes or none."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        yield self._session

    @asynccontextmanager
    async def write(
        self, *, on_commit: Callable[[], None] = lambda: None
    ) -> AsyncIterator[AsyncSession]:
        yield self._session
        on_commit()


@asynccontextmanager
async def replacing(
    db: Sessions, replaced: Replaced | None, report: ImportReport, *, scope: Scope
) -> AsyncIterator[Sessions]:
    """Yield sessions of one transaction, at whose end an import is undone, if one is replaced.

    Its posts go after those of the file have come: so people and chats stay, and posts that the
    file has, too. After an error, and for a file that breaks off, the report has counted nothing.
    """
    if replaced is None:
        yield db
        return
    try:
        async with db.write() as session:
            one = _OneTransaction(session)
            job = await request_undo(session, replaced.id, scope=scope)
            await _make_way(session, job.id)
            yield one
            if report.broken is not None:
                values: dict[str, Any] = {**report.broken.values}
                raise BrokenFileError(report.broken.template, **values)
            await _undo(one, job)
            await append_events(session, [NewEvent(STREAM_RESET, DERIVED, posts=0)])
    except BaseException:
        report.forget_stored()
        raise


async def _make_way(session: AsyncSession, job_id: int) -> None:
    """Free the ids of an import's posts, and how the times of its own chats were read."""
    is_going = await is_of_undone(session, [job_id])
    others = select(Tweet.room_id).where(
        Tweet.room_id.is_not(None), not_(func.coalesce(is_going, false()))
    )
    is_own = Room.id.in_(select(Tweet.room_id).where(is_going)), Room.id.not_in(others)
    own = update(Room).where(*is_own).values(tz=None, date_order=None)
    await session.execute(own, execution_options=UNTRACKED)
    freed = update(Tweet).where(is_going).values(source_id=None)
    await session.execute(freed, execution_options=UNTRACKED)
