"""PostgreSQL's feed: it listens, and reads the log on a connection of its own.

All writers take turns, and the turn ends after the commit, so events become visible in the order of
their ids: what is new has higher ids than what was read. A standby that becomes the primary may
lack the last events of the old one, and give their ids to others. Then the feed begins again.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import asyncpg

from app.clock import wait_until_set
from app.db.feed import Change, Feed
from app.db.postgresql.connection import FAILURES, connect
from app.errors import AppError

CHANNEL: Final = "saywho"
"""The channel on which a trigger of the log notifies, once a transaction, at its commit."""
POLL_S: Final = 0.5
"""Fallback poll interval: the longest an event can be late if its NOTIFY is lost."""
REST_S: Final = 0.02
"""Commits within this time share a look of each process, unless a request waits for one."""
OLDEST_S: Final = 0.75
"""The oldest look that an answer may rest on; clients are promised 1 s."""
LOOK_TIMEOUT_S: Final = 2.0
RECONNECT_S: Final = 0.5
LOST_S: Final = 2 * (LOOK_TIMEOUT_S + RECONNECT_S)
"""Seconds for which nobody waits for another look at a log that could not be read."""
PAGE: Final = 1_000
SETTINGS: Final = {"application_name": "saywho feed", "timezone": "UTC"}

_NEWEST: Final = 'SELECT id, md5(e::text) FROM "Event" AS e ORDER BY id DESC LIMIT 1'
_MARK: Final = 'SELECT md5(e::text) FROM "Event" AS e WHERE id = $1'
_LOOK: Final = """
    SELECT id, kind, user_id, tweet_id, count, md5(e::text) AS mark FROM "Event" AS e
    WHERE id > $1 ORDER BY id LIMIT $2
"""
_SERVER: Final = "SELECT pg_postmaster_start_time()::text"

logger = logging.getLogger(__name__)


class PostgresqlFeed(Feed):
    """Reads the log after a notification, and before an answer that must not be older."""

    def __init__(
        self, url: str, commits: Callable[[], int], *, on_move: Callable[[], None]
    ) -> None:
        super().__init__(0)
        self._url = url
        self._commits = commits
        self._on_move = on_move
        self._server: str | None = None
        """Tells the server that is read from others, and from itself before it was started."""
        self._connection: asyncpg.Connection[Any] | None = None
        self._mark: str | None = None
        """Tells the newest event that was read from one with its id in another server's log."""
        self._notified = asyncio.Event()
        self._looking = asyncio.Lock()
        self._clock = asyncio.get_running_loop().time
        self._looked_at = self._failed_at = float("-inf")
        self._failures = 0
        """Looks that failed one after another; the first one, as the connection broke."""
        self._seen_commits = 0

    async def open(self) -> None:
        """Begin after the newest event. Raises AppError."""
        self._seen_commits, started = self._commits(), self._clock()
        connection = await self._connected()
        self.newest, self._mark = await connection.fetchrow(_NEWEST) or (0, None)
        self._looked_at = started

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()

    async def catch_up(self) -> bool:
        """Read this process's commits, and those of others up to a moment ago."""
        if self._failures > 1 and self._clock() - self._failed_at < LOST_S:
            return False  # `follow` goes on trying.
        asked_at = self._clock()
        while not self._is_current():
            if self._failed_at >= asked_at:
                return False
            await self.look()
        return True

    async def has_seen(self, event_id: int) -> bool:
        return self.newest >= event_id or (await self.look() and self.newest >= event_id)

    async def _rest(self, *, is_well: bool) -> None:
        if is_well:
            await wait_until_set(self._notified, at_most_s=POLL_S)
            await asyncio.sleep(self._looked_at + REST_S - self._clock())
        else:
            await asyncio.sleep(RECONNECT_S)

    def _is_current(self) -> bool:
        return (
            not self._failures
            and self._seen_commits == self._commits()
            and not self._notified.is_set()
            and self._clock() - self._looked_at < OLDEST_S
        )

    async def look(self) -> bool:
        """Publish the new events; waiting tasks share one look."""
        asked_at = self._clock()
        async with self._looking:
            if self._failed_at >= asked_at:
                return False
            commits, started = self._commits(), self._clock()
            self._notified.clear()
            try:
                connection = await self._connected()
                is_behind = True
                while is_behind:
                    async with asyncio.timeout(LOOK_TIMEOUT_S):
                        rows = await connection.fetch(_LOOK, self.newest, PAGE)
                    if rows:
                        self._mark = rows[-1]["mark"]
                        self._publish([Change(*row[:-1]) for row in rows])
                    is_behind = len(rows) == PAGE
            except (AppError, *FAILURES) as error:
                self._failure = error
                self._failed_at = self._clock()
                self._failures += 1
                await self.close()
                return False
            self._seen_commits, self._looked_at, self._failures = commits, started, 0
            return True

    async def _connected(self) -> "asyncpg.Connection[Any]":
        """Return the connection, a new one where it was lost; missed events are read next."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url, **SETTINGS)
            self._connection.add_termination_listener(self._notify)
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                await self._connection.add_listener(CHANNEL, self._notify)
                server = await self._connection.fetchval(_SERVER)
                if self._server not in {None, server}:
                    self._on_move()
                self._server = server
                await self._check_log(self._connection)
        return self._connection

    async def _check_log(self, connection: "asyncpg.Connection[Any]") -> None:
        """Begin again after the newest event if this is not the log that was read before."""
        if self._mark is None or await connection.fetchval(_MARK, self.newest) == self._mark:
            return
        lost = self.newest
        newest, self._mark = await connection.fetchrow(_NEWEST) or (0, None)
        logger.error("the database has lost events up to %d; beginning after %s", lost, newest)
        self._reset(newest)

    def _notify(self, *_: object) -> None:
        self._notified.set()
