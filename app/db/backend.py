"""The protocol of a database, for all that differs between SQLite and PostgreSQL."""

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar, cast

from sqlalchemy import ColumnElement, SQLColumnExpression, Subquery, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from app.db.feed import Feed
from app.db.vectors import Ask, Nearest
from app.db.word_index import Expression, IndexedPost, TermCount
from app.errors import AppError, StartError
from app.models import MAX_ID, Base

INFO: Final = "backend"
"""The key under which a session keeps its backend."""
MOST_VALUES: Final = 400
"""SQLite takes expressions of 1,000 terms and, in older builds, 999 values a statement."""

Item = TypeVar("Item")


class Sessions(Protocol):
    """Opens sessions: a database, or a grant of a lease."""

    def read(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def write(self) -> AbstractAsyncContextManager[AsyncSession]: ...


class Backend(Protocol):
    """One database; nothing is opened before it is used."""

    name: str
    """The database's name in messages, without the secrets of its address."""
    engine: AsyncEngine
    """Its transactions may write."""
    readers: AsyncEngine
    """Its transactions see one state of the database, and only read."""
    newest_of_each: str
    """Query for the columns of a post and its author's id: of authors, `user_ids` as JSON, the
    newest posts of each, `limit` of them at most."""

    @property
    def words(self) -> "WordIndex": ...

    def vector_index(self, db: Sessions, model: str) -> "VectorIndex":
        """Return the index of the vectors that a model made."""

    async def forget_vectors(self, session: AsyncSession, set_ids: Sequence[int] = ()) -> None:
        """Remove the indexes of these sets of vectors, and files, which can be made again."""

    def writing(self, *, timeout_s: float) -> AbstractAsyncContextManager[None]:
        """Wait for a turn to write. Raises TimeoutError."""

    async def begin_write(self, session: AsyncSession, *, timeout_s: float) -> None:
        """Let the session's transaction be the only one of this program that writes.

        Raises what `as_app_error` knows if the turn does not come within `timeout_s`.
        """

    def wake_others(self) -> None:
        """Wake other processes after a commit, unless the commit itself does."""

    async def open_feed(self, commits: Callable[[], int]) -> Feed:
        """Follow the log; `commits` counts this process's own commits."""

    def as_app_error(self, error: BaseException) -> AppError | None:
        """Return the app's error for a driver's error that a caller can act on."""

    def insert(self, model: type[Base]) -> Any:
        """Return an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""

    async def allocate_ids(
        self, session: AsyncSession, model: type[Base], count: int
    ) -> Sequence[int]:
        """Return the next ids of the table, ascending; no id is given out twice."""

    def shared_time(self, ago: timedelta = timedelta(0)) -> ColumnElement[datetime]:
        """Return the time so long ago, by the one clock that all processes share."""

    async def find_damage(self, session: AsyncSession) -> list[str]:
        """Return a sentence for each damage of the files."""

    def compact(self) -> None:
        """Remove deleted data and abandoned copies from the disk; without an event loop.

        Raises StartError.
        """

    def scratch_copy(self) -> AbstractAsyncContextManager[str]:
        """Give the URL of a temporary copy."""

    async def close(self) -> None: ...

    # Migrations run in a thread or program without an event loop.

    def prepare_place(self) -> None:
        """Make the folder and files of the database, and check its server. Raises StartError."""

    def current_revision(self) -> str | None:
        """Return the revision that the tables are at, None before the first.

        Raises StartError if it cannot be reached, or belongs to another program.
        """

    def migrations(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a connection for migrations; only one process at a time migrates."""


class WordIndex(Protocol):
    """Finds posts by their terms, the same on both databases."""

    async def add(self, session: AsyncSession, posts: Sequence[IndexedPost]) -> None:
        """Index posts that the session has just stored; a deletion needs no call."""

    postings: str
    """Query for the ids of posts that match `:{term}`, the newest first."""

    def render(self, expression: Expression) -> str:
        """Return the expression in the query language of the database."""

    def matching(
        self,
        expression: Expression,
        without: Sequence[Expression] = (),
        *,
        user_id: int | None = None,
        before: int = MAX_ID + 1,
    ) -> Subquery:
        """Return the ids below `before` of posts with the expression and nothing of `without`.

        `user_id`: only this author's.
        """

    def vocabulary(self, db: Sessions, page: int) -> AsyncGenerator[list[TermCount], None]:
        """Yield pages of all terms of the index, in the order of code points."""

    def among(self, column: SQLColumnExpression[str], values: Sequence[str]) -> ColumnElement[bool]:
        """Return the condition that the column is one of very many values."""

    async def rebuild(self, session: AsyncSession) -> None:
        """Rebuild the index, in a session that may write."""

    async def find_faults(self, session: AsyncSession) -> list[str]:
        """Compare the index with the posts, in a session that may write."""


class VectorIndex(Protocol):
    """Finds the posts nearest to a vector, among those of one model."""

    async def nearest(self, ask: Ask) -> Nearest:
        """Return the nearest posts. Raises OtherLengthError."""

    async def follow(self) -> None:
        """Update the searched files of this machine from the table."""

    async def is_due(self, session: AsyncSession) -> bool:
        """Return whether the database itself lacks an index of the vectors."""

    async def build(self) -> None:
        """Make that index; only one process at a time may."""

    async def close(self) -> None:
        """Finish the queries under way."""


def backend_for(url: str, *, durability: str = "full") -> Backend:
    """Return the backend of the URL. Raises StartError if its driver is not installed."""
    if make_url(url).get_backend_name() == "postgresql":
        try:
            from app.db.postgresql import PostgresqlBackend
        except ModuleNotFoundError as error:
            detail = f"PostgreSQL needs {error.name}; run: pip install 'saywho[postgresql]'"
            raise StartError(detail) from error

        return PostgresqlBackend(url, durability=durability)
    from app.db.sqlite import SqliteBackend

    return SqliteBackend(url, durability=durability)


def backend_of(session: AsyncSession) -> Backend:
    """Return the backend whose session it is."""
    return cast(Backend, session.info[INFO])


async def allocate_ids(session: AsyncSession, model: type[Base], count: int) -> Sequence[int]:
    """Return the next `count` ids of the table, for a session that may write.

    Ids are known before the insert, so that rows and their event can name each other.
    """
    return await backend_of(session).allocate_ids(session, model, count)


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in order, in parts that one statement can name."""
    for start in range(0, len(items), MOST_VALUES):
        yield items[start : start + MOST_VALUES]
