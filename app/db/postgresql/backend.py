"""PostgreSQL as a backend, for several machines or more writing than one file takes."""

import asyncio
import contextlib
import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar, cast
from zlib import crc32

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app.db.backend import COMPACT_WAIT_S, Backend, ColumnLike, IsHeld
from app.db.feed import Feed
from app.db.postgresql.connection import (
    DIALECT,
    END_VIEWS,
    FAILURES,
    UNLIMITED_S,
    WRITING,
    Connection,
    Connections,
    as_app_error,
    connect,
    has_sessions,
    make_engine,
    shown_name,
)
from app.db.postgresql.feed import PostgresqlFeed
from app.db.postgresql.tsvector import PostgresqlWords, nearest
from app.errors import AppError, StartError, UnavailableError, in_one_line
from app.models import Base
from app.runtime.work_pool import to_the_end
from saywho.people.signs import FEWEST_CAPITALS

for _table in Base.metadata.tables.values():
    for _index in _table.indexes:
        _index.dialect_kwargs["postgresql_where"] = _index.dialect_kwargs.get("sqlite_where")

Answer = TypeVar("Answer")
COMMIT_TIMEOUT_S: Final = 30.0
"""Time limit of a commit, below the driver's."""
_NEXT: Final = sa.text(
    "SELECT name, setval(CAST(name AS regclass), nextval(CAST(name AS regclass)) + ids - 1)"
    " FROM unnest(CAST(:names AS text[]), CAST(:counts AS bigint[])) AS asked (name, ids)"
    " WHERE ids > 0"
)

_OLDER_SNAPSHOTS: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND (
        datname = current_database() AND age(backend_xmin) > age($1::text::xid)
        OR age(backend_xid) > age($1::text::xid)
    )
"""
"""Number of transactions that still see deleted rows, which VACUUM would keep.

A running writer in any database of the server counts: later snapshots reach back to it.
"""

_ANEW: Final = """
    SELECT format('ALTER TABLE %I ALTER COLUMN %I TYPE %s', s.tablename, s.attname,
        format_type(a.atttypid, a.atttypmod))
        || coalesce((SELECT format(' COLLATE %I', collname) FROM pg_collation
            WHERE oid = a.attcollation AND collname <> 'default'), '')
    FROM pg_stats AS s
    JOIN pg_attribute AS a
        ON a.attrelid = to_regclass(format('%I', s.tablename)) AND a.attname = s.attname
    WHERE s.schemaname = current_schema() AND s.tablename = $1
"""
"""Query for statements that set columns to their own types, to drop samples of values."""


_ADDITIONS: Final = """
    WITH ours AS (SELECT current_schema()::regnamespace::oid AS id), elements AS (
        SELECT 'pg_class'::regclass AS of, c.oid AS id, c.relname AS name, CASE relkind
            WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' ELSE 'table'
        END AS kind
        FROM pg_class AS c JOIN ours ON relnamespace = ours.id
        WHERE relkind IN ('r', 'p', 'f', 'v', 'm') AND relname <> ALL (CAST(:names AS text[]))
    UNION ALL
        SELECT 'pg_proc'::regclass, p.oid, proname, 'function'
        FROM pg_proc AS p JOIN ours ON pronamespace = ours.id
    UNION ALL
        SELECT 'pg_trigger'::regclass, t.oid, format('%s on %s', tgname, relname), 'trigger'
        FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = tgrelid
        JOIN ours ON relnamespace = ours.id WHERE NOT tgisinternal
    UNION ALL
        SELECT 'pg_rewrite'::regclass, r.oid, format('%s on %s', rulename, relname), 'rule'
        FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = ev_class
        JOIN ours ON relnamespace = ours.id WHERE rulename <> '_RETURN'
    UNION ALL
        SELECT 'pg_policy'::regclass, p.oid, format('%s on %s', polname, relname), 'policy'
        FROM pg_policy AS p JOIN pg_class AS c ON c.oid = polrelid
        JOIN ours ON relnamespace = ours.id
    UNION ALL
        SELECT 'pg_event_trigger'::regclass, oid, evtname, 'event trigger' FROM pg_event_trigger
    )
    SELECT kind || ' ' || quote_literal(left(name, 60)) FROM elements WHERE NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = of AND objid = elements.id AND deptype = 'e'
    ) ORDER BY 1
