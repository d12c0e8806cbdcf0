"""Visits the live sources when they are due: one process of all does it, by a lock.

A visit reads the newest page, and then older pages where an earlier visit stopped. Where the newest
page has no post of the one before, posts came while nobody looked: older pages are read down to one
that was there. How far reading has come is stored after the posts of each page, so a visit that
breaks off resumes there; what it reads again is known by its ids.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.config import Config
from app.db.backend import Sessions
from app.db.engine import GrantLostError
from app.errors import InvalidInputError, message_of, packed
from app.formats.records import Archive, Record
from app.models import LiveSource, Tweet, User
from app.sandbox import Sandbox
from app.services.imports.report import ImportReport
from app.services.imports.storing import import_archive
from app.services.posts.deletion import delete_post
from app.services.sources.fetching import MIB, FetchError, Web, allowed
from app.services.sources.platforms import PUBLISHERS, LivePage, Mark, Publisher
from app.services.sources.registry import due_sources

SOURCES: Final = "sources"
TICK_S: Final = 1.0
"""Seconds between looks for due sources while some are visited."""
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
"""Posts at the end of a page of which one has to be known. Those above may be pinned there."""
ASKED_ABOUT: Final = 5
"""Posts in one visit of which the platform is asked whether they were deleted."""
MOST_LISTED: Final = 200
"""Ids that are kept of the newest page, and of what has left it."""
PORTION_BYTES: Final = MIB // 16
"""Bytes of records that are stored at once, since counting them takes many times their size. These
are fewer than one batch has."""

_record_of = msgspec.json.Decoder(Record).decode
logger = logging.getLogger(__name__)


class SourceRemovedError(Exception):
    """Nobody follows the source any more; nothing may be stored for it."""


def pause_s(quiet_s: float, *, failures: int = 0) -> float:
    """Return the seconds until the next visit of a source without posts for `quiet_s` seconds."""
    doublings = failures or max(0.0, quiet_s / LIVELY_S - 1)
    return min(LONGEST_S, SHORTEST_S * 2 ** min(doublings, 10.0))


def _overlap(page: Sequence[str], known: Sequence[str]) -> bool:
    """Return whether a page reaches down to posts that are known."""
    return not {*page[-LOWEST:]}.isdisjoint(known)


class Follower:
    """Visits due sources; of all processes, the one with the lock `SOURCES` does it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._sandbox = Sandbox()
        self._web = Web(allowed(config))
        self._storing = asyncio.Lock()

    async def close(self) -> None:
        await self._web.close()

    async def visit_due(self, db: Sessions, due_by: datetime | None = None) -> None:
        """Visit sources until none is due, one of each host at a time.

        `due_by` leaves out those that become due later.
        """
        running: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as visits:
            while True:
                running = {host: task for host, task in running.items() if not task.done()}
                async with db.read() as session:
                    due = await due_sources(session, due_by or now())
                for source in due:
                    if source.host not in running and len(running) < MOST_AT_ONCE:
                        running[source.host] = visits.create_task(self._visit(db, source))
                if not running:
                    return
                await asyncio.wait(running.values(), timeout=TICK_S)

    async def _visit(self, db: Sessions, source: LiveSource) -> None:
        name, mark = source.source.partition(":")[2], msgspec.json.decode(source.mark, type=Mark)
        url = self._config.bluesky_url
        publisher = PUBLISHERS[source.platform](name, mark, url, self._web, self._sandbox)
        deletes = self._config.follow_deletions and publisher.confirms_deletions
        await Visit(db, publisher, source, mark, self._storing, deletes).run()


