"""`saywho bulk load`: prepared files go into an empty PostgreSQL database by COPY.

Each file and its line in the ledger are one transaction, so a load that was broken off goes on.
Several connections copy files at the same time; nothing refers to another table until the end. No
other command uses the database meanwhile: its revision says that it is being loaded.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from typing import Any, Final

import asyncpg
import numpy as np

from app.bulk.inputs import JobError, parquet_file
from app.bulk.target import Manifest, Target
from app.bulk.written import TABLES
from app.config import Config
from app.db.engine import Database
from app.db.migrate import LOADING, current_revision, prepare
from app.db.postgresql.connection import UNLIMITED_S, WRITING, as_app_error, connect
from app.services.checks import find_faults
from app.services.imports.imports import renew_derived

Show = Callable[[int, int, str], None]
"""Shows how many of all steps are done, and the last one."""
FILES: Final = (
    ("Users", "authors", "user"),
    ("Event", "authors", "events"),
    ("Tweet", "posts", "tweet"),
    ("TweetWords", "posts", "words"),
    ("PostCount", "counts", "counts"),
    ("Profile", "profiles", "profile"),
)
"""Each table, the folder of its files, and the column there that holds its lines."""
ROWS_AT_ONCE: Final = 500
CONNECTIONS: Final = 4
"""Files that are copied at the same time."""
BUILDING: Final = {"maintenance_work_mem": "1GB", "max_parallel_maintenance_workers": "8"}
"""What the server gives to build an index; fewer processes if it has fewer for all."""
TURN: Final = "30s"
"""The longest wait for another program that writes to the database."""
_LEDGER: Final = """
    CREATE TABLE "BulkLoad" (kind text, number int, content text, PRIMARY KEY (kind, content))
"""
"""What is done (`file`), what is left to do (`build`), and what is loaded (`id`, `revision`)."""
_NOTE: Final = 'INSERT INTO "BulkLoad" VALUES ($1, $2, $3)'
_CLAIM: Final = f"{_NOTE} ON CONFLICT DO NOTHING RETURNING number"
"""Waits for a killed load of which the server has not noticed the end."""
_NOTES: Final = 'SELECT number, content FROM "BulkLoad" WHERE kind = $1 ORDER BY number'
_DONE: Final = """DELETE FROM "BulkLoad" WHERE kind = 'build' AND number = $1"""
_USED: Final = """
    SELECT max(last_value) FROM pg_sequences
    WHERE schemaname = current_schema()
        AND sequencename = ANY ('{Users_id_seq,Tweet_id_seq,Event_id_seq}')
"""
_BUILDS: Final = """
    SELECT pg_get_indexdef(i.indexrelid), format('DROP INDEX %s', i.indexrelid::regclass), 1
    FROM pg_index AS i LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid
        AND c.contype IN ('p', 'u', 'x')
    WHERE i.indrelid = ANY ($1::regclass[]) AND c.oid IS NULL
    UNION ALL
    SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
        pg_get_constraintdef(oid)),
        format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
        CASE contype WHEN 'u' THEN 2 ELSE 3 END
    FROM pg_constraint WHERE conrelid = ANY ($1::regclass[]) AND contype IN ('u', 'f')
    ORDER BY 3
