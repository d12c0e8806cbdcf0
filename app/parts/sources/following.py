"""The followed sources, and their visits by one process of all.

A visit reads the newest page, then older pages until a page has no new post. Its start is stored
with its posts: after an interruption the next visit does not stop at a known page. Repeated posts
are recognised by their ids.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import errors
from app.config import Config
from app.db.backend import Sessions
from app.db.engine import GrantLostError
from app.models import LiveSource, Tweet, User
from app.parts.sources.fetching import Fetcher, FetchError, allowed
from app.parts.sources.platforms import PUBLISHERS, Bookmark, LivePage, Publisher, SourceName
from app.runtime.clock import LATEST
from app.runtime.sandbox import Sandbox
from app.services.deletion import delete_post, remove_posts
from app.services.imports.job_report import ImportReport
from app.services.imports.storing import StoreOptions, import_records
from app.services.maintenance import Job
from app.services.posts.users import check_platform, find_user
from saywho.clock import now
from saywho.formats.assumptions import ReadNotes, unread_sentences
from saywho.formats.records import Record, RecordStream
from saywho.sizes import MIB
from saywho.text import username_key


class SourceFacts(msgspec.Struct, frozen=True):
    """A live source in responses of the API."""

    id: int
    source: str
    """bluesky:NAME, mastodon:USER@HOST or rss:URL."""
    platform: str
    username: str
    accepted: int
    """Number of posts stored from this source."""
    added_at: datetime
    visited_at: datetime | None
    success_at: datetime | None
    """Time of the last visit without an error."""
    posts_at: datetime | None
    """Time of the last new posts."""
    next_visit_at: datetime
    not_before: datetime | None
    """The host asks for no requests before this time."""
    last_error: str | None
    left_out: list[str]
    """Titles and sentences that all entries of a feed have, which are nobody's words."""


async def add_source(session: AsyncSession, name: SourceName) -> SourceFacts:
    """Follow a source from now on. Raises ConflictError."""
    query = select(LiveSource.id).where(LiveSource.source == str(name))
    if await session.scalar(query) is not None:
        raise errors.ConflictError("'{source}' is already followed", source=str(name))
    if user := await find_user(session, name.username):
        check_platform(user.username, user.platform, name.platform, is_of_chat=user.is_of_chat)
    source = LiveSource(
        source=str(name),
        platform=name.platform,
        host=name.host,
        username=name.username,
        username_key=username_key(name.username),
        added_at=now(),
        next_visit_at=now(),
    )
    session.add(source)
    await session.flush()
    return _facts(source)


async def list_sources(
    session: AsyncSession, *, after: int | None = None, limit: int
) -> tuple[list[SourceFacts], int | None]:
    """Return up to `limit` sources in the order of adding, and the next cursor."""
    query = select(LiveSource).where(LiveSource.id > (after or 0)).order_by(LiveSource.id)
    sources = list(await session.scalars(query.limit(limit + 1)))
    next_id = sources[limit - 1].id if len(sources) > limit else None
    return [_facts(source) for source in sources[:limit]], next_id


async def remove_source(session: AsyncSession, source_id: int) -> None:
    """Stop following a source; its posts are kept. Raises NotFoundError."""
    gone = delete(LiveSource).where(LiveSource.id == source_id).returning(LiveSource.id)
    if await session.scalar(gone) is None:
        raise unknown_source(source_id)


async def ask_for_visit(session: AsyncSession, source_id: int) -> SourceFacts:
    source = await session.get(LiveSource, source_id)
    if source is None:
        raise unknown_source(source_id)
    source.next_visit_at = now()
    return _facts(source)


async def ask_for_visits(session: AsyncSession) -> datetime:
    """Request visits of all sources as soon as hosts allow; return the time now."""
    asked_at = now()
    await session.execute(update(LiveSource).values(next_visit_at=asked_at))
    return asked_at


async def is_visit_missing(session: AsyncSession, asked_at: datetime) -> bool:
    """Return whether a source is visited, or waits for a visit its host allows."""
    # A visit in progress is stored as a failure without a reason.
    is_in_progress = and_(LiveSource.failures > 0, LiveSource.last_error.is_(None))
    is_waiting = or_(_is_due(asked_at), is_in_progress)
    query = select(LiveSource.id).where(_is_allowed(), is_waiting).limit(1)
    return await session.scalar(query) is not None


async def due_sources(session: AsyncSession, by: datetime | None = None) -> list[LiveSource]:
    """Return the sources due by a time, now by default, the longest due first."""
    query = select(LiveSource).where(_is_due(by), _is_allowed())
    return list(await session.scalars(query.order_by(LiveSource.next_visit_at, LiveSource.id)))


def _is_due(by: datetime | None) -> ColumnElement[bool]:
    # `now`, since after the clock is set back a time may stay in the future for long.
    return LiveSource.next_visit_at <= min(by or LATEST, now())