@dataclass
class Visit:
    """One visit of a source: its newest posts, some older ones, and deletions."""

    db: Sessions
    publisher: Publisher
    source: LiveSource
    mark: Mark
    storing: asyncio.Lock
    """Lets one visit at a time count posts, which takes memory."""
    deletes: bool
    accepted: int = 0
    """New posts of the newest page."""
    missing: Sequence[str] = ()
    """Ids that have left the newest page."""

    async def run(self) -> None:
        """Visit the source, which counts as failed from the beginning until it has ended well.

        So a visit that ends this process, or the machine, is repeated ever less often.
        """
        failures = self.source.failures + 1
        due_at = now() + timedelta(seconds=pause_s(0.0, failures=failures))
        error: InvalidInputError | None = None
        try:
            async with self.db.write() as session:
                await self._change(
                    session, failures=failures, next_visit_at=due_at, last_error=None
                )
            await self._read_newest()
            for _ in range(OLDER_PAGES):
                if self.mark.history is not None:
                    await self._read_older(self.mark.history)
            await self._ask_about_missing()
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
            reason = msgspec.json.encode(packed(message_of(error)), enc_hook=str)
            values["last_error"] = reason.decode()
        else:
            values |= {"failures": 0, "success_at": time}
        async with self.db.write() as session:
            row = update(LiveSource).where(LiveSource.id == source.id)
            await session.execute(row.values(**values))
            if error is None:
                quiet_s = (time - (posts_at or source.added_at)).total_seconds()
                pause = pause_s(quiet_s) if self.mark.history is None else SHORTEST_S
                unasked = row.where(LiveSource.next_visit_at == due_at)
                next_visit_at = time + timedelta(seconds=pause)
                await session.execute(unasked.values(next_visit_at=next_visit_at))
            elif isinstance(error, FetchError) and error.not_before:
                same_host = update(LiveSource).where(LiveSource.host == source.host)
                await session.execute(same_host.values(not_before=error.not_before))

    async def _read_newest(self) -> None:
        mark = self.mark
        async with self.publisher.page() as page:
            if page is None:
                return
            ids, older, known = page.head.ids, page.head.older, mark.listed
            if older and not _overlap(ids, known):
                mark.goal, mark.history = [] if mark.history else known, older
            self.accepted = await self._store(page, is_live=self.source.success_at is not None)
            here = dict.fromkeys(ids)
            left = [each for each in known if each not in here]
            self.missing = left if self.deletes else ()
            mark.listed = [*(self.missing if ids else left), *here][:MOST_LISTED]
            # The next visit reads the page again if some are missing: five are asked about in one.
            mark.validators = {} if self.missing else page.answer.validators
            mark.digest = "" if self.missing else page.answer.digest
        await self._note()

    async def _read_older(self, cursor: str) -> None:
        mark = self.mark
        async with self.publisher.page(cursor) as page:
            mark.history = None
            if page and page.head.older != cursor:
                await self._store(page)
                if not _overlap(page.head.ids, mark.goal):
                    mark.history = page.head.older
            await self._note()
            if not page or page.head.older == cursor:  # Another visit would come no further.
                raise FetchError("the source sends the same page again and again")

    async def _ask_about_missing(self) -> None:
        """Delete posts of which the platform says that they are gone. Raises SourceRemovedError."""
        own = select(Tweet.id).join(User).where(User.username_key == self.source.username_key)
        for source_id in self.missing[:ASKED_ABOUT]:
            if await self.publisher.is_deleted(source_id):
                async with self.db.write() as session:
                    await self._change(session, last_error=None)  # It is followed still.
                    found = await session.scalar(own.where(Tweet.source_id == source_id))
                    if found is not None:
                        await delete_post(session, found)
            self.mark.listed.remove(source_id)
            await self._note()

    async def _store(self, page: LivePage, *, is_live: bool = False) -> int:
        """Store the posts of a page; return how many are new."""
        accepted = 0
        async with self.storing:
            while lines := page.records.readlines(PORTION_BYTES):
                items = map(_record_of, lines)
                report = await import_archive(
                    self.db,
                    Archive(self.source.platform, "record", page.head.account, items),
                    username=self.source.username,
                    renew=False,
                    is_live=is_live,
                    default_time=now(),
                    note=self._count,
                )
                accepted += report.accepted
        return accepted

    async def _count(self, session: AsyncSession, report: ImportReport) -> None:
        """Count the new posts of a portion, which is one batch. Raises SourceRemovedError."""
        await self._change(session, accepted=LiveSource.accepted + report.accepted)

    async def _note(self) -> None:
        """Store how far reading has come. Raises SourceRemovedError."""
        async with self.db.write() as session:
            await self._change(session, mark=msgspec.json.encode(self.mark).decode())

    async def _change(self, session: AsyncSession, **values: object) -> None:
        row = update(LiveSource).where(LiveSource.id == self.source.id).values(**values)
        if await session.scalar(row.returning(LiveSource.id)) is None:
            raise SourceRemovedError
