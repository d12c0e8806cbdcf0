"""Visiting the live sources when they are due: one process of all does it, by a lease."""

import asyncio
import logging
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import update

from app.clock import now
from app.config import Config
from app.db.backend import Sessions
from app.db.engine import Database
from app.db.lease import Lease, LeaseLostError
from app.errors import InvalidInputError, message_of, packed
from app.models import LiveSource
from app.sandbox import Sandbox
from app.services.sources.platforms import PUBLISHERS
from app.services.sources.registry import due_sources
from app.services.sources.visiting import SourceRemovedError, Visit
from app.services.sources.web import FetchError, Web, allowed

LEASE: Final = "sources"
LOOK_EVERY_S: Final = 2.0
"""Seconds between looks for due sources."""
REST_S: Final = 30.0
"""Seconds without a look after one that failed, as where the database is away."""
TICK_S: Final = 1.0
"""Seconds between such looks of the holder, and the time that it waits before it lets go: another
process may then ask the same host at once."""
MOST_AT_ONCE: Final = 20
"""Hosts that are asked at the same time."""
SHORTEST_S: Final = 10.0
LONGEST_S: Final = 900.0
"""Seconds between two visits of a source."""
LIVELY_S: Final = 600.0
"""A source that brought posts within this time is visited most often; the pause then doubles each
time that as long has passed again."""

logger = logging.getLogger(__name__)


def pause_s(quiet_s: float, *, failures: int = 0) -> float:
    """Return the seconds until the next visit of a source without posts for `quiet_s` seconds."""
    doublings = failures or max(0.0, quiet_s / LIVELY_S - 1)
    return min(LONGEST_S, SHORTEST_S * 2 ** min(doublings, 10.0))


class Follower:
    """Visits due sources; of many, one at a time has the lease."""

    def __init__(self, db: Database, config: Config) -> None:
        self._db = db
        self._config = config
        self._lease = Lease(db, LEASE)
        self._sandbox = Sandbox()
        self._web = Web(allowed(config))
        self._storing = asyncio.Lock()
        self._due_by: datetime | None = None

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
        self._due_by = due_by
        if not await self._due(self._db):
            return
        async with self._lease.held() as grant:
            if grant is None:
                return
            try:
                async with asyncio.TaskGroup() as visits:
                    await self._start_visits(grant, visits)
            except* LeaseLostError:
                logger.warning("another process has taken over the sources")
            await asyncio.sleep(TICK_S)

    async def _start_visits(self, grant: Sessions, visits: asyncio.TaskGroup) -> None:
        """Start a visit of one source of each host at a time, until nothing is left to do."""
        running: dict[str, asyncio.Task[None]] = {}
        while True:
            running = {host: task for host, task in running.items() if not task.done()}
            due = await self._due(grant)
            for source in due:
                if source.host not in running and len(running) < MOST_AT_ONCE:
                    running[source.host] = visits.create_task(self._visit(grant, source))
            if not running:
                return
            await asyncio.wait(running.values(), timeout=TICK_S)

    async def _due(self, db: Sessions) -> list[LiveSource]:
        async with db.read() as session:
            due = await due_sources(session)
        return [each for each in due if self._due_by is None or each.next_visit_at <= self._due_by]

    async def _visit(self, db: Sessions, source: LiveSource) -> None:
        due_at = await self._note_beginning(db, source)
        error: InvalidInputError | None = None
        try:
            with ExitStack() as files:
                name, url = source.source.partition(":")[2], self._config.bluesky_url
                publisher = PUBLISHERS[source.platform](name, url, self._web, self._sandbox, files)
                deletes = self._config.follow_deletions
                visit = Visit(db, publisher, source, storing=self._storing, deletes=deletes)
                await visit.run()
        except InvalidInputError as failure:
            error = failure
        except SourceRemovedError:
            return
        except LeaseLostError:
            raise
        except Exception:
            logger.exception("the visit of %s failed unexpectedly", source.source)
            error = FetchError("the visit failed unexpectedly; the server's log says why")
        await self._note_end(db, source, due_at, visit, error)

    async def _note_beginning(self, db: Sessions, source: LiveSource) -> datetime:
        """Store the visit as one that failed; return when the next one is then due.

        So a visit that ends this process, or the machine, is repeated ever less often.
        """
        failures = source.failures + 1
        due_at = now() + timedelta(seconds=pause_s(0.0, failures=failures))
        async with db.write() as session:
            # Whoever asks from now on waits for another visit.
            row = update(LiveSource).where(LiveSource.id == source.id)
            await session.execute(
                row.values(failures=failures, next_visit_at=due_at, last_error=None)
            )
        return due_at

    async def _note_end(
        self,
        db: Sessions,
        source: LiveSource,
        due_at: datetime,
        visit: Visit,
        error: InvalidInputError | None,
    ) -> None:
        """Store how the visit went, and when the next one is due."""
        time = now()
        posts_at = time if visit.accepted else source.posts_at
        values: dict[str, object] = {"visited_at": time, "posts_at": posts_at}
        if error:
            pause = pause_s(0.0, failures=source.failures + 1)
            reason = msgspec.json.encode(packed(message_of(error)), enc_hook=str).decode()
            values |= {"failures": source.failures + 1, "last_error": reason}
        else:
            quiet_s = (time - (posts_at or source.added_at)).total_seconds()
            pause = SHORTEST_S if visit.has_more else pause_s(quiet_s)
            values |= {"failures": 0, "last_error": None, "success_at": time}
        async with db.write() as session:
            row = update(LiveSource).where(LiveSource.id == source.id)
            await session.execute(row.values(**values))
            next_visit_at = time + timedelta(seconds=pause)
            unasked = row.where(LiveSource.next_visit_at == due_at)
            await session.execute(unasked.values(next_visit_at=next_visit_at))
            if isinstance(error, FetchError) and error.not_before:
                same_host = update(LiveSource).where(LiveSource.host == source.host)
                await session.execute(same_host.values(not_before=error.not_before))
