"""The interface of a database and its word index, for all differences of SQLite and PostgreSQL."""

from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final, NamedTuple, Protocol, TypeVar, cast

import msgspec
import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from app.db.feed import Feed
from app.errors import AppError
from app.models import MAX_ID, Base
from saywho import words

OpenSession = Callable[[], AbstractAsyncContextManager[AsyncSession]]
AUTHOR_MARK: Final = "\ue000"
"""First character of the term of a post's author, which no text has."""


class _Described(msgspec.Struct):
    alt: str | None = None


_decoder = msgspec.json.Decoder(list[_Described])


def searched_text(text: str, media: str | None) -> str:
    """Return a post's searched text: text, and a line by media description."""
    if not media or '"alt"' not in media:
        return text
    return "\n".join([text, *(medium.alt for medium in _decoder.decode(media) if medium.alt)])


def index_terms(text: str, user_id: int, media: str | None = None) -> str:
    """Return a post's terms, then the author's, joined by blanks."""
    return f"{words.index_terms(searched_text(text, media))} {author_term(user_id)}"


def author_term(user_id: int) -> str:
    return f"{AUTHOR_MARK}{user_id}"


@dataclass(frozen=True, slots=True)
class Terms:
    """Consecutive terms; with `is_prefix` the last may continue."""

    terms: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    of: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    of: tuple["Expression", ...]


Expression = Terms | AllOf | AnyOf


class IndexedPost(NamedTuple):
    id: int
    user_id: int
    text: str
    media: str | None


class TermCount(NamedTuple):
    """A term, with its number of posts and occurrences."""

    term: str
    doc: int
    cnt: int


Vector = NDArray[np.float32]


class WordIndex(Protocol):
    """The index of posts' terms, with equal results on both databases."""

    postings: str
    """Query for ids of posts that match `:{term}`, including deleted authors'."""
    matched: sa.TextClause
    conjunction: str
    either: str
    neither: str

    async def add(self, session: AsyncSession, posts: Iterable[IndexedPost]) -> None:
        """Index new posts of the session, unless a trigger does, as always for deletions."""
        return

    async def renew(self, session: AsyncSession, ids: Sequence[int]) -> None:
        """Index posts again after changes of media, unless a trigger does."""
        return

    def render_terms(self, expression: Terms) -> str:
        """Return consecutive terms in the database's query language."""

    def render(self, expression: Expression) -> str:
        if isinstance(expression, Terms):
            return self.render_terms(expression)
        operator = self.conjunction if isinstance(expression, AllOf) else self.either
        return "(" + operator.join(dict.fromkeys(map(self.render, expression.of))) + ")"

    def matching(
        self,
        expression: Expression,
        without: Sequence[Expression] = (),
        *,
        user_id: int | None = None,
        before: int = MAX_ID + 1,
    ) -> sa.Subquery:
        """Return ids below `before` of posts with the expression and nothing of `without`.

        user_id: the posts' author; None for all.
        """
        if user_id is not None:
            expression = AllOf((expression, Terms((author_term(user_id),))))
        match = self.render(expression)
        if without:
            match += self.neither + self.render(AnyOf(tuple(without)))
        bound = self.matched.bindparams(sa.bindparam("match", match, unique=True), before=before)
        return bound.columns(sa.column("id", sa.BigInteger)).subquery("found")

    def vocabulary(self, read: OpenSession, page: int) -> AsyncGenerator[list[TermCount], None]:
        """Yield pages of all terms, in the order of code points."""

    async def rebuild(self, session: AsyncSession) -> None:
        """Rebuild the index, in a session that may write."""

    async def find_faults(self, session: AsyncSession) -> list[str]:
        """Compare the index with the posts, in a session that may write."""


INFO: Final = "backend"
SHIPPED: Final = "shipped"
"""Key in a session's `info`: whether the shipped authors count."""
LONG: Final = "long"
"""Key in a session's `info`: whether it may count for long, since it was opened in its turn."""
UNTRACKED: Final = {"synchronize_session": False}
"""Option of a statement whose rows no object maps."""
FEWEST_IN_JSON: Final = 20
"""Rows that are inserted as one JSON value, which takes the event loop a third of the time."""
MOST_VALUES: Final = 400
"""Values in a statement; SQLite allows 1,000 terms, or in older builds 999 values."""
COMPACT_WAIT_S: Final = 60.0

Item = TypeVar("Item")
ColumnLike = sa.Column[Any] | InstrumentedAttribute[Any]

IsHeld = Callable[[AsyncSession], Awaitable[bool]]
"""Returns whether a lock is still held, as the transaction sees it."""


class Readable(Protocol):
    """A source of sessions that read: a database, or one chat of it."""

    def read(self) -> AbstractAsyncContextManager[AsyncSession]: ...


class Sessions(Readable, Protocol):
    """A source of sessions: a database, or a grant."""

    def read_chat(self, room_id: int) -> AbstractAsyncContextManager[AsyncSession]: ...

    def write(
        self, *, on_commit: Callable[[], None] = ...
    ) -> AbstractAsyncContextManager[AsyncSession]: ...


