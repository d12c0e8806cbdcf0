"""The interface of a database, for all that differs between SQLite and PostgreSQL."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, Final, Protocol, TypeVar, cast

import msgspec
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Dialect,
    Executable,
    Select,
    SQLColumnExpression,
    Subquery,
    Table,
    bindparam,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.db.feed import Feed
from app.db.indexes import Vector, WordIndex
from app.errors import AppError
from app.models import Base

INFO: Final = "backend"
"""The key under which a session keeps its backend."""
SHIPPED: Final = "shipped"
"""The key for whether the authors who come with the program count."""
MOST_VALUES: Final = 400
"""SQLite takes expressions of 1,000 terms and, in older builds, 999 values a statement."""
COMPACT_WAIT_S: Final = 60.0
"""Seconds that a vacuum waits for other users of the database."""
FEW_ROWS: Final = 20
"""Rows that are inserted as values of their own."""

Item = TypeVar("Item")
ColumnLike = Column[Any] | InstrumentedAttribute[Any]

IsHeld = Callable[[AsyncSession], Awaitable[bool]]
"""Returns whether a lock is still held, as the transaction of the session sees it."""


class Sessions(Protocol):
    """Opens sessions: a database, or a grant to work alone."""

    def read(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def write(
        self, *, on_commit: Callable[[], None] = ...
    ) -> AbstractAsyncContextManager[AsyncSession]: ...


class Backend(Protocol):
    """One database; nothing is opened before it is used."""

    name: str
    """The database's name in messages, without the secrets of its address."""
    is_shared: bool
    """Whether machines with data folders of their own may use it."""
    engine: AsyncEngine
    """Its transactions may write."""
    readers: AsyncEngine
    """Its transactions see one state of the database, and only read."""
    words: WordIndex
    insert: Callable[[type[Base] | Table], Any]
    """Returns an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    as_app_error: Callable[[BaseException], AppError | None]
    """Returns the app's error for a driver's error that a caller can act on."""
    nearest: Callable[
        [AsyncSession, Select[int, Vector], Vector, int], Awaitable[list[tuple[float, int]]]
    ]
    """Returns cosine and id of the rows of a query that are nearest to a vector of length one.

    So many at most; of equal ones the newest come first."""
    likes: ColumnElement[int]
    """How often a post was liked, as the index of the posts liked most has it."""
    collected: Callable[[ColumnElement[Any]], ColumnElement[str]]
    """Returns all values of a column as one value, a JSON list in the order of the rows.

    Thousands of texts come so in a fraction of the time of as many rows."""
    hours_after: Callable[[SQLColumnExpression[Any], int], ColumnElement[datetime]]
    """Returns the time so many hours after the one of a column, to compare with others."""
    size: str
    """Query for the size of the database in bytes."""
    texts: str
    """Query for the texts of a JSON list, `:texts`."""
    newest_of_each: str
    """The end of a query, from its FROM on: authors ("Users"), by their case-folded names as JSON,
    `keys`, each with the newest posts ("Tweet"), `limit` of them at most, or with one that is
    null."""

    def writing(self, *, timeout_s: float) -> AbstractAsyncContextManager[None]:
        """Wait for a turn to write. Raises TimeoutError."""

    async def begin_write(self, session: AsyncSession, *, timeout_s: float) -> None:
        """Make the session's transaction the only one of this program that writes.

        Raises what `as_app_error` knows if the turn does not come within `timeout_s`.
        """
        return

    async def commit(self, session: AsyncSession) -> None:
        """Commit, within the time that a request may take."""
        await session.commit()

    def exclusive(self, work: str) -> AbstractAsyncContextManager[IsHeld | None]:
        """Hold the lock of a kind of work, until the block or the process ends.

        Give None where somebody else holds it.
        """

    async def open_feed(self, commits: Callable[[], int]) -> Feed:
        """Begin to read the log; `commits` counts this process's own commits."""

    async def allocate_ids(
        self, session: AsyncSession, counts: Mapping[type[Base], int]
    ) -> list[Sequence[int]]:
        """Return the next ids of each table, ascending; no id is allocated twice."""

    def listed(self, rows: Sequence[Sequence[Any]], *columns: ColumnLike) -> Subquery:
        """Return a table of the rows, which a statement can join; it is one value, as JSON.

        Its columns have the names and types of `columns`. On a list of pairs, as in `IN`, SQLite
        would use no index.
        """

    async def find_damage(self, session: AsyncSession) -> list[str]:
        """Return a sentence for each damage of the files, unless a server checks its own."""
        return []

    def compact(self) -> None:
        """Remove deleted data and abandoned copies from the disk; without an event loop.

        Raises StartError.
        """

    async def close(self) -> None: ...

    # Migrations run in a thread or program without an event loop.

    def prepare_files(self) -> None:
        """Make the folder and files of the database, where it has any. Raises StartError."""
        return

    def current_revision(self) -> str | None:
        """Return the revision that the tables are at, None before the first.

        Raises StartError if it cannot be reached, or belongs to another program.
        """

    def migrations(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a connection for migrations; only one process at a time migrates."""


def backend_of(session: AsyncSession) -> Backend:
    """Return the backend whose session it is."""
    return cast(Backend, session.info[INFO])


def counts_shipped(session: AsyncSession) -> bool:
    """Return whether the authors who come with the program count among everybody else."""
    return bool(session.info[SHIPPED])


def is_among(
    session: AsyncSession, column: ColumnLike, values: Iterable[Any]
) -> ColumnElement[bool]:
    """Return whether a column has one of thousands of values, which are one value, as JSON."""
    return column.in_(
        select(backend_of(session).listed([(element,) for element in values], column))
    )


async def allocate_ids(session: AsyncSession, model: type[Base], count: int) -> Sequence[int]:
    """Return the next `count` ids of the table, for a session that may write.

    Ids are known before the insert, so that rows and their event can name each other.
    """
    (ids,) = await backend_of(session).allocate_ids(session, {model: count})
    return ids


async def insert_rows(
    session: AsyncSession,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    resolve: Callable[[Any], Any] = lambda statement: statement,
) -> None:
    """Insert rows of equal columns by one statement; `resolve` says what is done with known ones.

    Many are one value: the database takes it apart, in a third of the time of the event loop.
    """
    insert = backend_of(session).insert
    if len(rows) < FEW_ROWS:
        if rows:
            await session.execute(_inserting(insert, table, resolve), rows)
        return
    names = list(rows[0])
    values = list(map(itemgetter(*names), rows))
    listed = backend_of(session).listed(values, *(table.c[name] for name in names))
    # SQLite reads ON after a query without WHERE as part of a join.
    await session.execute(resolve(insert(table).from_select(names, select(listed).where(true()))))


@cache
def _inserting(
    insert: Callable[[Table], Any], table: Table, resolve: Callable[[Any], Any]
) -> Executable:
    """Return the statement, made once: that takes as long as to execute it."""
    statement: Executable = resolve(insert(table))
    return statement


def as_json(
    rows: Sequence[Sequence[Any]], columns: Sequence[ColumnLike], dialect: Dialect
) -> BindParameter[str]:
    """Return the rows as one value of a statement; of one column alone their values.

    The dialect knows how it writes times.
    """
    written = [list(row) for row in rows]
    for place, column in enumerate(columns):
        if process := column.type.dialect_impl(dialect).bind_processor(dialect):
            process = cache(process)  # Posts that arrive together have one time.
            for row in written:
                row[place] = process(row[place])
    listed = written if len(columns) > 1 else [value for (value,) in written]
    return bindparam("listed", msgspec.json.encode(listed).decode(), unique=True)


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in order, in parts that one statement can name."""
    for start in range(0, len(items), MOST_VALUES):
        yield items[start : start + MOST_VALUES]
