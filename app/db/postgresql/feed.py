"""The follower of the log on PostgreSQL.

Ids are given out before the commit, so whoever has seen event 7 may later find event 6. Each
event names its transaction (`xact`), and a snapshot tells exactly which transactions had ended
when it was taken. So the next look reads what the last snapshot could not see: the events of
transactions that were open then, and of all that began since. None is skipped, none told twice,
and none has to wait for another's transaction to end.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

import asyncpg

from app.db.feed import Change, Feed
from app.db.postgresql.connection import connect
from app.errors import AppError

CHANNEL: Final = "saywho"
"""Where a trigger of the log notifies, once a transaction, when it commits."""
POLL_S: Final = 0.5
"""A notification may be lost; so late is what only the next look finds."""
OLDEST_S: Final = 0.75
"""An answer rests on a look that is not older; the promise to clients is 1 s."""
LOOK_TIMEOUT_S: Final = 2.0
RECONNECT_S: Final = 0.5
PAGE: Final = 1_000
SETTINGS: Final = {"application_name": "saywho feed", "timezone": "UTC"}
FAILURES: Final = (
    AppError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a lost connection raises: the last one where the server goes in the middle of an answer."""

_FIRST: Final = 'SELECT pg_current_snapshot()::text, (SELECT max(id) FROM "Event")'
_LOOK: Final = """
    SELECT pg_current_snapshot()::text AS snapshot, e.*
    FROM (SELECT $1::text::pg_snapshot AS last) AS known
    LEFT JOIN LATERAL (
        SELECT id, kind, user_id, tweet_id, count FROM "Event"
        WHERE xact >= pg_snapshot_xmax(last)
        UNION ALL
        SELECT id, kind, user_id, tweet_id, count FROM "Event"
        WHERE xact = ANY (ARRAY(SELECT pg_snapshot_xip(last)))
    ) AS e ON true
    ORDER BY e.id
"""

logger = logging.getLogger(__name__)


class PostgresqlFeed(Feed):
    """Listens on a connection of its own, and reads the log on it."""

    def __init__(self, url: str, commits: Callable[[], int]) -> None:
        super().__init__(0)
        self._url = url
        self._commits = commits
        self._connection: asyncpg.Connection[Any] | None = None
        self._snapshot = ""
        self._rung = asyncio.Event()
        self._looking = asyncio.Lock()
        self._clock = asyncio.get_running_loop().time
        self._looked_at = self._failed_at = float("-inf")
        self._seen_commits = 0

    async def open(self) -> None:
        """Begin with what comes after now. Raises AppError."""
        self._seen_commits = self._commits()
        started = self._clock()
        connection = await self._connected()
        self._snapshot, newest = await connection.fetchrow(_FIRST)  # type: ignore[misc]
        self.newest = newest or 0
        self._looked_at = started

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()

    async def catch_up(self) -> bool:
        """Hear of this process's commits, and of all others' but the last moment's."""
        asked_at = self._clock()
        while not self._is_current():
            if self._failed_at >= asked_at:
                return False
            await self._look()
        return True

    async def follow(self) -> None:
        was_well = True
        while True:
            is_well = await self._look()
            if was_well and not is_well:
                logger.error("the log cannot be read; it is tried until it can")
            elif is_well and not was_well:
                logger.warning("the log can be read again")
            was_well = is_well
            if is_well:
                self._note_followed()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._rung.wait(), POLL_S)
            else:
                await asyncio.sleep(RECONNECT_S)

    def _is_current(self) -> bool:
        return (
            self._seen_commits == self._commits()
            and not self._rung.is_set()
            and self._clock() - self._looked_at < OLDEST_S
        )

    async def _look(self) -> bool:
        """Read what is new; return whether that was possible. Those who wait share one look."""
        asked_at = self._clock()
        async with self._looking:
            if self._failed_at >= asked_at:
                return False
            commits, started = self._commits(), self._clock()
            self._rung.clear()
            try:
                async with asyncio.timeout(LOOK_TIMEOUT_S):
                    connection = await self._connected()
                    rows = await connection.fetch(_LOOK, self._snapshot)
            except FAILURES:
                self._failed_at = self._clock()
                await self.close()
                return False
            self._snapshot = rows[0]["snapshot"]
            self._tell_all([Change(*row[1:]) for row in rows if row["id"] is not None])
            self._seen_commits, self._looked_at = commits, started
            return True

    def _tell_all(self, changes: Sequence[Change]) -> None:
        for start in range(0, len(changes), PAGE):
            self._tell(changes[start : start + PAGE])

    async def _connected(self) -> "asyncpg.Connection[Any]":
        """Return the connection, made anew where it was lost; what was missed is read next."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url, **SETTINGS)
            await self._connection.add_listener(CHANNEL, self._ring)
            self._connection.add_termination_listener(self._ring)
        return self._connection

    def _ring(self, *_: object) -> None:
        self._rung.set()
