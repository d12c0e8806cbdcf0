"""PostgreSQL's feed, which reads the log on its own connection.

Writers take turns until after their commits, so that events appear in the order of their ids. A
standby that becomes the primary may lack and reuse the last ids; then the feed begins again.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Final

import asyncpg

from app.db.feed import Change, Feed
from app.db.postgresql.connection import FAILURES, Connection, connect
from app.errors import AppError

OLDEST_S: Final = 0.75
"""Maximum age of a look for an answer; clients are promised 1 s."""
LOOK_TIMEOUT_S: Final = 2.0
PAGE: Final = 1_000

_EVENTS: Final = 'SELECT id, kind, user_id, tweet_id, count, created_at FROM "Event"'
_NEXT: Final = f"{_EVENTS} WHERE id > $1 ORDER BY id LIMIT $2"
_NEWEST: Final = f"{_EVENTS} ORDER BY id DESC LIMIT 1"

logger = logging.getLogger(__name__)


class PostgresqlFeed(Feed):
    """The log, read several times a second, and before answers that must be newer."""

    poll_s = 0.1
    oldest_s = OLDEST_S

    def __init__(
        self, url: str, commits: Callable[[], int], *, on_move: Callable[[float], None]
    ) -> None:
        super().__init__(0)
        self._url = url
        self._commits = commits
        self._on_move = on_move
        """Called after a change of server: connections opened before this time may hang."""
        self._failed_at = math.inf
        """The loop's time of the last look if it failed, otherwise infinity."""
        self._server: str | None = None
        """Start time of the server, which identifies its run."""
        self._connection: Connection | None = None
        self._last: asyncpg.Record | None = None
        """The last event read; another server may have another with its id."""
        self._looking = asyncio.Lock()
        self._begun = self._ended = 0
        """Numbers of looks begun, and of the last ended look."""
        self._clock = asyncio.get_running_loop().time
        self._looked_at = float("-inf")
        self._seen_commits = 0

    async def open(self) -> None:
        """Begin after the newest event. Raises AppError."""
        self._seen_commits, started = self._commits(), self._clock()
        await self._begin(await self._connected())
        self._looked_at = started

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()

    def catch_up_at_once(self) -> bool:
        """Return whether nothing is unread but others' commits, younger than `OLDEST_S`."""
        is_current = self._failure is None and self._seen_commits == self._commits()
        return is_current and self._clock() - self._looked_at < OLDEST_S

    async def catch_up(self) -> bool:
        """Publish this process's commits, and others' older than `OLDEST_S`."""
        if self._failure is not None:
            return False  # `run` keeps trying.
        return self.catch_up_at_once() or await self.look()

    async def look(self) -> bool:
        """Publish new events; waiting tasks share a look that began after they asked."""
        # Counted instead of timed: a commit may fit in a millisecond of uvloop's clock.
        earlier = self._begun
        async with self._looking:
            if self._ended <= earlier:
                self._begun += 1
                commits, started = self._commits(), self._clock()
                try:
                    await self._read()
                    self._failure, self._failed_at = None, math.inf
                except (AppError, *FAILURES) as error:
                    self._failure = error
                    self._failed_at = self._clock()
                    await self.close()
                self._seen_commits, self._looked_at, self._ended = commits, started, self._begun
            return self._failure is None

    async def _read(self) -> None:
        connection = await self._connected()
        is_behind = True
        while is_behind:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                rows = await connection.fetch(_NEXT, self.newest, PAGE)
            if rows:
                self._last = rows[-1]
                self._publish([Change(*row[:-1]) for row in rows])
            is_behind = len(rows) == PAGE

    async def _connected(self) -> Connection:
        """Return the connection, reopened if lost; the next look reads missed events."""
        if self._connection is None or self._connection.is_closed():
            connection = await connect(self._url, application_name="saywho feed", timezone="UTC")
            try:
                async with asyncio.timeout(LOOK_TIMEOUT_S):
                    await self._check(connection)
            except BaseException:  # A cancelled caller too: the next caller must check again.
                connection.terminate()
                raise
            self._connection = connection
        return self._connection

    async def _check(self, connection: Connection) -> None:
        server = await connection.fetchval("SELECT pg_postmaster_start_time()::text")
        if self._server not in {None, server}:
            self._on_move(self._failed_at)
        self._server = server
        same = f"{_EVENTS} WHERE id = $1"
        if self._last and await connection.fetchrow(same, self.newest) != self._last:
            lost = self.newest
            await self._begin(connection)
            logger.error("the database has lost events up to %d", lost)
            self._reset(self.newest)

    async def _begin(self, connection: Connection) -> None:
        self._last = await connection.fetchrow(_NEWEST)
        self.newest = self._last["id"] if self._last else 0
