"""Background jobs that follow changes; one process does each for all.

After the clock was set back, times ahead count as of now. Otherwise sessions, links, failures,
games and visits would last longer by that time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.config import Config
from app.db.backend import Sessions
from app.db.engine import MOST_IN_BACKGROUND, Database, GrantLostError
from app.db.feed import Change, Feed
from app.embedders import EmbedderError
from app.errors import AppError, disk_errors
from app.models import (
    BackgroundSnapshot,
    ImportJob,
    Invitation,
    LiveSource,
    LoginFailure,
    LoginSession,
    Room,
    RoomPerson,
    SetupLink,
    Snapshot,
    User,
)
from app.models.work import LONGEST_PAUSE, Game, WrongCode
from app.runtime.clock import wait_until_set
from app.services.access.accounts import LINK_LIFETIME
from app.services.archive.author_portrait import AuthorCounter
from app.services.compare import held_out
from app.services.compare.background import BACKGROUND, is_outgrown, renew_background
from app.services.compare.habits import Models
from app.services.compare.profiles import fold_long_tails, users_with_tails
from app.services.compare.quiz_questions import ExampleCounter, newest_post_id
from app.services.deletion import is_purge_due, purge_deleted
from app.services.event_log import has_old_events, newest_event, prune_events, tell_of_game
from app.services.imports.jobs import ENDED, remove_upload
from app.services.imports.undo import UNDO, is_undo_due, undo_imports
from app.services.posts import media
from app.services.posts.users import get_author
from app.services.rooms.chat_portrait import ChatCounter
from app.services.rooms.chats import get_room, room_of_author
from app.services.search.index_terms import is_vocabulary_old, renew_vocabulary
from app.services.snapshots import LARGE, Counted, Key, Snapshots
from saywho.clock import now

REST_S: Final = 1.0
"""Seconds before a job's rounds, so that single posts cause few."""


logger = logging.getLogger(__name__)


class Job(NamedTuple):
    """Work that may stop after any transaction and be repeated."""

    name: str
    is_due: Callable[[AsyncSession], Awaitable[object]]
    do: Callable[[Sessions], Awaitable[None]]
    look_every_s: float = 30.0
    """Seconds after which `is_due` is called without events."""
    follows_events: bool = True
    """Whether `is_due` is called after events, too; False where only time makes it due."""
    is_long: bool = False
    """Whether it may hold a session for minutes, while it counts."""


def jobs(
    *,
    kept_events: int = 1_000_000,
    is_background_due: Callable[[AsyncSession], Awaitable[bool]] = is_outgrown,
) -> list[Job]:
    """Return every site's jobs; the log keeps `kept_events` events."""
    return [
        Job("profiles", partial(users_with_tails, only_long=True), fold_long_tails),
        Job(BACKGROUND, is_background_due, renew_background, is_long=True),
        Job("words", is_vocabulary_old, renew_vocabulary),
        Job("deletion", is_purge_due, purge_deleted),
        Job(UNDO, is_undo_due, undo_imports),
        Job("rooms", held_out.has_unjudged, held_out.judge_room, is_long=True),
        Job("clock", has_times_ahead, bring_times_back, follows_events=False),
        Job("games", has_old_games, remove_old_games, follows_events=False),
        Job(
            "log",
            partial(has_old_events, kept=kept_events),
            partial(prune_events, kept=kept_events),
            follows_events=False,
        ),
    ]


async def counted(models: Models, session: AsyncSession, key: Key) -> Counted[Any]:
    """Return the subject of a snapshot. Raises NotFoundError."""
    if key.kind == ChatCounter.kind:
        return ChatCounter(await get_room(session, key.subject_id), ZoneInfo(key.zone))
    if key.kind == ExampleCounter.kind:
        return ExampleCounter(models, key.zone, await newest_post_id(session))
    user_id = key.subject_id if key.kind == AuthorCounter.kind else 0  # Of an earlier release.
    username = await session.scalar(select(User.username).where(User.id == user_id))
    author = await get_author(session, username or "")
    return AuthorCounter(models, author, await room_of_author(session, author))


async def uncounted(session: AsyncSession) -> dict[Key, int]:
    """Return large subjects and their posts: those whose snapshots were emptied, and of the five
    largest chats and authors those whose snapshots lack more than a hundredth of the posts.
    """
    messages, zone = func.sum(RoomPerson.messages), func.coalesce(Room.tz, "UTC")
    rooms = select(Room.id, zone, messages).join(RoomPerson, RoomPerson.room_id == Room.id)
    rooms = rooms.group_by(Room.id).having(messages >= LARGE).order_by(messages.desc(), Room.id)
    authors = select(User.id, User.tweet_count).where(
        User.tweet_count >= LARGE, User.deleted_at.is_(None)
    )
    authors = authors.order_by(User.tweet_count.desc(), User.id)
    found = dict[Key, int]()
    for room_id, room_zone, posts in await session.execute(rooms.limit(5)):
        found[Key(ChatCounter.kind, room_id, room_zone)] = posts
    for user_id, posts in await session.execute(authors.limit(5)):
        found[Key(AuthorCounter.kind, user_id)] = posts
    stored = select(*(getattr(Snapshot, name) for name in Key._fields), Snapshot.posts)
    for *key, posts, is_whole in await session.execute(stored.add_columns(Snapshot.content != b"")):
        if is_whole and abs(found.get(Key(*key), posts) - posts) * 100 <= posts:
            found.pop(Key(*key), None)
        elif not is_whole and posts >= LARGE:
            found.setdefault(Key(*key), posts)
    return dict(list(found.items())[: Snapshots.most_awaited])


