"""Visits the live sources when they are due: one process of all does it, by a lock.

A visit reads the newest page, and then older pages where an earlier visit stopped. Where no post of
the newest page is known, posts came while nobody looked: older pages are read down to one that is.
How far reading has come is stored with the last posts of each page, in one transaction, so a visit
that breaks off resumes where it was.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.config import Config
from app.db.backend import Sessions
from app.db.engine import Database, GrantLostError
from app.errors import InvalidInputError, message_of, packed
from app.formats.records import Archive
from app.models import LiveSource, Tweet
from app.sandbox import Sandbox
from app.services.imports.report import ImportReport
from app.services.imports.storing import import_archive
from app.services.posts.deletion import delete_post
from app.services.posts.users import find_user
from app.services.sources.fetching import FetchError, Web, allowed
from app.services.sources.platforms import PUBLISHERS, LivePage, Mark, Publisher
from app.services.sources.registry import due_sources

SOURCES: Final = "sources"
LOOK_EVERY_S: Final = 2.0
"""Seconds between looks for due sources."""
REST_S: Final = 30.0
"""Seconds without a look after one that failed, as where the database is away."""
TICK_S: Final = 1.0
"""Seconds between such looks of the holder of the lock."""
MOST_AT_ONCE: Final = 20
"""Hosts that are asked at the same time."""
SHORTEST_S: Final = 10.0
LONGEST_S: Final = 900.0
"""Seconds between two visits of a source."""
LIVELY_S: Final = 600.0
"""A source that brought posts within this time is visited most often; the pause then doubles each
time that as long has passed again."""
OLDER_PAGES: Final = 10
"""Pages of older posts in one visit."""
LOWEST: Final = 10
"""Posts at the end of a page of which one has to be known. Those above may stand there twice."""
ASKED_ABOUT: Final = 5
"""Posts in one visit of which the platform is asked whether they were deleted."""
MOST_MISSING: Final = 200

logger = logging.getLogger(__name__)


class SourceRemovedError(Exception):
    """Nobody follows the source any more; nothing may be stored for it."""


def pause_s(quiet_s: float, *, failures: int = 0) -> float:
    """Return the seconds until the next visit of a source without posts for `quiet_s` seconds."""
    doublings = failures or max(0.0, quiet_s / LIVELY_S - 1)
    return min(LONGEST_S, SHORTEST_S * 2 ** min(doublings, 10.0))


class Follower:
    """Visits due sources; of many, one at a time has the lock."""

    def __init__(self, db: Database, config: Config) -> None:
        self._db = db
        self._config = config
        self._sandbox = Sandbox()
        self._web = Web(allowed(config))
        self._storing = asyncio.Lock()

    async def run(self) -> None:
        """Visit sources until cancelled."""
        try:
            while True:
                try:
                    await self.visit_due()
                except Exception:
                    logger.exception("sources could not be visited; trying again")
                    await asyncio.sleep(REST_S)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await self.close()

    async def close(self) -> None:
        await self._web.close()

    async def visit_due(self, *, due_by: datetime | None = None) -> None:
        """Visit sources until none is due, unless another process is at it.

        `due_by` leaves out those that become due later.
        """
        if not await self._due(self._db, due_by):
            return
        async with self._db.exclusive(SOURCES) as grant:
            if grant is None:
                return
            try:
                async with asyncio.TaskGroup() as visits:
                    await self._start_visits(grant, visits, due_by)
            except* GrantLostError:
                logger.warning("another process has taken over the sources")

    async def _start_visits(
        self, grant: Sessions, visits: asyncio.TaskGroup, due_by: datetime | None
    ) -> None:
        """Start a visit of one source of each host at a time, until nothing is left to do."""
        running: dict[str, asyncio.Task[None]] = {}
        while True:
            running = {host: task for host, task in running.items() if not task.done()}
            for source in await self._due(grant, due_by):
                if source.host not in running and len(running) < MOST_AT_ONCE:
                    running[source.host] = visits.create_task(self._visit(grant, source))
            if not running:
                return
            await asyncio.wait(running.values(), timeout=TICK_S)

    async def _due(self, db: Sessions, due_by: datetime | None) -> list[LiveSource]:
        async with db.read() as session:
            return await due_sources(session, due_by or now())

    async def _visit(self, db: Sessions, source: LiveSource) -> None:
        with ExitStack() as files:
            name, url = source.source.partition(":")[2], self._config.bluesky_url
            publisher = PUBLISHERS[source.platform](name, url, self._web, self._sandbox, files)
            deletes = self._config.follow_deletions and publisher.confirms_deletions
            await Visit(db, publisher, source, self._storing, deletes).run()


@dataclass
class Visit:
    """One visit of a source: its newest posts, some older ones, and deletions."""

    db: Sessions
    publisher: Publisher
    source: LiveSource
    storing: asyncio.Lock
    """Lets one visit at a time count posts, which takes memory."""
    deletes: bool
    accepted: int = 0
    """New posts of the newest page."""
    mark: Mark = field(init=False)

    def __post_init__(self) -> None:
        self.mark = msgspec.json.decode(self.source.mark, type=Mark)

    async def run(self) -> None:
        """Visit the source, which counts as failed from the beginning until it has ended well.

        So a visit that ends this process, or the machine, is repeated ever less often.
        """
        failures = self.source.failures + 1
        due_at = now() + timedelta(seconds=pause_s(0.0, failures=failures))
        begun = {"failures": failures, "next_visit_at": due_at, "last_error": None}
        error: InvalidInputError | None = None
        try:
            async with self.db.write() as session:
                await self._change(session, **begun)
            await self._read()
        except InvalidInputError as failure:
            error = failure
        except SourceRemovedError:
            return
        except GrantLostError:
            raise
        except Exception:
            logger.exception("the visit of %s failed unexpectedly", self.source.source)
            error = FetchError("the visit failed unexpectedly; the server's log says why")
        await self._note_end(due_at, error)

    async def _note_end(self, due_at: datetime, error: InvalidInputError | None) -> None:
        """Store how the visit went, and when the next one is due."""
        source, time = self.source, now()
        posts_at = time if self.accepted else source.posts_at
        values: dict[str, object] = {"visited_at": time, "posts_at": posts_at}
        if error:
            pause = pause_s(0.0, failures=source.failures + 1)
            reason = msgspec.json.encode(packed(message_of(error)), enc_hook=str)
            values["last_error"] = reason.decode()
        else:
            quiet_s = (time - (posts_at or source.added_at)).total_seconds()
            pause = pause_s(quiet_s) if self.mark.history is None else SHORTEST_S
            values |= {"failures": 0, "success_at": time}
        async with self.db.write() as session:
            row = update(LiveSource).where(LiveSource.id == source.id)
            await session.execute(row.values(**values))
            next_visit_at = time + timedelta(seconds=pause)
            unasked = row.where(LiveSource.next_visit_at == due_at)
            await session.execute(unasked.values(next_visit_at=next_visit_at))
            if isinstance(error, FetchError) and error.not_before:
                same_host = update(LiveSource).where(LiveSource.host == source.host)
                await session.execute(same_host.values(not_before=error.not_before))

    async def _read(self) -> None:
        """Read what there is. Raises InvalidInputError, SourceRemovedError."""
        await self._read_newest()
        await self._read_older()
        for source_id in self.mark.missing[:ASKED_ABOUT] if self.deletes else ():
            is_deleted = await self.publisher.is_deleted(self.mark, source_id)
            self.mark.missing.remove(source_id)
            async with self.db.write() as session:
                if is_deleted and (tweet_id := await self._find(session, [source_id])):
                    await delete_post(session, tweet_id)
                await self._note(session)

    async def _read_newest(self) -> None:
        mark = self.mark
        page = await self.publisher.page(mark, None)
        if page is None:
            return
        answer, head, is_first = page.answer, page.head, not mark.digest
        if is_first or not await self._is_known(head.ids):
            mark.is_gap = mark.history is None and not is_first
            mark.history = head.older
        mark.validators, mark.digest = answer.validators, answer.digest
        if self.deletes:
            left = [each for each in (*mark.missing, *mark.listed) if each not in {*head.ids}]
            mark.missing = list(dict.fromkeys(left))[-MOST_MISSING:]
            mark.listed = head.ids or mark.listed
        self.accepted = await self._store(page, is_live=not is_first)

    async def _read_older(self) -> None:
        mark = self.mark
        for _ in range(OLDER_PAGES):
            if mark.history is None:
                return
            cursor, mark.history = mark.history, None
            page = await self.publisher.page(mark, cursor)
            if page is None or page.head.older == cursor:
                # Another visit would come no further.
                async with self.db.write() as session:
                    await self._note(session)
                raise FetchError("the source sends the same page again and again")
            if not (mark.is_gap and await self._is_known(page.head.ids)):
                mark.history = page.head.older
            await self._store(page)

    async def _is_known(self, ids: Sequence[str]) -> bool:
        """Return whether one of the last posts of a page is here."""
        async with self.db.read() as session:
            return await self._find(session, ids[-LOWEST:]) is not None

    async def _find(self, session: AsyncSession, ids: Sequence[str]) -> int | None:
        """Return the id here of one of the posts, if any is stored."""
        user = await find_user(session, self.source.username)
        if user is None:
            return None
        here = (Tweet.user_id == user.id, Tweet.source_id.in_(ids))
        return await session.scalar(select(Tweet.id).where(*here).limit(1))

    async def _store(self, page: LivePage, *, is_live: bool = False) -> int:
        """Store the posts, the last ones together with the mark; return how many are new."""
        accepted = 0
        async with self.storing:
            for items, is_last in page.portions():
                report = await import_archive(
                    self.db,
                    Archive(self.source.platform, "record", page.head.account, iter(items)),
                    username=self.source.username,
                    renew=False,
                    is_live=is_live,
                    default_time=now(),
                    note=partial(self._note_portion, is_last),
                )
                accepted += report.accepted
        # Again, since the last ones may hold nothing to store.
        async with self.db.write() as session:
            await self._note(session)
        return accepted

    async def _note_portion(
        self, is_last: bool, session: AsyncSession, report: ImportReport
    ) -> None:
        """Count the new posts of a portion, which is one batch. Raises SourceRemovedError."""
        await self._change(session, accepted=LiveSource.accepted + report.accepted)
        if is_last:
            await self._note(session)

    async def _note(self, session: AsyncSession) -> None:
        """Store how far reading has come. Raises SourceRemovedError."""
        await self._change(session, mark=msgspec.json.encode(self.mark).decode())

    async def _change(self, session: AsyncSession, **values: object) -> None:
        row = update(LiveSource).where(LiveSource.id == self.source.id).values(**values)
        if await session.scalar(row.returning(LiveSource.id)) is None:
            raise SourceRemovedError