class Backend(Protocol):
    """A database, which connects at its first use."""

    name: str
    """The database's name in messages, without its URL's secrets."""
    is_shared: bool
    is_closed: bool = False
    """Whether a file is read in a folder that cannot be written."""
    engine: AsyncEngine
    readers: AsyncEngine
    """Engine of transactions that see one state, and only read."""
    chat_readers: AsyncEngine
    """The same for transactions that see one chat (`begin_read`)."""
    words: WordIndex
    insert: Callable[[type[Base] | sa.Table], Any]
    """Returns an INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    rows_in: Callable[..., sa.Subquery]
    """Returns the table of the rows in a value of `as_json`, the first argument, for columns."""
    as_app_error: Callable[[BaseException], AppError | None]
    """Returns the app's error for a driver's that callers can handle, else None."""
    begin_read: Callable[[sa.Connection, int | None], None]
    """Prepares a transaction of `readers`, or of `chat_readers`, which sees the chat of that ID."""
    nearest: Callable[
        [AsyncSession, sa.Select[int, Vector], Vector, int], Awaitable[list[tuple[float, int]]]
    ]
    """Returns cosine and id of a query's rows nearest to a vector, (d,) float32 of length one.

    The last argument limits the rows; equal rows are newest first.
    """
    likes: sa.ColumnElement[int]
    """A post's likes, as in the index of most liked posts."""
    length: Callable[[sa.SQLColumnExpression[Any]], sa.ColumnElement[int]]
    """Returns the number of values of a JSON list."""
    collected: Callable[[sa.ColumnElement[Any]], sa.ColumnElement[str]]
    """Returns a column's values as one JSON list in row order, much faster than rows."""
    hours_after: Callable[[sa.SQLColumnExpression[Any], int], sa.ColumnElement[datetime]]
    """Returns the time this many hours after a column's, for comparisons."""
    seconds_after: Callable[[sa.SQLColumnExpression[Any], int], sa.ColumnElement[datetime]]
    """Returns the time this many seconds after a column's, as it is stored."""
    is_loud: Callable[[sa.SQLColumnExpression[Any]], sa.ColumnElement[bool]]
    """Returns whether a text is in capitals (`saywho/people/signs.py`)."""
    size: str
    texts: str
    newest_of_each: str
    """FROM clause of authors ("Users"), `keys` as JSON list of case-folded names (asked.value), a
    joined name meaning its author, with up to `limit` newest posts ("Tweet") or NULLs.
    """

    def writing(self, *, timeout_s: float) -> AbstractAsyncContextManager[None]:
        """Hold this process's turn to write. Raises TimeoutError."""

    async def begin_write(self, session: AsyncSession, *, timeout_s: float) -> None:
        """Make the transaction the only writer of all processes, or after `timeout_s` raise an
        error of `as_app_error`.
        """
        return

    async def commit(self, session: AsyncSession) -> None:
        """Commit within a request's time limit."""
        await session.commit()

    def exclusive(self, work: str) -> AbstractAsyncContextManager[IsHeld | None]:
        """Hold the lock of a kind of work until the block or process ends; yield None if another
        holds it.
        """

    async def open_feed(self, commits: Callable[[], int]) -> Feed:
        """Begin to read the log; `commits` returns this process's number of commits."""

    async def allocate_ids(
        self, session: AsyncSession, counts: Mapping[type[Base], int]
    ) -> list[Sequence[int]]:
        """Return each table's next ids, ascending; no id is allocated twice."""

    def listed(self, rows: Sequence[Sequence[Any]], *columns: ColumnLike) -> sa.Subquery:
        """Return a table of rows with `columns` for a join, as one JSON value; SQLite's `IN` of
        pairs would use no index.
        """
        value = as_json(rows, columns, self.engine.dialect)
        return self.rows_in(sa.bindparam("listed", value, unique=True), *columns)

    async def find_damage(self, session: AsyncSession) -> list[str]:
        """Return a sentence for each damage; a server checks its own files."""
        return []

    async def find_additions(self, session: AsyncSession) -> list[str]:
        """Return the kind and name of each object on a server that saywho did not create."""
        return []

    def compact(self) -> None:
        """Remove deleted data and abandoned copies from the disk, without an event loop. Raises
        StartError.
        """

    async def clear_log(self) -> bool:
        """Remove deleted rows from the log of writes, unless a reader needs it; return whether that
        was done. A server keeps its own log.
        """
        return True

    async def close(self) -> None: ...

    # Migrations run in a thread or program without an event loop.

    def prepare_files(self) -> None:
        """Create the database's folder and files, if any. Raises StartError."""
        return

    def current_revision(self) -> str | None:
        """Return the tables' revision, None before the first.

        Raises StartError if the database cannot be reached, or is another program's.
        """

    def refuse_foreign(self) -> None:
        """Raise StartError for an object in a file that could change stored data, and that saywho
        did not create.
        """
        return

    def migrations(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a connection for migrations, in one process at a time."""


def backend_of(session: AsyncSession) -> Backend:
    return cast(Backend, session.info[INFO])


def counts_shipped(session: AsyncSession) -> bool:
    """Return whether shipped authors count among everyone else."""
    return bool(session.info[SHIPPED])


def is_among(
    session: AsyncSession, column: ColumnLike, values: Iterable[Any]
) -> sa.ColumnElement[bool]:
    """Return whether a column's value is among thousands, passed as one JSON value."""
    return column.in_(
        sa.select(backend_of(session).listed([(element,) for element in values], column))
    )


async def allocate_ids(session: AsyncSession, model: type[Base], count: int) -> Sequence[int]:
    """Return the table's next `count` ids for a writing session, so that rows and their event can
    name each other.
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
    """Insert rows of equal columns by one statement; an existing row with the key has its column
    `adds_to` raised by the new value.
    """
    if len(rows) >= FEWEST_IN_JSON:
        columns = {name: [*map(itemgetter(name), rows)] for name in rows[0]}
        await insert_columns(session, model, columns, adds_to=adds_to)
    elif rows:
        backend, table = backend_of(session), table_of(model)
        statement = _inserting(backend.insert, backend.rows_in, table, (), adds_to)
        await session.execute(statement, rows)


async def insert_columns(
    session: AsyncSession,
    model: type[Base],
    columns: Mapping[str, Sequence[Any]],
    *,
    adds_to: str | None = None,
) -> None:
    """Insert rows as `insert_rows` does, given as the values of each column."""
    backend, table = backend_of(session), table_of(model)
    size = len(next(iter(columns.values())))
    if size < FEWEST_IN_JSON:
        await insert_rows(session, model, rows_of(columns), adds_to=adds_to)
        return
    # A column without any value is left out, unless its default is another one than NULL.
    names = tuple(
        name
        for name, values in columns.items()
        if table.c[name].server_default or values.count(None) < size
    )
    statement = _inserting(backend.insert, backend.rows_in, table, names, adds_to)
    types, values = [table.c[name] for name in names], [columns[name] for name in names]
    listed = _columns_as_json(values, types, backend.engine.dialect)
    await session.execute(statement, {"listed": listed})


def rows_of(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@lru_cache(maxsize=64)
def _inserting(
    insert: Callable[[sa.Table], Any],
    rows_in: Callable[..., sa.Subquery],
    table: sa.Table,
    names: Sequence[str],
    adds_to: str | None,
) -> sa.Executable:
    # Cached, since making the statement takes as long as executing it.
    statement = insert(table).inline()  # Nobody asks for the key.
    if names:
        listed = rows_in(sa.bindparam("listed", type_=sa.Text), *(table.c[name] for name in names))
        # WHERE true, since SQLite would read ON CONFLICT after a plain query as part of a join.
        statement = statement.from_select(names, sa.select(listed).where(sa.true()))
    if adds_to is not None:
        total = table.c[adds_to] + statement.excluded[adds_to]
        statement = statement.on_conflict_do_update(
            index_elements=table.primary_key, set_={adds_to: total}
        )
    return cast(sa.Executable, statement)


@cache
def update_by_id(model: type[Base]) -> sa.Update:
    """Return the UPDATE of rows by ids, passed as `changed`."""
    table = table_of(model)
    return sa.update(table).where(table.c.id == sa.bindparam("changed"))


@cache
def table_of(model: type[Base]) -> sa.Table:
    return cast(sa.Table, model.__table__)


_JSON: Final = msgspec.json.Encoder()


def as_json(
    rows: Sequence[Sequence[Any]], columns: Sequence[ColumnLike], dialect: sa.Dialect
) -> str:
    """Return the rows as JSON, lists or one column's plain values, with the dialect's
    times.
    """
    return _columns_as_json([*zip(*rows, strict=True)], columns, dialect)


def _columns_as_json(
    values: Sequence[Sequence[Any]], columns: Sequence[ColumnLike], dialect: sa.Dialect
) -> str:
    written: list[Iterable[Any]] = [
        map(process, of_each) if (process := _writer(each.type, dialect)) else of_each
        for of_each, each in zip(values, columns, strict=bool(values))
    ]
    listed = [*zip(*written, strict=True)] if len(columns) > 1 else [*chain(*written)]
    encoded = bytearray()
    # Where memory is limited, `encode` (msgspec 0.22) would end the process.
    _JSON.encode_into(listed, encoded)
    return encoded.decode()


@lru_cache(maxsize=100)
def _writer(form: TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    process = form.dialect_impl(dialect).bind_processor(dialect)
    # Posts that arrive together have the same time, which several statements of a batch need.
    return lru_cache(maxsize=5_000)(process) if process else None


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in order, at most `MOST_VALUES` each."""
    for start in range(0, len(items), MOST_VALUES):
        yield items[start : start + MOST_VALUES]
