"""The database: engine, short read sessions, and one writer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Final, Self

from sqlalchemy import Connection, event, exc
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, SessionTransaction

from app.config import Config
from app.db.backend import INFO, LONG, SHIPPED, Backend, IsHeld
from app.db.feed import Feed
from app.db.one_chat import CHAT
from app.errors import StartError, overloaded
from app.runtime.extras import install_command
from app.runtime.work_pool import to_the_end
from saywho.clock import monotonic

WRITE_TIMEOUT_S: Final = 30
MOST_IN_BACKGROUND: Final = 3
"""Connections that maintenance has at a time, so that requests find one of the other five."""


def backend_for(url: str, *, durability: str = "full", only_reads: bool = False) -> Backend:
    """Return a URL's backend. Raises StartError without its driver.

    only_reads: nothing is written, so that a file in a read-only folder can be opened.
    """
    if url.startswith("postgresql"):
        try:
            from app.db.postgresql.backend import PostgresqlBackend
        except ModuleNotFoundError as error:
            detail = f"PostgreSQL needs {error.name}; run: {install_command('postgresql')}"
            raise StartError(detail) from error

        return PostgresqlBackend(url, durability=durability)
    from app.db.sqlite.backend import SqliteBackend

    return SqliteBackend(url, durability=durability, only_reads=only_reads)


class _ReadSession(Session):
    """A session whose transactions read, all the chat in its `info` if there is one."""


@event.listens_for(_ReadSession, "after_begin")
def _begin_read(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    session.info[INFO].begin_read(connection, session.info.get(CHAT))


class GrantLostError(Exception):
    """The lock was lost to another process, so the transaction must not be committed."""


class Grant:
    """The right to do a kind of work alone; write sessions fail once the lock is lost."""

    def __init__(self, db: "Database", work: str, is_held: IsHeld) -> None:
        self._db = db
        self._work = work
        self._is_held = is_held

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._db.read_in_background()

    def read_chat(self, room_id: int) -> AbstractAsyncContextManager[AsyncSession]:
        return self._db.read_chat(room_id)

    @asynccontextmanager
    async def write(
        self, *, on_commit: Callable[[], None] = lambda: None
    ) -> AsyncIterator[AsyncSession]:
        """Open a session that may write. Raises GrantLostError."""
        async with self._db.write(on_commit=on_commit) as session:
            if not await self._is_held(session):
                raise GrantLostError(self._work)
            yield session


class Database:
    """A database as a source of sessions, opened at the first."""

    def __init__(
        self,
        config: Config,
        *,
        on_session: Callable[[str, float], None] = lambda *_: None,
        only_reads: bool = False,
    ) -> None:
        self._on_session = on_session
        self.backend = backend_for(
            config.database_url, durability=config.durability, only_reads=only_reads
        )
        self.engine = self.backend.engine
        info = {INFO: self.backend, SHIPPED: config.population}
        options: dict[str, Any] = {"expire_on_commit": False, "info": info}
        self._writers = async_sessionmaker(self.engine, **options)
        # A session may have several transactions, on different connections.
        options |= {"sync_session_class": _ReadSession, "autoflush": False}
        self._readers = async_sessionmaker(self.backend.readers, **options)
        self._chat_readers = async_sessionmaker(self.backend.chat_readers, **options)
        self._in_background = asyncio.Semaphore(MOST_IN_BACKGROUND)
        self.commits = 0

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a session of one state of the database, for one task."""
        return self._reading(self._readers())

    @asynccontextmanager
    async def read_in_background(self) -> AsyncIterator[AsyncSession]:
        """Open such a session for work that no request waits for; a task opens one at a time."""
        async with self._in_background, self.read() as session:
            session.info[LONG] = True
            yield session

    def read_chat(self, room_id: int) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a session of one state of a database that would hold this chat alone."""
        session = self._chat_readers()
        session.info[CHAT] = room_id
        return self._reading(session)

    @asynccontextmanager
    async def _reading(self, session: AsyncSession) -> AsyncIterator[AsyncSession]:
        with self._driver_errors():
            opened = monotonic()
            try:
                yield session
            finally:
                await to_the_end(session.close())
                self._on_session("read", monotonic() - opened)

    @asynccontextmanager
    async def write(
        self, *, on_commit: Callable[[], None] = lambda: None
    ) -> AsyncIterator[AsyncSession]:
        """Open the only writing session of all processes; it commits at its end, or rolls back.

        A commit that has begun is finished, with `on_commit`, before a cancellation takes effect.
        """
        with self._driver_errors():
            async with self.backend.writing(timeout_s=WRITE_TIMEOUT_S):
                session, opened = self._writers(), monotonic()
                end = session.close
                try:
                    await self.backend.begin_write(session, timeout_s=WRITE_TIMEOUT_S)
                    yield session
                    end = partial(self._commit, session, on_commit)
                finally:
                    try:
                        await to_the_end(end())
                    finally:
                        self._on_session("write", monotonic() - opened)

    async def _commit(self, session: AsyncSession, on_commit: Callable[[], None]) -> None:
        try:
            await self.backend.commit(session)
            on_commit()
        except exc.DBAPIError:
            # Otherwise the connection would be reused with SQLite's transaction still open.
            await session.rollback()
            raise
        finally:
            await session.close()
            # Counted even if the outcome of the commit is unknown.
            self.commits += 1

    @asynccontextmanager
    async def exclusive(self, work: str) -> AsyncIterator[Grant | None]:
        """Do a kind of work alone, or yield None; the lock of a process that dies is released."""
        async with self.backend.exclusive(work) as is_held:
            yield None if is_held is None else Grant(self, work, is_held)

    @asynccontextmanager
    async def exclusive_in_turn(self, work: str) -> AsyncIterator[Grant]:
        """Do a kind of work alone, once no other process does it."""
        while True:
            async with self.exclusive(work) as grant:
                if grant is not None:
                    yield grant
                    return
            await asyncio.sleep(0.5)

    async def open_feed(self) -> Feed:
        with self._driver_errors():
            return await self.backend.open_feed(lambda: self.commits)

    async def close(self) -> None:
        await self.backend.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @contextlib.contextmanager
    def _driver_errors(self) -> Iterator[None]:
        try:
            yield
        except (TimeoutError, exc.TimeoutError) as error:
            raise overloaded() from error
        except (exc.DBAPIError, ConnectionError) as error:
            if app_error := self.backend.as_app_error(error):
                raise app_error from error
            raise