def _is_allowed() -> ColumnElement[bool]:
    return or_(LiveSource.not_before.is_(None), LiveSource.not_before <= now())


def _facts(source: LiveSource) -> SourceFacts:
    mark = msgspec.json.decode(source.mark, type=Bookmark)
    values = {name: getattr(source, name) for name in SourceFacts.__struct_fields__[:-1]}
    if source.last_error:  # A Message, which pages translate.
        values["last_error"] = errors.unpacked(msgspec.json.decode(source.last_error))
    return SourceFacts(**values, left_out=[*mark.left_out.values()])


def unknown_source(source_id: int) -> errors.NotFoundError:
    return errors.NotFoundError("There is no source {source_id}", source_id=source_id)


SOURCES: Final = "sources"
LOOK_AT_SOURCES_EVERY_S: Final = 2.0
TICK_S: Final = 1.0
"""Seconds between looks for due sources during visits."""
SHORTEST_S: Final = 10.0
LONGEST_S: Final = 900.0
OLDER_PAGES: Final = 24
"""Pages after the newest in one visit, which limit a new source's history."""

_record_of = msgspec.json.Decoder(Record).decode
logger = logging.getLogger(__name__)


def _noted(records: Iterable[Record], notes: ReadNotes) -> Iterator[Record]:
    for record in records:
        if record.unread_time is not None:
            notes.leave("time", record.unread_time)
        yield record


def pause_s(quiet_s: float, *, failures: int = 0) -> float:
    """Return the seconds until the next visit of a source quiet for `quiet_s`."""
    # The pause is shortest for ten minutes after a post, and doubles with every ten minutes more.
    doublings = failures or max(0.0, quiet_s / 600.0 - 1)
    return min(LONGEST_S, SHORTEST_S * 2 ** min(doublings, 10.0))