def snapshots_job(snapshots: Snapshots) -> Job:
    """Return the job that stores what this process counted, and counts what is large before a
    reader asks, once it has stayed the same since the last look: each batch of an import outdates
    it.
    """
    seen, idle_at = set[tuple[Key, int]](), -1

    async def is_due(session: AsyncSession) -> bool:
        nonlocal idle_at
        event = await newest_event(session)
        if event != idle_at and not await uncounted(session):
            idle_at = event
        return snapshots.is_due or event != idle_at

    async def renew(db: Sessions) -> None:
        nonlocal seen
        await snapshots.renew(db)
        async with db.read() as session:
            before, seen = seen, {*(await uncounted(session)).items()}
        for key, _ in seen & before:
            await snapshots.count_by_key(db, key)
            await snapshots.renew(db)

    return Job("snapshots", is_due, renew, look_every_s=2.0, is_long=True)


def media_job(folder: Path) -> Job:
    """Return the job that removes unneeded media, due after deletions and each change of the
    folder.

    An import may have ended before its posts were stored.
    """
    seen: int | None = None

    async def is_due(session: AsyncSession) -> bool:
        is_changed = await asyncio.to_thread(media.changed_at, folder) != seen
        if not is_changed and not await media.has_unneeded(session):
            return False
        return not await asyncio.to_thread(media.is_in_use, folder)

    async def remove(db: Sessions) -> None:
        nonlocal seen
        with disk_errors():
            seen = await media.remove_unneeded(db, folder)

    return Job("media", is_due, remove)


def small_pictures_job(small: media.SmallPictures) -> Job:
    async def is_due(_: AsyncSession) -> bool:
        return await asyncio.to_thread(small.is_due)

    async def make(_: Sessions) -> None:
        await small.make_missing()

    return Job("small-pictures", is_due, make)


def log_job(db: Database, feed: Feed) -> Job:
    """Return the job that removes deleted posts from the log of writes, after deletions."""
    is_left = True  # An earlier process may have ended before.

    def note(changes: Sequence[Change]) -> None:
        nonlocal is_left
        # After these, the log of writes contains rows that were deleted.
        deletions = {"tweet.deleted", "user.deleted", "rows.removed"}
        is_left = is_left or any(change.kind in deletions for change in changes)

    def note_reset(_newest: int) -> None:
        nonlocal is_left
        is_left = True

    async def is_due(session: AsyncSession) -> bool:
        return is_left and not await is_purge_due(session)

    async def clear(_: Sessions) -> None:
        nonlocal is_left
        is_left = False  # Deletions from now on are noted again.
        is_done = False
        try:
            is_done = await db.backend.clear_log()
        finally:
            is_left = is_left or not is_done
        if not is_done:
            await asyncio.sleep(5.0)  # A reader needs the log.

    feed.subscribe(note)
    feed.on_reset(note_reset)
    return Job("cleared-log", is_due, clear, look_every_s=10.0)


def left_out_job(config: Config) -> Job:
    """Return the job that measures how often left-out authors' texts pass for others'."""

    async def is_due(session: AsyncSession) -> bool:
        return await held_out.is_settled(session) and await held_out.is_left_out_due(session)

    return Job(held_out.LEFT_OUT, is_due, lambda _: held_out.measure_in_process(config))


class Maintenance:
    """Runs due jobs after commits; a lock lets one process do each."""

    def __init__(self, db: Database, jobs: Sequence[Job]) -> None:
        self._db = db
        self._wakeups = {job: asyncio.Event() for job in jobs}
        # The rest of the sessions are left to short ones: a deletion waits for no count.
        self._long = asyncio.Semaphore(MOST_IN_BACKGROUND - 1)

    def add(self, jobs: Iterable[Job]) -> None:
        self._wakeups |= {job: asyncio.Event() for job in jobs}

    def wake(self, changes: Sequence[Change] = ()) -> None:
        """Check soon which jobs are due, after events or, without any, all."""
        for job, wakeup in self._wakeups.items():
            if job.follows_events or not changes:
                wakeup.set()

    async def run(self) -> None:
        """Do due jobs until cancelled, from `REST_S` after the start."""
        await asyncio.sleep(REST_S)
        async with asyncio.TaskGroup() as group:
            for job, wakeup in self._wakeups.items():
                group.create_task(self._keep(job, wakeup))

    async def _keep(self, job: Job, wakeup: asyncio.Event) -> None:
        while True:
            wakeup.clear()
            pause_s = job.look_every_s
            try:
                if due := await self._is_due(job):
                    long = self._long if job.is_long else nullcontext()
                    async with long, self._db.exclusive(job.name) as grant:
                        # Another process may have just done it.
                        if grant is not None and await self._is_due(job):
                            await job.do(grant)
            except Exception as error:
                # No fault of the program: the database, its lock, or an embedder is away.
                is_fault = not isinstance(error, (AppError, EmbedderError, GrantLostError))
                again = "%s failed; trying again after the next write: %s"
                logger.error(again, job.name, error, exc_info=is_fault)
                due, pause_s = False, 30.0
            await asyncio.sleep(REST_S)
            # A due job is looked at again: there may be more to do, or its holder may die.
            if not due:
                await wait_until_set(wakeup, at_most_s=pause_s)

    async def _is_due(self, job: Job) -> bool:
        async with self._db.read_in_background() as session:
            return bool(await job.is_due(session))


