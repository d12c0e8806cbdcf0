"""SQLite as a backend: a file for all workers of a machine, and the feed of its log."""

import asyncio
import contextlib
import os
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.db.backend import COMPACT_WAIT_S, Backend, ColumnLike, IsHeld, table_of
from app.db.feed import Change, Feed
from app.db.lock import FileLock, file_lock, remove_abandoned, temporary_folder
from app.db.sqlite.connection import (
    as_app_error,
    begin_read,
    database_path,
    make_engine,
    open_connection,
    open_read_only,
)
from app.db.sqlite.fts5 import SqliteWords, nearest
from app.db.sqlite.schema import find_danger
from app.errors import StartError
from app.models import Base
from app.security import make_private_folder
from saywho.clock import monotonic

_SEQUENCES: Final = sa.select(
    sa.column("name", sa.String), sa.column("seq", sa.Integer)
).select_from(sa.table("sqlite_sequence"))


class SqliteBackend(Backend):
    """An SQLite file; all writers queue on a lock file."""

    is_shared = False
    likes = sa.literal_column("json_extract(\"Tweet\".counts, '$.likes')", sa.BigInteger)
    length = staticmethod(sa.func.json_array_length)
    collected = staticmethod(sa.func.json_group_array)
    is_loud = staticmethod(lambda text: sa.func.saywho_is_loud(text, type_=sa.Boolean))
    hours_after = staticmethod(lambda time, hours: sa.func.datetime(time, f"{hours:+} hours"))
    seconds_after = staticmethod(
        lambda time, seconds: sa.func.strftime(
            "%Y-%m-%d %H:%M:%S.000000", time, f"{seconds:+} seconds"
        )
    )
    size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    texts = "SELECT value FROM json_each(:texts)"
    # CROSS JOIN keeps the order; otherwise SQLite would begin with all authors.
    newest_of_each = """
        FROM json_each(:keys) AS asked
        CROSS JOIN "Users" AS named ON named.username_key = asked.value
        CROSS JOIN "Users" ON "Users".deleted_at IS NULL
            AND "Users".id = CASE
                WHEN named.deleted_at IS NULL THEN named.id ELSE named.joined_to_id
            END
        LEFT JOIN "Tweet" ON "Tweet".id IN (
            SELECT id FROM "Tweet" WHERE user_id = "Users".id
            ORDER BY created_at DESC NULLS LAST, id DESC LIMIT :limit
        )
    """
    nearest = staticmethod(nearest)
    insert = staticmethod(insert)
    as_app_error = staticmethod(as_app_error)
    begin_read = staticmethod(begin_read)
    words = SqliteWords()

    def __init__(self, url: str, *, durability: str, only_reads: bool = False) -> None:
        self._url = url
        self.path = database_path(url)
        folder = self.path.parent
        self.is_closed = only_reads and folder.is_dir() and not os.access(folder, os.W_OK)
        self._open = open_read_only if self.is_closed else open_connection
        self.name = str(self.path)
        self._copies = f"{self.path.name}.copy-"
        self.engine = make_engine(url, synchronous=durability, opened=self._open)
        self.readers = self.engine
        self.chat_readers = make_engine(url, of_chats=True, opened=self._open)
        self._lock = FileLock(self._beside(".lock"))

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def writing(self, *, timeout_s: float) -> AbstractAsyncContextManager[None]:
        return self._lock.held(timeout_s=timeout_s)

    @asynccontextmanager
    async def exclusive(self, work: str) -> AsyncIterator[IsHeld | None]:
        with file_lock(self._beside(f".{work}.lock"), waits=False) as is_free:
            yield _is_held if is_free else None

    async def open_feed(self, commits: Callable[[], int]) -> Feed:
        return SqliteFeed(self.path, commits)

    async def allocate_ids(
        self, session: AsyncSession, counts: Mapping[type[Base], int]
    ) -> list[Sequence[int]]:
        # The session holds the write lock. Inserting the rows advances the sequence, and
        # AUTOINCREMENT never reuses the id of a deleted row.
        last = dict((await session.execute(_SEQUENCES)).all())
        firsts = [last.get(table_of(model).name, 0) + 1 for model in counts]
        return [
            range(first, first + count)
            for first, count in zip(firsts, counts.values(), strict=True)
        ]

    @staticmethod
    def rows_in(listed: sa.BindParameter[str], *columns: ColumnLike) -> sa.Subquery:
        element = sa.func.json_each(listed).table_valued("value")
        if len(columns) == 1:  # Without `json_extract`, in a quarter of the time.
            (column,) = columns
            return sa.select(
                sa.type_coerce(element.c.value, column.type).label(column.key)
            ).subquery()
        fields = (
            sa.func.json_extract(element.c.value, f"$[{place}]", type_=column.type).label(
                column.key
            )
            for place, column in enumerate(columns)
        )
        return sa.select(*fields).subquery()

    async def find_damage(self, session: AsyncSession) -> list[str]:
        rows = list(await session.scalars(sa.text("PRAGMA quick_check(5)")))
        return [] if rows == ["ok"] else [f"the database file is damaged: {row}" for row in rows]

    def compact(self) -> None:
        remove_abandoned(self.path.parent, self._copies)
        connection = open_connection(self.path, timeout_s=COMPACT_WAIT_S)
        try:
            connection.execute("VACUUM")
            is_empty = _empty_log(connection, until=monotonic() + COMPACT_WAIT_S)
        except sqlite3.OperationalError as error:
            raise StartError(f"the database cannot be vacuumed: {error}") from error
        finally:
            connection.close()
        if not is_empty:
            raise StartError(
                "the database is in use, so the write-ahead log still contains old pages; try again"
            )

    async def clear_log(self) -> bool:
        # Most pages are copied to the file while others may write.
        if not await asyncio.to_thread(self._checkpoint, "PASSIVE"):
            return False
        try:
            async with self.writing(timeout_s=10.0):
                return await asyncio.to_thread(self._checkpoint, "TRUNCATE")
        except TimeoutError:
            return False

    def _checkpoint(self, mode: str) -> bool:
        """Copy the log's pages to the file; return whether that was done, and no reader needs them.

        TRUNCATE also empties the log.
        """
        # Emptying the log waits for short readers, while no one can write.
        connection = open_connection(self.path, timeout_s=0.2)
        with contextlib.closing(connection), contextlib.suppress(sqlite3.OperationalError):
            row = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            busy, pages, copied = row
            return not busy and pages == copied
        return False  # The disk is full, for example.

    @contextlib.contextmanager
    def copied(self) -> Iterator[Path]:
        """Yield a temporary copy of one state, without an event loop."""
        with temporary_folder(self.path.parent, self._copies) as folder:
            copy = folder / "copy.db"
            copy.touch(0o600)
            connection = open_connection(self.path, timeout_s=COMPACT_WAIT_S)
            with contextlib.closing(connection):
                connection.execute("VACUUM INTO ?", (str(copy),))
            yield copy

    async def close(self) -> None:
        await self.engine.dispose()
        await self.chat_readers.dispose()
        self._lock.close()

    def prepare_files(self) -> None:
        try:
            if self.is_closed and self.path.exists():
                return
            make_private_folder(self.path.parent)
            remove_abandoned(self.path.parent, self._copies)
            # SQLite gives the rights of this file to the WAL files next to it, which contain posts
            # too. An existing file is not opened: closing it would release this process's locks.
            self.path.touch(0o600)
        except OSError as error:
            reason = f"cannot be opened or created: {error.strerror}"
            raise StartError(f"the database {self.path} {reason}") from error

    def current_revision(self) -> str | None:
        with self._readable() as connection:
            if connection is None:
                return None
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if "alembic_version" in names:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                return str(row[0]) if row else None
        if names:
            message = "belongs to another program; choose another file in SAYWHO_DATABASE_URL"
            raise StartError(f"{self.path} {message}")
        return None

    def refuse_foreign(self) -> None:
        with self._readable() as connection:
            danger = find_danger(connection) if connection else None
        if danger:
            raise StartError(
                f"{self.path} {danger}, which could change stored data; remove it, or restore a"
                " backup that you trust"
            )

    @contextlib.contextmanager
    def _readable(self) -> Iterator[sqlite3.Connection | None]:
        """Yield a connection, or None without a file. Raises StartError if it cannot be read."""
        try:
            if not self.path.exists() or self.path.stat().st_size == 0:
                yield None
                return
            with contextlib.closing(self._open(self.path)) as connection:
                yield connection
        except (sqlite3.OperationalError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise StartError(f"{self.path} cannot be read: {reason}") from error
        except sqlite3.DatabaseError as error:
            raise StartError(
                f"{self.path} is damaged or is not a saywho database: {error}"
            ) from error

    @asynccontextmanager
    async def migrations(self) -> AsyncIterator[AsyncConnection]:
        # Foreign keys stay off: a batch migration replaces a table, and dropping the old table
        # would delete the rows that refer to it by cascade.
        engine = make_engine(self._url, foreign_keys=False)
        try:
            with file_lock(self._beside(".migrate.lock")):
                async with engine.connect() as connection:
                    yield connection
        finally:
            # The thread of an open connection would keep the program alive.
            await engine.dispose()


async def _is_held(_: AsyncSession) -> bool:
    return True  # The system keeps the lock of a file until its holder ends.


def _empty_log(connection: sqlite3.Connection, *, until: float) -> bool:
    """Copy the log's pages to the file and empty it; return whether that was done in time.

    SQLite waits for readers, but not for another checkpoint, such as that after a deletion.
    """
    while True:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy or monotonic() >= until:
            return not busy
        time.sleep(0.05)


WAL_INDEX_VERSION: Final = (3_007_000).to_bytes(4, sys.byteorder)
"""First bytes of the WAL index in the form that https://www.sqlite.org/walformat.html describes."""


class SqliteFeed(Feed):
    """The log of changes in the file. The head of SQLite's WAL index, which each commit changes
    before it is acknowledged, shows others' commits in a microsecond. Twenty times a second, a
    statement checks that it does.
    """

    poll_s = 0.05

    def __init__(self, path: Path, commits: Callable[[], int]) -> None:
        self._commits = commits
        self._seen_commits: int | None = None
        """Number of this process's commits at the look of this turn of the loop, None before it."""
        # It reads on the event loop, so it waits less for a lock than other connections do.
        self._connection = open_connection(path, timeout_s=5.0)
        self._connection.execute("PRAGMA query_only = ON")
        self._version = self._data_version()
        self._index = _open_descriptor(path.with_name(f"{path.name}-shm"))
        """SQLite's own descriptor of the WAL index, until the connection is closed."""
        self._head = b""
        """Head of the WAL index at the last look."""
        (newest,) = self._connection.execute('SELECT max(id) FROM "Event"').fetchone()
        super().__init__(newest or 0)
        self.commit_number = self._version

    async def close(self) -> None:
        self._index = None
        self._connection.close()

    async def look(self) -> bool:
        """Publish all earlier acknowledged commits; return whether that succeeded."""
        return self._ask(self._read_head())

    async def catch_up(self) -> bool:
        """Publish all commits that an answer must include; return whether that succeeded.

        The requests of a turn of the loop share a look. They arrived before the turn, and bytes
        that arrive during it are read in the next turn, after the reset.
        """
        if self._seen_commits is not None and self._seen_commits == self._commits():
            return True
        asyncio.get_running_loop().call_soon(self._begin_turn)  # Before the look.
        commits = self._commits()
        is_current = self.catch_up_at_once()
        self._seen_commits = commits if is_current else None
        return is_current

    def _begin_turn(self) -> None:
        self._seen_commits = None

    def catch_up_at_once(self) -> bool:
        """Publish all earlier acknowledged commits, on the loop; return whether that succeeded."""
        head = self._read_head()
        return head == self._head != b"" or self._ask(head)

    def _read_head(self) -> bytes:
        try:
            return os.pread(self._index, 48, 0) if self._index is not None else b""
        except OSError:
            return b""

    def _ask(self, head: bytes) -> bool:
        """Publish the commits that a statement sees; `head` was read before it."""
        try:
            version = self._data_version()
            if version != self._version:
                following = (
                    'SELECT id, kind, user_id, tweet_id, count FROM "Event" WHERE id > ?'
                    " ORDER BY id LIMIT 1000"
                )
                while rows := self._connection.execute(following, (self.newest,)).fetchall():
                    self._publish([Change(*row) for row in rows])
                self._version = self.commit_number = version
                if self._read_head() == self._head:
                    # Reading shows no memory that is mapped, as on the file system 9P.
                    self._index, head = None, b""
            self._head = head if head.startswith(WAL_INDEX_VERSION) else b""
        except sqlite3.Error as error:
            self._failure = error
            return False
        return True

    def read_at_once(self, statement: str, *values: object) -> Sequence[Sequence[Any]] | None:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error:
            return None  # A session says what is wrong.

    def _data_version(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)


def _open_descriptor(path: Path) -> int | None:
    """Return this process's descriptor of an open file; None if the system cannot tell.

    To open the file anew and close it would release SQLite's locks of it.
    """
    with contextlib.suppress(OSError):
        wanted = path.stat()
        for name in os.listdir("/dev/fd"):
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(int(name)), wanted):
                    return int(name)
    return None