class Follower:
    """A visitor of due sources, with the lock `SOURCES`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._sandbox = Sandbox()
        self._web = Fetcher(allowed(config))
        self._storing = asyncio.Lock()

    async def aclose(self) -> None:
        await self._web.aclose()

    async def visit_due(self, db: Sessions, due_by: datetime | None = None) -> None:
        """Visit all due sources, one of each host at a time; due_by: leaves out later sources."""
        running: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as visits:
            while True:
                running = {host: task for host, task in running.items() if not task.done()}
                async with db.read() as session:
                    due = await due_sources(session, due_by)
                for source in due:
                    if source.host not in running and len(running) < 20:
                        running[source.host] = visits.create_task(self._visit(db, source))
                if not running:
                    return
                await asyncio.wait(running.values(), timeout=TICK_S)

    async def _visit(self, db: Sessions, source: LiveSource) -> None:
        name = source.source.partition(":")[2]
        mark = msgspec.json.decode(source.mark, type=Bookmark)
        url = self._config.bluesky_url
        publisher = PUBLISHERS[source.platform](name, mark, url, self._web, self._sandbox)
        deletes = self._config.follow_deletions and publisher.confirms_deletions
        await Visit(db, publisher, source, self._storing, deletes).run()


def sources_job(follower: Follower) -> Job:
    return Job(SOURCES, due_sources, follower.visit_due, LOOK_AT_SOURCES_EVERY_S)


@dataclass
class Visit:
    db: Sessions
    publisher: Publisher
    source: LiveSource
    storing: asyncio.Lock
    """Lets one visit at a time count posts, which takes memory."""
    deletes: bool
    accepted: int = 0
    missing: Sequence[str] = ()

    async def run(self) -> None:
        # The visit counts as failed until it has succeeded, so that a visit that kills this
        # process, or the machine, is repeated less and less often.
        failures = self.source.failures + 1
        due_at = now() + timedelta(seconds=pause_s(0.0, failures=failures))
        error: errors.AppError | None = None
        try:
            await self._note(failures=failures, next_visit_at=due_at, last_error=None)
            await self._read()
            await self._ask_about_missing()
        except (errors.InvalidInputError, errors.NotFoundError) as failure:
            error = failure
        except GrantLostError:
            raise
        except Exception:
            logger.exception("the visit of %s failed unexpectedly", self.source.source)
            error = FetchError("the visit failed unexpectedly; see the server's log")
        await self._note_end(due_at, error)

    async def _note_end(self, due_at: datetime, error: errors.AppError | None) -> None:
        """Store the outcome and next visit's time, if the source still exists."""
        source, time = self.source, now()
        # Responses are read one at a time: slow readings cost ten times their duration.
        slow_until = time + timedelta(seconds=10 * self.publisher.slow_s)
        posts_at = time if self.accepted else source.posts_at
        values: dict[str, object] = {"visited_at": time, "posts_at": posts_at}
        if error:
            reason = msgspec.json.encode(errors.packed(errors.message_of(error)), enc_hook=str)
            values["last_error"] = reason.decode()
        else:
            values |= {"failures": 0, "success_at": time}
        not_before = self.publisher.not_before
        if isinstance(error, FetchError):
            not_before = error.not_before or not_before
        async with self.db.write() as session:
            row = update(LiveSource).where(LiveSource.id == source.id)
            await session.execute(row.values(**values))
            quiet_s = (time - (posts_at or source.added_at)).total_seconds()
            next_visit_at = due_at if error else time + timedelta(seconds=pause_s(quiet_s))
            unasked = row.where(LiveSource.next_visit_at == due_at)
            await session.execute(unasked.values(next_visit_at=max(next_visit_at, slow_until)))
            if not_before:
                same_host = update(LiveSource).where(LiveSource.host == source.host)
                await session.execute(same_host.values(not_before=not_before))

    async def _read(self) -> None:
        """Store the posts of the newest page, and of older pages down to a known post."""
        mark = self.publisher.mark
        was_whole = mark.is_whole
        async with self.publisher.page() as newest:
            if newest is None:
                return
            mark.is_whole, mark.validators, mark.digest = False, {}, ""
            if self.deletes:
                here = dict.fromkeys(newest.head.ids)
                self.missing = [post_id for post_id in mark.listed if post_id not in here]
                mark.listed = [*self.missing, *here][:200]
            is_live, left_out = self.source.success_at is not None, newest.head.left_out
            is_read_anew = mark.reader < self.publisher.reader
            mends = is_live and (is_read_anew or not left_out.keys() <= mark.left_out.keys())
            is_new = await self._store(newest, is_live=is_live, mends=mends)
        cursor = newest.head.older
        for _ in range(OLDER_PAGES):
            if not cursor or (was_whole and not is_new):
                break
            if self.publisher.not_before:
                return  # The next visit will not stop at known pages.
            async with self.publisher.page(cursor) as page:
                is_new = page is not None and await self._store(page)
                cursor = page.head.older if page and page.head.older != cursor else None
        mark.is_whole, mark.reader, mark.left_out = True, self.publisher.reader, left_out
        # Otherwise the page is read again: a visit asks about five missing posts only.
        if not self.missing:
            mark.validators, mark.digest = newest.answer.validators, newest.answer.digest
        await self._note()

    async def _ask_about_missing(self) -> None:
        """Delete posts if the platform confirms their deletion. Raises NotFoundError."""
        query = select(Tweet.id).join(User).where(User.username_key == self.source.username_key)
        for source_id in self.missing[:5]:
            if self.publisher.not_before:
                return
            if await self.publisher.is_deleted(source_id):
                async with self.db.write() as session:
                    await self._change(session)  # Raises NotFoundError if it is no longer followed.
                    tweet_id = await session.scalar(query.where(Tweet.source_id == source_id))
                    if tweet_id is not None:
                        await delete_post(session, tweet_id)
            self.publisher.mark.listed.remove(source_id)
            await self._note()

    async def _store(self, page: LivePage, *, is_live: bool = False, mends: bool = False) -> bool:
        """Store the posts of a page; return whether any is new, or none is the account's own.

        mends: whether stored posts get the words of the page, and those without words go.
        """
        accepted, notes = 0, ReadNotes()
        wordless = {*page.head.ids} if mends else set[str | None]()
        async with self.storing:
            # Counting records takes many times their size in memory.
            while lines := page.records.readlines(MIB // 16):
                records = [*map(_record_of, lines)]
                wordless -= {record.source_id for record in records}
                items = _noted(records, notes)
                account = None if page.head.has_many_authors else page.head.account
                report = await import_records(
                    self.db,
                    RecordStream(self.source.platform, "record", account, items),
                    username=self.source.username,
                    storing=StoreOptions(is_live, now(), self._count, scope="admin", mends=mends),
                )
                accepted += report.accepted
        if wordless:
            is_theirs = User.username_key == self.source.username_key
            is_gone = and_(is_theirs, Tweet.source_id.in_(wordless), Tweet.import_id.is_(None))
            async with self.db.write() as session:
                await remove_posts(session, is_gone)
        for sentence in unread_sentences(notes.unread):
            logger.warning("%s: %s", self.source.source, sentence)
        self.accepted += accepted
        return accepted > 0 or not page.head.ids

    async def _count(self, session: AsyncSession, report: ImportReport) -> None:
        await self._change(session, accepted=LiveSource.accepted + report.accepted)

    async def _note(self, **values: object) -> None:
        async with self.db.write() as session:
            await self._change(session, **values)

    async def _change(self, session: AsyncSession, **values: object) -> None:
        values["mark"] = msgspec.json.encode(self.publisher.mark).decode()
        row = update(LiveSource).where(LiveSource.id == self.source.id).values(**values)
        if await session.scalar(row.returning(LiveSource.id)) is None:
            raise unknown_source(self.source.id)
