"""Standbys that answer reads: only where their own snapshot holds all that an answer must.

All writers of the log take turns, so a snapshot that holds one event holds all before it. A replica
is asked for the newest event that this worker knows, in the very transaction that the answer is
read in: how far it had come a moment before proves nothing. The event's mark tells it from another
one that has its number, in the log of a server that followed another primary.

Only what the log tells of is read here. Tokens, sessions, jobs and leases change without an event.
"""

import asyncio
import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any, Final, cast

import asyncpg
from sqlalchemy import Connection, Engine, TableClause, TextClause, exc, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.visitors import iterate

from app.clock import monotonic
from app.db.feed import Feed
from app.db.postgresql.connection import OpenConnections, make_engine
from app.errors import AppError, UnavailableError
from app.models import (
    BackgroundSnapshot,
    Event,
    MediaUse,
    ModelCard,
    PostCount,
    Profile,
    Tweet,
    User,
    Vocabulary,
    Word,
)
from app.tasks import to_the_end

_MODELS = (BackgroundSnapshot, Event, MediaUse, PostCount, Profile, Tweet, User, Vocabulary, Word)
TOLD: Final = frozenset(model.__tablename__ for model in _MODELS) | {"TweetWords"}
"""Tables whose changes the log tells of, or that are derived from them and may lag anyway."""
WITHOUT_PRIMARY: Final = TOLD | {ModelCard.__tablename__}
"""A card that was just made is no event; what was deleted is in no card of a snapshot."""
OPEN_TIMEOUT_S: Final = 1.0
"""Seconds for which a request waits for a replica that does not answer."""
LAG_S: Final = 0.05
"""Seconds for which a request waits for a replica that lacks the last events."""
LOOK_EVERY_S: Final = 0.005
REST_S: Final = 2.0
"""Seconds for which a replica that failed is left alone; then one request tries it."""
LIMIT_S: Final = 5
"""Seconds for which a statement may take on a replica; then the primary answers."""
QUERY_CANCELED: Final = "57014"
"""A statement took too long, as it may on another server; the replica is sound."""
_NAMED: Final = re.compile(r'"(\w+)"')
_HOLDS: Final = text(
    "SELECT pg_is_in_recovery() AND EXISTS ("
    """ SELECT FROM "Event" WHERE id = :newest AND xact || ' ' || created_at = :mark)"""
    """ AND EXISTS (SELECT FROM "Event" WHERE id >= :own)"""
)


class ReplicaSession(Session):
    """Reads the tables that the log tells of on a replica, if it has one, and others as usual."""

    replica: Connection | None = None
    tables = TOLD
    has_used_replica = False
    asks_replica = False
    """Whether its last statement went there."""

    def get_bind(self, *args: Any, clause: ClauseElement | None = None, **kwargs: Any) -> Any:
        is_lent = self.replica is not None and clause is not None
        self.asks_replica = is_lent and _names_only(self.tables, cast(ClauseElement, clause))
        if self.asks_replica:
            self.has_used_replica = True
            return self.replica
        bind: Engine | Connection = super().get_bind(*args, clause=clause, **kwargs)
        return bind


def _names_only(tables: Collection[str], clause: ClauseElement) -> bool:
    """Return whether a statement names tables, and only these."""
    names: set[str] = set()
    for element in iterate(clause):
        if isinstance(element, TableClause):
            names.add(element.name)
        elif isinstance(element, TextClause):
            names.update(_NAMED.findall(element.text))
    return bool(names) and names.issubset(tables)


