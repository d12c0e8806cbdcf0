"""The state of a PostgreSQL database, for programs and threads without an event loop."""

import asyncio
from typing import Any, Final

import asyncpg

from app.db.postgresql.connection import UNLIMITED_S, connect, shown_name
from app.errors import AppError, StartError

OLDEST_VERSION: Final = 140_000
POLL_S: Final = 0.02
_OLDER_SNAPSHOTS: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND (
        datname = current_database() AND age(backend_xmin) > age($1::text::xid)
        OR age(backend_xid) > age($1::text::xid)
    )
"""
"""How many transactions see the rows that an earlier one deleted, which VACUUM then keeps.

While a writer goes on, in any database of the server, every later snapshot reaches back to it.
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
"""Statements that set the columns to their own types, which drops the samples of their values."""


def current_revision(url: str) -> str | None:
    """Return the revision that the tables are at, None before the first. Raises StartError."""
    revision: str | None = asyncio.run(_ask(url, _current_revision))
    return revision


def check(url: str) -> None:
    """Check that the server can hold the tables. Raises StartError."""
    asyncio.run(_ask(url, _check))


def compact(url: str, *, wait_s: float) -> None:
    """Rewrite the tables without deleted rows. Raises StartError."""

    async def vacuum(connection: "asyncpg.Connection[Any]", name: str) -> None:
        await connection.execute(f"SET lock_timeout = {int(wait_s * 1000)}")
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        try:
            await _wait_for_snapshots(connection, wait_s)
            for row in await connection.fetch(tables):
                await _compact(connection, row[0])
            await _wait_for_snapshots(connection, wait_s)
            await connection.execute("VACUUM (FULL) pg_statistic", timeout=UNLIMITED_S)
        except (asyncpg.LockNotAvailableError, TimeoutError) as error:
            raise StartError("the database is in use; try again") from error

    asyncio.run(_ask(url, vacuum))


async def _wait_for_snapshots(connection: "asyncpg.Connection[Any]", wait_s: float) -> None:
    """Wait until no transaction sees what was deleted before this call. Raises TimeoutError."""
    newest = await connection.fetchval("SELECT pg_current_xact_id()::xid::text")
    async with asyncio.timeout(wait_s):
        while await connection.fetchval(_OLDER_SNAPSHOTS, newest):  # noqa: ASYNC110 - no event
            await asyncio.sleep(POLL_S)


async def _compact(connection: "asyncpg.Connection[Any]", table: str) -> None:
    await connection.execute(f'VACUUM (FULL, ANALYZE) "{table}"', timeout=UNLIMITED_S)
    if not await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{table}")'):  # noqa: S608
        # The samples of a table that is empty by now would stay.
        for row in await connection.fetch(_ANEW, table):
            await connection.execute(row[0])


async def _ask(url: str, question: Any) -> Any:
    name = shown_name(url)
    try:
        connection = await connect(url)
        try:
            return await question(connection, name)
        finally:
            await connection.close()
    except AppError as error:
        raise StartError(f"{name} cannot be reached: {_line(error.__cause__ or error)}") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise StartError(f"{name} cannot be used: {_line(error)}") from error


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text or type(error).__name__


async def _current_revision(connection: "asyncpg.Connection[Any]", name: str) -> str | None:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    names = {row[0] for row in await connection.fetch(tables)}
    if not names:
        return None
    if "alembic_version" not in names:
        raise StartError(f"{name} is another program's; name another one")
    revision = await connection.fetchval("SELECT version_num FROM alembic_version")
    return str(revision) if revision else None


async def _check(connection: "asyncpg.Connection[Any]", name: str) -> None:
    (row,) = await connection.fetch(
        "SELECT current_setting('server_version_num')::int AS version,"
        " current_setting('server_encoding') AS encoding, lower('É') = 'é' AS is_unicode,"
        " EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'vector') AS has_vectors"
    )
    if row["version"] < OLDEST_VERSION:
        raise StartError(f"{name} is older than PostgreSQL 14")
    if row["encoding"] != "UTF8" or not row["is_unicode"]:
        raise StartError(f"{name} must have the encoding UTF8 and a locale of it, like C.UTF-8")
    if not row["has_vectors"]:
        raise StartError(f"{name} needs pgvector, which is not installed on its server")