async def vacuum(db: Database, config: Config) -> None:
    """Remove deleted rows, what was counted of them, and ended imports' file names, author names
    and errors, which may quote them.
    """
    await _in_turn(db, "deletion", purge_deleted)
    async with db.write() as session:
        # The index keeps entries of deleted words until its segments are merged.
        await db.backend.words.rebuild(session)
        nameless = (
            update(ImportJob)
            .where(ImportJob.state.in_(ENDED))
            .values(file_name="", options=None, errors=b"[]", stored=None, notes=None)
        )
        # A dead process may have left its upload behind.
        spools = (await session.scalars(nameless.returning(ImportJob.spool))).all()
    for spool in spools:
        remove_upload(config.data_dir, spool)
    await media.remove_every_unneeded(db, config.media_dir)
    await _in_turn(db, "words", renew_vocabulary)
    await _in_turn(db, BACKGROUND, renew_background)
    async with db.write() as session:
        newest = select(func.max(BackgroundSnapshot.version)).scalar_subquery()
        older = BackgroundSnapshot.version < newest
        await session.execute(delete(BackgroundSnapshot).where(older))


async def _in_turn(db: Database, name: str, work: Callable[[Sessions], Awaitable[None]]) -> None:
    async with db.exclusive_in_turn(name) as grant:
        await work(grant)


GAMES_KEPT_AFTER_END: Final = timedelta(hours=24)
GAMES_KEPT: Final = timedelta(hours=48)
"""Time after the game was created, even before its end."""


async def has_old_games(session: AsyncSession) -> bool:
    old = select(Game.id).where(_is_old()), select(WrongCode.id).where(_is_old_code())
    return any([await session.scalar(query.limit(1)) is not None for query in old])


async def remove_old_games(db: Sessions) -> None:
    async with db.write() as session:
        await session.execute(delete(Game).where(_is_old()))
        await session.execute(delete(WrongCode).where(_is_old_code()))
        await tell_of_game(session)


def _is_old() -> ColumnElement[bool]:
    return or_(Game.ended_at <= now() - GAMES_KEPT_AFTER_END, Game.created_at <= now() - GAMES_KEPT)


def _is_old_code() -> ColumnElement[bool]:
    return WrongCode.sent_at <= now() - timedelta(minutes=10)


NOW: Final = timedelta(0)
VISITS: Final = (LiveSource.added_at, LiveSource.visited_at, LiveSource.posts_at)
FURTHEST: Final[tuple[tuple[InstrumentedAttribute[object], timedelta], ...]] = (
    *((column, NOW) for column in VISITS),
    (LiveSource.success_at, NOW),
    (LiveSource.not_before, LONGEST_PAUSE),
    (LoginSession.created_at, NOW),
    (LoginFailure.failed_at, NOW),
    (SetupLink.created_at, NOW),
    (Invitation.created_at, NOW),
    (Invitation.expires_at, LINK_LIFETIME),
    (ImportJob.created_at, NOW),
    (Game.created_at, NOW),
    (Game.ended_at, NOW),
    (WrongCode.sent_at, NOW),
)
"""Limit of each time, from now."""


def _is_ahead(column: InstrumentedAttribute[object], furthest: timedelta) -> ColumnElement[bool]:
    return column > now() + furthest + timedelta(minutes=1)  # Of clocks of machines.


async def has_times_ahead(session: AsyncSession) -> bool:
    """Return whether a time is ahead of every clock that was never set back."""
    ahead = (exists(select(1).where(_is_ahead(*limit))) for limit in FURTHEST)
    return bool(await session.scalar(select(or_(*ahead))))


async def bring_times_back(db: Sessions) -> None:
    """Set such times to their latest possible value; their sources become due."""
    async with db.write() as session:
        is_due = or_(*(_is_ahead(column, NOW) for column in VISITS))
        await session.execute(update(LiveSource).where(is_due).values(next_visit_at=now()))
        for column, furthest in FURTHEST:
            late = update(column.class_).where(_is_ahead(column, furthest))
            await session.execute(late.values({column.key: now() + furthest}))
    logger.warning("the clock was set back: what it had dated later counts as of now")