"""
"""Query for objects of the schema that neither saywho nor an extension has created."""


def _is_loud(column: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[bool]:
    capitals, letters = (
        sa.func.length(sa.func.regexp_replace(column, f"[^[:{kind}:]]", "", "g"))
        for kind in ("upper", "alpha")
    )
    has_small = column.regexp_match("[[:lower:]]")
    return sa.and_(~has_small, capitals >= FEWEST_CAPITALS, 2 * capitals > letters)


class PostgresqlBackend(Backend):
    """A PostgreSQL server, whose writers take turns by an advisory lock."""

    is_shared = True
    likes = sa.literal_column(
        "CAST(CAST(\"Tweet\".counts AS json) ->> 'likes' AS bigint)", sa.BigInteger
    )
    length = staticmethod(lambda column: sa.func.json_array_length(sa.cast(column, sa.JSON)))
    collected = staticmethod(lambda column: sa.cast(sa.func.json_agg(column), sa.Text))
    is_loud = staticmethod(_is_loud)
    hours_after = staticmethod(lambda time, hours: time + sa.func.make_interval(0, 0, 0, 0, hours))
    seconds_after = staticmethod(
        lambda time, seconds: time + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    )
    size = "SELECT pg_database_size(current_database())"
    texts = "SELECT value FROM json_array_elements_text(CAST(CAST(:texts AS text) AS json))"
    newest_of_each = """
        FROM json_array_elements_text(CAST(CAST(:keys AS text) AS json)) AS asked
        JOIN "Users" AS named ON named.username_key = asked.value
        JOIN "Users" ON "Users".deleted_at IS NULL
            AND "Users".id = CASE
                WHEN named.deleted_at IS NULL THEN named.id ELSE named.joined_to_id
            END
        LEFT JOIN LATERAL (
            SELECT * FROM "Tweet" WHERE user_id = "Users".id
            ORDER BY created_at DESC NULLS LAST, id DESC LIMIT :limit
        ) AS "Tweet" ON true
    """
    nearest = staticmethod(nearest)
    insert = staticmethod(insert)
    as_app_error = staticmethod(as_app_error)
    words = PostgresqlWords()

    def __init__(self, url: str, *, durability: str) -> None:
        self._url = url
        self._needs_standby = durability == "replicated"
        self.name = shown_name(url)
        self._opened = Connections()
        self.engine = make_engine(url, durability=durability, opened=self._opened)
        self._chats = make_engine(url, durability=durability, opened=self._opened, of_chats=True)
        self.readers, self.chat_readers = (
            engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            for engine in (self.engine, self._chats)
        )
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def writing(self, *, timeout_s: float) -> AsyncIterator[None]:
        # Only one task of this process waits for the server's lock, so that the pool keeps
        # connections for the others.
        async with asyncio.timeout(timeout_s) as deadline:
            async with self._turn:
                deadline.reschedule(None)
                yield

    def begin_read(self, connection: sa.Connection, room_id: int | None) -> None:
        if room_id is not None:
            show = sa.text("SELECT set_config('saywho.chat', :room_id, true)")
            connection.execute(show, {"room_id": str(room_id)})

    async def begin_write(self, session: AsyncSession, *, timeout_s: float) -> None:
        # Ids are then in the order of commits, and data that a service has read stays valid until
        # its commit, as on SQLite. The lock ends with the transaction, however that ends.
        wait = f"{max(1, int(timeout_s * 1000))}ms"
        acquire = sa.text(
            "SELECT set_config('lock_timeout', :wait, true), pg_advisory_xact_lock(:key),"
            " current_setting('synchronous_standby_names') <> ''"
        )
        turn = (await session.execute(acquire, {"wait": wait, "key": WRITING})).one()
        if self._needs_standby and not turn[-1]:
            raise UnavailableError("The database has no synchronous standby", retry_after_s=30)

    @asynccontextmanager
    async def exclusive(self, work: str) -> AsyncIterator[IsHeld | None]:
        # A session's lock ends with the connection. The holder then stores nothing more, since each
        # write asks the server whether it still has the lock. It asks for a second lock with the
        # holder's random number: after a restart or a failover, another holder's session may have
        # the same process number.
        key, holder = crc32(work.encode()) >> 1, secrets.randbits(31)
        acquire = (
            "SELECT pg_try_advisory_lock(hashtext('saywho'), $1) AND pg_try_advisory_lock($1, $2)"
        )
        holds = sa.text(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"
            " AND classid = :work AND objid = :holder)"
        )
        connection = await connect(self._url, application_name=f"saywho {work}")
        try:
            try:
                is_free = await connection.fetchval(acquire, key, holder)
            except FAILURES as error:
                raise as_app_error(error) or error from error

            async def is_held(session: AsyncSession) -> bool:
                return bool(await session.scalar(holds, {"work": key, "holder": holder}))

            yield is_held if is_free else None
        finally:
            await to_the_end(_end(connection))

    async def commit(self, session: AsyncSession) -> None:
        # A commit may wait for a standby. If it is cancelled, for example by the driver's timeout,
        # the server keeps it and shows it as if the standby had it. If its connection is closed, it
        # goes on waiting, invisible and with its locks.
        connection = await (await session.connection()).get_raw_connection()
        driver = cast(Connection, connection.driver_connection)
        limit = asyncio.get_running_loop().call_later(COMMIT_TIMEOUT_S, driver.terminate)
        try:
            await session.commit()
        finally:
            limit.cancel()

    async def open_feed(self, commits: Callable[[], int]) -> Feed:
        feed = PostgresqlFeed(self._url, commits, on_move=self.drop_connections)
        await feed.open()
        return feed

    async def allocate_ids(
        self, session: AsyncSession, counts: Mapping[type[Base], int]
    ) -> list[Sequence[int]]:
        # The session holds the write lock, so no other process allocates between the two functions.
        names = [f'"{model.__tablename__}_id_seq"' for model in counts]
        values = {"names": names, "counts": list(counts.values())}
        last = dict(map(tuple, await session.execute(_NEXT, values)))
        ends = [last.get(name, 0) + 1 for name in names]
        return [range(end - n, end) for end, n in zip(ends, counts.values(), strict=True)]

    @staticmethod
    def rows_in(listed: sa.BindParameter[str], *columns: ColumnLike) -> sa.Subquery:
        value = sa.cast(sa.cast(listed, sa.Text), sa.JSON)
        if len(columns) == 1:
            (column,) = columns
            element = sa.func.json_array_elements_text(value).table_valued("value")
            return sa.select(sa.cast(element.c.value, column.type).label(column.key)).subquery()
        element = sa.func.json_array_elements(value).table_valued("value")
        fields = (
            sa.cast(element.c.value.op("->>")(place), column.type).label(column.key)
            for place, column in enumerate(columns)
        )
        return sa.select(*fields).subquery()

    async def find_additions(self, session: AsyncSession) -> list[str]:
        names = [*Base.metadata.tables, "TweetWords", "alembic_version"]
        return list(await session.scalars(sa.text(_ADDITIONS), {"names": names}))

    def compact(self) -> None:
        asyncio.run(self._ask(_vacuum))

    async def close(self) -> None:
        await self.engine.dispose()
        await self._chats.dispose()
        self.drop_connections()

    def drop_connections(self, before: float = math.inf) -> None:
        """Close connections without waiting for their server, which may hang.

        before: the loop's time; later connections stay open.
        """
        for connection, opened_at in list(self._opened.items()):
            if opened_at < before:
                connection.terminate()

    def current_revision(self) -> str | None:
        return asyncio.run(self._ask(self._read_revision))

    async def _refuse_transaction_mode(self, connection: Connection) -> None:
        """Raise StartError behind a pooler without sessions, which settings and locks need."""
        other = await connect(self._url)
        try:
            is_usable = await has_sessions(connection, other)
        finally:
            await other.close()
        if not is_usable:
            raise StartError(
                f"{self.name} is behind a pooler in transaction mode, which saywho cannot use;"
                " set pool_mode = session"
            )

    async def _read_revision(self, connection: Connection) -> str | None:
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        await self._refuse_transaction_mode(connection)
        names = {row[0] for row in await connection.fetch(tables)}
        if not names:
            return None
        if "alembic_version" not in names:
            message = "belongs to another program; choose another one in SAYWHO_DATABASE_URL"
            raise StartError(f"{self.name} {message}")
        revision = await connection.fetchval("SELECT version_num FROM alembic_version")
        return str(revision) if revision else None

    async def _ask(self, question: Callable[[Connection], Awaitable[Answer]]) -> Answer:
        """Return the answer on a new connection. Raises StartError."""
        try:
            connection = await connect(self._url)
            try:
                return await question(connection)
            finally:
                await connection.close()
        except AppError as error:
            reason = in_one_line(error.__cause__ or error)
            raise StartError(f"{self.name} cannot be reached: {reason}") from error
        except FAILURES as error:
            raise StartError(f"{self.name} cannot be used: {in_one_line(error)}") from error

    @asynccontextmanager
    async def migrations(self) -> AsyncIterator[AsyncConnection]:
        engine = create_async_engine(
            DIALECT,
            async_creator=lambda: connect(self._url),
            poolclass=NullPool,
            hide_parameters=True,
        )
        try:
            async with engine.connect() as connection:
                # Another key than that of writers.
                lock = sa.text("SELECT pg_advisory_xact_lock(:key)")
                await connection.execute(lock, {"key": WRITING + 1})
                await connection.execute(sa.text(END_VIEWS))
                yield connection
        finally:
            await engine.dispose()


async def _end(connection: Connection) -> None:
    with contextlib.suppress(*FAILURES, TimeoutError):
        # The driver's own timeout would begin only after the end of a cancelled statement.
        async with asyncio.timeout(2.0):
            await connection.close()


async def _vacuum(connection: Connection) -> None:
    """Rewrite the tables without deleted rows. Raises StartError."""
    await connection.execute(f"SET lock_timeout = {int(COMPACT_WAIT_S * 1000)}")
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    try:
        await _wait_for_snapshots(connection)
        for row in await connection.fetch(tables):
            table = row[0]
            await connection.execute(f'VACUUM (FULL, ANALYZE) "{table}"', timeout=UNLIMITED_S)
            if not await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{table}")'):  # noqa: S608
                # ANALYZE would keep the samples of an empty table's former values.
                await connection.execute(END_VIEWS)
                for statement in await connection.fetch(_ANEW, table):
                    await connection.execute(statement[0])
        await _wait_for_snapshots(connection)
        await connection.execute("VACUUM (FULL) pg_statistic", timeout=UNLIMITED_S)
    except (asyncpg.LockNotAvailableError, TimeoutError) as error:
        raise StartError("the database is in use; try again") from error


async def _wait_for_snapshots(connection: Connection) -> None:
    """Wait until no transaction sees earlier deleted rows. Raises TimeoutError."""
    newest = await connection.fetchval("SELECT pg_current_xact_id()::xid::text")
    async with asyncio.timeout(COMPACT_WAIT_S):
        while await connection.fetchval(_OLDER_SNAPSHOTS, newest):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)
