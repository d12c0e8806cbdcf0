"""The database: one engine, short read sessions, and one way to write."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.clock import monotonic
from app.config import Config
from app.db.backend import INFO, NEWEST, backend_for
from app.db.batch import for_answers
from app.db.cluster import ServerLabel
from app.db.feed import Feed
from app.errors import ReplicaLostError, UnavailableError, overloaded, replica_lost
from app.tasks import to_the_end

if TYPE_CHECKING:
    from app.db.postgresql.replicas import ReplicaSnapshot

WRITE_TIMEOUT_S: Final = 30
Result = TypeVar("Result")


class Database:
    """Opens sessions; nothing is opened before the first of them."""

    def __init__(
        self, config: Config, *, on_session: Callable[[str, float], None] = lambda *_: None
    ) -> None:
        self._on_session = on_session
        self.backend = backend_for(config.database_url, durability=config.durability)
        self.engine = self.backend.engine
        options: dict[str, Any] = {"expire_on_commit": False, "info": {INFO: self.backend}}
        self._readers = async_sessionmaker(self.backend.readers, **options)
        self._writers = async_sessionmaker(self.engine, **options)
        self._feed: Feed | None = None
        self._replicas = None
        if config.replica_urls:
            from app.db.postgresql.replicas import Replicas, ReplicaSession

            self._replicas = Replicas(config.replica_urls)
            self._readers.configure(sync_session_class=ReplicaSession)
        self.commits = 0
        """Number of this process's commits."""
        self._own_event = 0
        """The newest event of those commits that are known to have been made."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a session that sees one state of the database, for one task and for reading.

        What is read for an answer may come from a replica that shows all that the answer must.
        """
        found = None
        if self._replicas and self._feed and for_answers.get():
            found = await self._replicas.snapshot(self._feed, own_event=self._own_event)
        with self._driver_errors(found):
            session, opened = self._readers(), monotonic()
            if found is not None:
                found.lend_to(session)
            try:
                yield session
            except TimeoutError:
                if found is not None and found.is_used:
                    found.abandon()
                raise
            finally:
                await to_the_end(found.close() if found is not None else session.close())
                kind = "replica" if found is not None and found.is_used else "read"
                self._on_session(kind, monotonic() - opened)

    async def read_part(self, read: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        """Return what `read` returns, for an answer that cannot be made a second time as a whole.

        If a replica fails, the part is read again elsewhere.
        """
        before = for_answers.set(True)
        try:
            async with self.read() as session:
                return await read(session)
        except ReplicaLostError:
            for_answers.set(not await self.has_primary())
            async with self.read() as session:
                return await read(session)
        finally:
            for_answers.reset(before)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a session that may write, alone among all processes; it commits at its end.

        Leaving by an exception, or being cancelled, rolls back.
        """
        with self._driver_errors():
            async with self.backend.writing(timeout_s=WRITE_TIMEOUT_S):
                session, opened = self._writers(), monotonic()
                try:
                    await self.backend.begin_write(session, timeout_s=WRITE_TIMEOUT_S)
                    yield session
                    await to_the_end(self._commit(session))
                finally:
                    await to_the_end(session.close())
                    self._on_session("write", monotonic() - opened)
        self.backend.wake_others()

    async def _commit(self, session: AsyncSession) -> None:
        try:
            await self.backend.commit(session)
            self._own_event = max(self._own_event, session.info.get(NEWEST, 0))
        finally:
            # Counted even if it is not known whether it was committed.
            self.commits += 1

    async def open_feed(self, label: ServerLabel | None = None) -> Feed:
        """Follow the log of changes from now on; the label tells other servers of this one."""
        with self._driver_errors():
            self._feed = await self.backend.open_feed(lambda: self.commits, label)
        self._feed.on_reset(self._forget_lost)
        return self._feed

    def _forget_lost(self, newest: int) -> None:
        self._own_event = min(self._own_event, newest)

    async def has_primary(self) -> bool:
        """Return whether the primary answers; while it does not, only replicas can."""
        return self._feed is None or await self._feed.is_within_reach()

    @property
    def read_up_to(self) -> int | None:
        """The newest event that replicas are known to hold while the primary is away, else None."""
        if self._replicas and self._feed and self._feed.is_lost:
            return self._feed.newest
        return None

    async def close(self) -> None:
        if self._replicas is not None:
            await self._replicas.close()
        await self.backend.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @contextlib.contextmanager
    def _driver_errors(self, replica: "ReplicaSnapshot | None" = None) -> Iterator[None]:
        try:
            yield
        except UnavailableError as error:
            if replica is not None and replica.is_at_fault(error):
                raise replica_lost() from error
            raise
        except (TimeoutError, exc.TimeoutError, exc.DBAPIError, ConnectionError) as error:
            # A pool has no connection left because of its users, not of its server.
            is_full = isinstance(error, exc.TimeoutError)
            if replica is not None and not is_full and replica.is_at_fault(error):
                raise replica_lost() from error
            if isinstance(error, TimeoutError | exc.TimeoutError):
                raise overloaded() from error
            if app_error := self.backend.as_app_error(error):
                raise app_error from error
            raise
