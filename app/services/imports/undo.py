"""Undoing an import: the posts that it brought first are removed, unless something else sent them,
too.

A request only notes the wish. Maintenance, or the command, removes the posts in chunks; what is
left after a stop is removed after the next start.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, false, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED, Sessions, is_among
from app.db.feed import STREAM_RESET
from app.db.result_cache import DERIVED
from app.errors import ConflictError, FileError, Message
from app.models import ImportJob, Profile, Room, RoomMove, Tweet, User
from app.services import deletion
from app.services.access.rights import Scope, check_scope
from app.services.event_log import NewEvent, append_events
from app.services.imports.jobs import ENDED, get_job
from app.services.imports.options import SAME_FILE
from app.services.posts.meetings import is_of_undone, is_sent_by
from app.services.rooms.changes import remove_moves

UNDO: Final = "undo"
_IS_RUNNING: Final = ImportJob.undo == "running"


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
    return await session.scalar(select(ImportJob.id).where(_IS_RUNNING).limit(1)) is not None


async def undo_imports(
    db: Sessions, *, on_progress: Callable[[int], None] = lambda _posts: None
) -> None:
    """Undo all imports for which it was requested; report the number of removed posts by chunk."""
    while True:
        async with db.read() as session:
            query = select(ImportJob).where(_IS_RUNNING).order_by(ImportJob.id)
            job = await session.scalar(query.limit(1))
        if job is None:
            return
        await _undo(db, job, on_progress)


async def _undo(
    db: Sessions, job: ImportJob, on_progress: Callable[[int], None] = lambda _posts: None
) -> None:
    async with db.read() as session:
        is_meant = await is_of_undone(session, [job.id])
        is_leaving = await _is_leaving(session, job, is_meant)
    removals = deletion.post_removals(
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
        await _note(session, 0, True, job_id=job.id)  # It may have no posts.


async def _is_leaving(
    session: AsyncSession, job: ImportJob, is_meant: ColumnElement[bool]
) -> ColumnElement[bool]:
    brought = select(Tweet.import_id).where(is_meant).distinct()
    began = func.coalesce(ImportJob.started_at, ImportJob.created_at)
    since = await session.scalar(select(func.min(began)).where(ImportJob.id.in_(brought)))
    # People of chats exist by their messages. Others may have been added before the import.
    return or_(User.is_of_chat, User.created_at >= (since or job.created_at))


async def _note(session: AsyncSession, posts: int, is_last: bool, /, *, job_id: int) -> None:
    """Count removed posts, and store the end with the last ones."""
    job = await session.get_one(ImportJob, job_id)
    job.removed += posts
    if is_last and job.undo == "running":
        job.undo = "done"
        await remove_moves(session, RoomMove.import_id == job_id)
        await deletion.forget_examples(session)


async def count_left(session: AsyncSession, job_id: int) -> int:
    """Return the number of stored posts that an import sent."""
    query = select(func.count()).select_from(Tweet).where(is_sent_by(job_id))
    return await session.scalar(query) or 0


class ReplacedImports(NamedTuple):
    """The imports of one file that another import replaces."""

    ids: list[int]
    """The newest first."""
    removed: int
    """Posts that are removed."""
    staying: int
    """Posts that something else sent, too."""

    @property
    def id(self) -> int:
        """The import that brought most of the posts."""
        return self.ids[-1]

    @property
    def sentence(self) -> Message:
        removed = f"{self.removed:,}"
        if not self.staying:
            return Message(
                "This file replaces import {number}: it has {removed} posts, and its "
                "posts that are not in the file are deleted",
                number=self.id,
                removed=removed,
            )
        return Message(
            "This file replaces import {number}: it has {removed} posts, and its "
            "posts that are not in the file are deleted; {staying} more posts stay, "
            "because something else sent them, too",
            number=self.id,
            removed=removed,
            staying=f"{self.staying:,}",
        )


async def find_replaced(
    session: AsyncSession, chosen: str | None, same: Sequence[int]
) -> ReplacedImports | None:
    """Return the imports of the same bytes, or that of the chosen number with those of its bytes.

    Raises NotFoundError, ConflictError as `request_undo`, FileError if none has the bytes.
    """
    if chosen is None:
        return None
    if chosen == SAME_FILE and not same:
        raise FileError("no import of the same file is here that could be replaced")
    ids = same
    if chosen != SAME_FILE:
        job = await get_job(session, int(chosen), is_started=True)
        check_undoable(job)
        if job.undo != "possible":
            raise ConflictError(
                "The import {job_id} was undone, so nothing of it is left to replace", job_id=job.id
            )
        ids = await imports_of_file(session, job.digest)
        ids = ids if job.id in ids else [job.id]
    is_replaced = await is_of_undone(session, ids)
    posts = select(func.count()).select_from(Tweet)
    removed = await session.scalar(posts.where(is_replaced)) or 0
    staying = await session.scalar(posts.where(is_sent_by(*ids), not_(is_replaced))) or 0
    return ReplacedImports([*ids], removed, staying)


async def imports_of_file(session: AsyncSession, digest: bytes | None) -> list[int]:
    """Return the ended imports of these bytes that can be undone, the newest first."""
    is_same = (
        ImportJob.digest == digest,
        ImportJob.undo == "possible",
        ImportJob.accepted + ImportJob.duplicates > 0,
        ImportJob.finished_at.is_not(None),
    )
    query = select(ImportJob.id).where(*is_same).order_by(ImportJob.id.desc())
    return list(await session.scalars(query)) if digest is not None else []


@asynccontextmanager
async def replacing(session: AsyncSession, replaced: ReplacedImports) -> AsyncIterator[None]:
    """Let the posts that are stored inside take the place of an import's, in one transaction.

    What its rollback leaves is what was there before. Of the import's posts, those that are sent
    again stay, as do people and chats that have posts in the end. Raises ForbiddenError without the
    scope `admin`.
    """
    job = await request_undo(session, replaced.id, scope="admin")
    is_replaced = await is_of_undone(session, replaced.ids)
    is_leaving = await _is_leaving(session, job, is_replaced)
    rooms = select(Tweet.room_id).where(is_replaced, Tweet.room_id.is_not(None))
    is_other = not_(func.coalesce(is_replaced, false()))
    shared = select(Tweet.room_id).where(Tweet.room_id.in_(rooms), is_other)
    # Chats that have no other posts have their times read anew.
    read_anew = update(Room).where(Room.id.in_(rooms), Room.id.not_in(shared))
    await session.execute(read_anew.values(tz=None, date_order=None), execution_options=UNTRACKED)
    # New posts may have the ids of these. Counts change at the end, so that chats and people stay.
    removed = await _remove(session, and_(is_replaced, Tweet.source_id.is_not(None)))
    yield
    rest = await _remove(session, await is_of_undone(session, replaced.ids))
    await remove_moves(session, RoomMove.import_id.in_(replaced.ids))
    removed = deletion.PostTally(removed.slots + rest.slots, removed.messages + rest.messages)
    is_author = is_among(session, User.id, removed.posts)
    # Profiles are counted again later.
    profiles = delete(Profile).where(Profile.user_id.in_(select(User.id).where(is_author)))
    await session.execute(profiles)
    await deletion.recount(session, deletion.PostTally(Counter(), Counter()), removed)
    await deletion.mark_deleted(
        session, is_author, User.tweet_count == 0, deletion.IS_UNFOLLOWED, is_leaving
    )
    job.removed += removed.slots.total()
    jobs = update(ImportJob).where(ImportJob.id.in_(replaced.ids))
    await session.execute(jobs.values(undo="done"))
    reset = NewEvent(STREAM_RESET, DERIVED, posts=0)
    await append_events(session, [reset], concerned=removed.posts)


async def _remove(session: AsyncSession, is_meant: ColumnElement[bool]) -> deletion.PostTally:
    removed = await deletion.tally(session, is_meant)
    await deletion.remove_rows(session, is_meant)
    return removed
