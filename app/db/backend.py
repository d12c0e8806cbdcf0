"""The interface of a database, for everything that differs between SQLite and PostgreSQL."""

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
    Update,
    bindparam,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.db.feed import Feed
from app.db.indexes import Vector, WordIndex
from app.errors import AppError
from app.models import Base

INFO: Final = "backend"
SHIPPED: Final = "shipped"
"""Key in a session's `info` for whether the shipped authors count."""
UNTRACKED: Final = {"synchronize_session": False}
"""Option of a statement whose rows no object of the session maps."""
MOST_VALUES: Final = 400
"""Values in a statement; SQLite allows 1,000 terms and, in older builds, 999 values."""
COMPACT_WAIT_S: Final = 60.0

Item = TypeVar("Item")
ColumnLike = Column[Any] | InstrumentedAttribute[Any]

IsHeld = Callable[[AsyncSession], Awaitable[bool]]
"""Returns whether a lock is still held, as the session's transaction sees it."""


class Sessions(Protocol):
    """A source of sessions: a database, or a grant to work alone."""

    def read(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def write(
        self, *, on_commit: Callable[[], None] = ...
    ) -> AbstractAsyncContextManager[AsyncSession]: ...


class Backend(Protocol):
    """A database, which opens its first connection when it is used."""

    name: str
    """The database's name in messages, without the secrets of its URL."""
    is_shared: bool
    engine: AsyncEngine
    readers: AsyncEngine
    """Engine whose transactions see one state of the database, and only read."""
    words: WordIndex
    insert: Callable[[type[Base] | Table], Any]
    """Returns an INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    as_app_error: Callable[[BaseException], AppError | None]
    """Returns the app's error for a driver's error that a caller can handle, else None."""
    nearest: Callable[
        [AsyncSession, Select[int, Vector], Vector, int], Awaitable[list[tuple[float, int]]]
    ]
    """Returns cosine and id of a query's rows nearest to a vector, (d,) float32 of length one.

    The last argument limits the rows; of equal rows the newest come first.
    """
    likes: ColumnElement[int]
    """A post's number of likes, as in the index of the most liked posts."""
    collected: Callable[[ColumnElement[Any]], ColumnElement[str]]
    """Returns all values of a column as one JSON list, in row order, much faster than as rows."""
    hours_after: Callable[[SQLColumnExpression[Any], int], ColumnElement[datetime]]
    """Returns the time this number of hours after a column's time, for comparisons."""
    size: str
    texts: str
    newest_of_each: str
    """FROM clause of authors ("Users") with at most `limit` of their newest posts ("Tweet").

    `keys` is a JSON list of case-folded names; an author without posts has a row with NULLs.
    """

    def writing(self, *, timeout_s: float) -> AbstractAsyncContextManager[None]:
        """Hold this process's turn to write. Raises TimeoutError."""

    async def begin_write(self, session: AsyncSession, *, timeout_s: float) -> None:
        """Make the session's transaction the only writer among all processes.

        Raises an error known to `as_app_error` after `timeout_s`.
        """
        return

    async def commit(self, session: AsyncSession) -> None:
        """Commit within the time limit of a request."""
        await session.commit()

    def exclusive(self, work: str) -> AbstractAsyncContextManager[IsHeld | None]:
        """Hold the lock of a kind of work until the block or the process ends.

        Yields None if another process holds it.
        """

    async def open_feed(self, commits: Callable[[], int]) -> Feed:
        """Begin to read the log; `commits` returns the number of this process's commits."""

    async def allocate_ids(
        self, session: AsyncSession, counts: Mapping[type[Base], int]
    ) -> list[Sequence[int]]:
        """Return the next ids of each table, ascending; no id is allocated twice."""

    def listed(self, rows: Sequence[Sequence[Any]], *columns: ColumnLike) -> Subquery:
        """Return a table of the rows for a join, like `columns`, passed as one JSON value.

        For `IN` with a list of pairs, SQLite would use no index.
        """

    async def find_damage(self, session: AsyncSession) -> list[str]:
        """Return a sentence for each damage of the files; a server checks its own files."""
        return []

    def compact(self) -> None:
        """Remove deleted data and abandoned copies from the disk. Raises StartError.

        Call it without an event loop.
        """

    async def close(self) -> None: ...

    # Migrations run in a thread or program without an event loop.

    def prepare_files(self) -> None:
        """Create the database's folder and files, if it has any. Raises StartError."""
        return

    def current_revision(self) -> str | None:
        """Return the revision of the tables, None before the first.

        Raises StartError if the database cannot be reached, or belongs to another program.
        """

    def migrations(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a connection for migrations, in one process at a time."""


def backend_of(session: AsyncSession) -> Backend:
    return cast(Backend, session.info[INFO])


def counts_shipped(session: AsyncSession) -> bool:
    """Return whether the shipped authors count among everyone else."""
    return bool(session.info[SHIPPED])


def is_among(
    session: AsyncSession, column: ColumnLike, values: Iterable[Any]
) -> ColumnElement[bool]:
    """Return whether a column's value is among thousands of values, passed as one JSON value."""
    return column.in_(
        select(backend_of(session).listed([(element,) for element in values], column))
    )


async def allocate_ids(session: AsyncSession, model: type[Base], count: int) -> Sequence[int]:
    """Return the next `count` ids of the table, for a session that may write.

    Rows and their event can thus name each other before the insert.
    """
    (ids,) = await backend_of(session).allocate_ids(session, {model: count})
    return ids


async def insert_rows(
    session: AsyncSession,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    adds_to: str | None = None,
) -> None:
    """Insert rows of equal columns with one statement.

    If a row with the same key exists, its column `adds_to` is raised by the value of the new row.
    """
    insert, table = backend_of(session).insert, table_of(model)
    # From 20 rows on they are one JSON value, which takes the event loop a third of the time.
    if len(rows) < 20:
        if rows:
            await session.execute(_inserting(insert, table, adds_to), rows)
        return
    names = list(rows[0])
    values = list(map(itemgetter(*names), rows))
    listed = backend_of(session).listed(values, *(table.c[name] for name in names))
    # WHERE true, since SQLite would read ON CONFLICT after a plain query as part of a join.
    statement = insert(table).from_select(names, select(listed).where(true()))
    await session.execute(_adding(statement, table, adds_to))


@cache
def _inserting(insert: Callable[[Table], Any], table: Table, adds_to: str | None) -> Executable:
    # Cached, since making the statement takes as long as executing it.
    return _adding(insert(table), table, adds_to)


def _adding(statement: Any, table: Table, adds_to: str | None) -> Executable:
    if adds_to is not None:
        total = table.c[adds_to] + statement.excluded[adds_to]
        statement = statement.on_conflict_do_update(
            index_elements=table.primary_key, set_={adds_to: total}
        )
    return cast(Executable, statement)


@cache
def update_by_id(model: type[Base]) -> Update:
    """Return the UPDATE of many rows by their ids, which are passed as `changed`."""
    table = table_of(model)
    return update(table).where(table.c.id == bindparam("changed"))


def table_of(model: type[Base]) -> Table:
    return cast(Table, model.__table__)


def as_json(
    rows: Sequence[Sequence[Any]], columns: Sequence[ColumnLike], dialect: Dialect
) -> BindParameter[str]:
    """Return the rows as one JSON value of a statement: lists, or plain values for one column.

    The dialect decides how times are written.
    """
    written = [list(row) for row in rows]
    for place, column in enumerate(columns):
        if process := column.type.dialect_impl(dialect).bind_processor(dialect):
            process = cache(process)  # Posts that arrive together have the same time.
            for row in written:
                row[place] = process(row[place])
    listed = written if len(columns) > 1 else [value for (value,) in written]
    return bindparam("listed", msgspec.json.encode(listed).decode(), unique=True)


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in order, in parts of at most `MOST_VALUES`."""
    for start in range(0, len(items), MOST_VALUES):
        yield items[start : start + MOST_VALUES]