"""
"""Statements that build and drop all indexes and constraints but primary keys, in their order."""


def load(
    config: Config, folder: str, *, with_check: bool, show: Show
) -> tuple[Manifest, list[str]]:
    """Load a folder, or go on with it; return what it held, and the faults that a check found.

    Raises JobError where the folder or the database cannot be used, and StartError.
    """
    if not config.database_url.startswith("postgresql"):
        raise JobError(
            "bulk load fills PostgreSQL (SAYWHO_DATABASE_URL); saywho import fills SQLite"
        )
    target = Target(folder)
    manifest = target.manifest()
    if current_revision(config.database_url) != LOADING:
        prepare(config, upgrade_old=False)
    try:
        return manifest, asyncio.run(_load(config, target, manifest, with_check, show))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        # Lost, full or stopped: another run goes on.
        raise as_app_error(error) or error from error


async def _load(
    config: Config, target: Target, manifest: Manifest, with_check: bool, show: Show
) -> list[str]:
    connection = await connect(config.database_url, **BUILDING)
    try:
        # The server may take a moment to notice that a load was killed.
        await connection.execute(f"SET lock_timeout = '{TURN}'; SELECT pg_advisory_lock({WRITING})")
        await connection.execute("SET lock_timeout = 0")
        async with connection.transaction():
            await _begin(connection, manifest)
        await _copy_files(config.database_url, target, show)
        for number, statement in await connection.fetch(_NOTES, "build"):
            show(1, 1, f"building: {statement}")
            async with connection.transaction():
                await connection.execute(statement, timeout=UNLIMITED_S)
                await connection.execute(_DONE, number)
        for table in TABLES:
            await connection.execute(f'ANALYZE "{table}"', timeout=UNLIMITED_S)
        await connection.execute("SELECT pg_advisory_unlock($1)", WRITING)
        faults = await _derive(config, with_check)
        async with connection.transaction():
            ((_, revision),) = await connection.fetch(_NOTES, "revision")
            await connection.execute("UPDATE alembic_version SET version_num = $1", revision)
            await connection.execute('DROP TABLE "BulkLoad"')
        return faults
    finally:
        await connection.close()


async def _begin(connection: Any, manifest: Manifest) -> None:
    """Drop what is built at the end, unless that was done before. Raises JobError."""
    revision = await connection.fetchval("SELECT version_num FROM alembic_version")
    if revision == LOADING:
        ((_, loaded),) = await connection.fetch(_NOTES, "id")
        if loaded != manifest.id:
            raise JobError("the load of another folder was broken off; go on with that one")
        return
    if await connection.fetchval(_USED):
        raise JobError(
            "the database holds posts, or did; bulk load needs a new one, saywho import adds to any"
        )
    await connection.execute(_LEDGER)
    await connection.executemany(_NOTE, [("id", 0, manifest.id), ("revision", 0, revision)])
    await connection.execute("UPDATE alembic_version SET version_num = $1", LOADING)
    names = [f'"{table}"' for table in TABLES]
    builds = await connection.fetch(_BUILDS, names)
    await connection.executemany(
        _NOTE, [("build", n, build) for n, (build, _, _) in enumerate(builds)]
    )
    for _, drop, _ in reversed(builds):
        await connection.execute(drop)


async def _copy_files(url: str, target: Target, show: Show) -> None:
    files = [
        (table, column, path) for table, folder, column in FILES for path in target.files(folder)
    ]
    waiting, done = iter(enumerate(files, 1)), count(1)

    async def copy_in_turn() -> None:
        connection = await connect(url)
        try:
            for number, (table, column, path) in waiting:
                note = f"{table} {path.rpartition('/')[2]}"
                async with connection.transaction():
                    if await connection.fetchval(_CLAIM, "file", number, note, timeout=UNLIMITED_S):
                        lines = _lines(target, path, column)
                        columns = TABLES[table]
                        await connection.copy_to_table(
                            table, source=lines, columns=columns, timeout=UNLIMITED_S
                        )
                show(next(done), len(files), note)
        finally:
            await connection.close()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(copy_in_turn())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _lines(target: Target, path: str, column: str) -> AsyncIterator[bytes]:
    """Yield the lines of a column as they lie in the file: they are sent as they are."""
    portions = _portions(target, path, column)
    while portion := await asyncio.to_thread(next, portions, b""):
        yield portion


def _portions(target: Target, path: str, column: str) -> Iterator[bytes]:
    with target.open(path) as file:
        for batch in parquet_file(file, path).iter_batches(ROWS_AT_ONCE, columns=[column]):
            # What Arrow holds of a column of strings is one piece of memory.
            lines = batch.column(0)
            _, ends, content = lines.buffers()
            at = np.frombuffer(ends, np.int32)[lines.offset : lines.offset + len(lines) + 1]
            yield content[int(at[0]) : int(at[-1])].to_pybytes()


async def _derive(config: Config, with_check: bool) -> list[str]:
    async with Database(config) as db:
        async with db.write() as session:
            await db.backend.set_last_ids(session, {})
        await renew_derived(db)
        return await find_faults(db) if with_check else []