class Replica:
    """One standby; nothing is opened before it is used."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened = OpenConnections()
        self._rests_until = 0.0
        self._has_failed = False

    @cached_property
    def _engine(self) -> AsyncEngine:
        engine = make_engine(self._url, durability="normal", opened=self._opened, limit_s=LIMIT_S)
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @property
    def is_ready(self) -> bool:
        return monotonic() >= self._rests_until

    def rest(self) -> None:
        """Leave it alone for a while."""
        self._has_failed = True
        self._rests_until = monotonic() + REST_S

    async def snapshot(self, needed: dict[str, Any]) -> "ReplicaSnapshot | None":
        """Open a transaction that sees what is needed, or return None after a moment."""
        if self._has_failed:
            self.rest()  # Others do not wait together with the request that tries it.
        connection = None
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                connection = await self._engine.connect()
                if await _holds(connection, needed):
                    self._has_failed, self._rests_until = False, 0.0
                    found, connection = ReplicaSnapshot(self, connection), None
                    return found
        except (TimeoutError, OSError, AppError, exc.SQLAlchemyError):
            pass  # The primary answers instead.
        finally:
            if connection is not None:
                await to_the_end(_give_back(connection))
        self.rest()
        return None

    async def close(self) -> None:
        await self._engine.dispose()
        self._opened.drop()


async def _holds(connection: AsyncConnection, needed: dict[str, Any]) -> bool:
    """Begin a transaction that sees what is needed; return whether one did in time."""
    deadline = monotonic() + LAG_S
    while not await connection.scalar(_HOLDS, needed):
        if monotonic() > deadline:
            return False
        await connection.rollback()
        await asyncio.sleep(LOOK_EVERY_S)
    return True


class ReplicaSnapshot:
    """A transaction on a replica, for one session."""

    def __init__(self, replica: Replica, connection: AsyncConnection) -> None:
        self._replica = replica
        self._connection = connection
        self._session: AsyncSession | None = None
        self.tables = TOLD
        """Those that are read here."""

    def lend_to(self, session: AsyncSession) -> None:
        """Let the session read here what the log tells of, until this is closed."""
        self._session = session
        reader = cast(ReplicaSession, session.sync_session)
        reader.replica, reader.tables = self._connection.sync_connection, self.tables

    @property
    def is_used(self) -> bool:
        session = self._session
        return session is not None and cast(ReplicaSession, session.sync_session).has_used_replica

    def is_at_fault(self, error: BaseException) -> bool:
        """Return whether another server may answer what ended with this error.

        This one rests if it was asked, unless it was only slow. If the primary was asked, it has
        to be out of reach.
        """
        session = self._session
        if session is not None and cast(ReplicaSession, session.sync_session).asks_replica:
            if getattr(getattr(error, "orig", None), "sqlstate", "") != QUERY_CANCELED:
                self._replica.rest()
            return True
        if self.tables is WITHOUT_PRIMARY:
            return False
        is_cut = isinstance(error, exc.DBAPIError) and error.connection_invalidated
        return is_cut or isinstance(error, UnavailableError | ConnectionError)

    def abandon(self) -> None:
        """Break off the connection, whose server does not answer: to close it would wait too."""
        connection = self._connection.sync_connection
        if connection is not None and not connection.invalidated:
            cast("asyncpg.Connection[Any]", connection.connection.driver_connection).terminate()

    async def close(self) -> None:
        """Close the session and the transaction."""
        try:
            if self._session is not None:
                await self._session.close()
        finally:
            await _give_back(self._connection)


async def _give_back(connection: AsyncConnection) -> None:
    """Give the connection back to its pool, which replaces it if it is broken."""
    try:
        await connection.close()
    except exc.DBAPIError:
        if not connection.closed:
            await connection.invalidate()
            await connection.close()


class Replicas:
    """The standbys that one process reads, in turn."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._all = [Replica(url) for url in urls]
        self._turns = itertools.count()

    async def snapshot(self, feed: Feed, *, own_event: int) -> "ReplicaSnapshot | None":
        """Open a transaction on a replica that shows all that an answer of this worker must.

        Return None if there is none: then the primary has to answer. While the primary is away,
        this is all that the worker knew of the log, up to the last event that it wrote itself.
        """
        is_current = await feed.is_within_reach()
        if feed.mark is None or not (is_current or feed.is_lost):
            return None
        needed = {"newest": feed.newest, "mark": feed.mark, "own": 0 if is_current else own_event}
        for replica in self._ready():
            if (found := await replica.snapshot(needed)) is not None:
                found.tables = TOLD if is_current else WITHOUT_PRIMARY
                return found
        return None

    def _ready(self) -> Iterator[Replica]:
        first = next(self._turns)
        for place in range(len(self._all)):
            replica = self._all[(first + place) % len(self._all)]
            if replica.is_ready:
                yield replica

    async def close(self) -> None:
        for replica in self._all:
            await replica.close()
