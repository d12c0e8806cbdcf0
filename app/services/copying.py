"""Copies a whole database into another, empty one, of either kind.

One state of the source is read in batches, and written by one transaction, which is committed only
after the counts and digests of what it wrote agree. The word index is made by the target.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import numpy as np
from sqlalchemy import Row, Table, delete, exc, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.db.backend import backend_of
from app.db.engine import Database
from app.db.indexes import IndexedPost
from app.db.migrate import SchemaState, current_revision, head_revision, known_state, upgrade
from app.errors import InvalidInputError
from app.models import Base, LeaseRow, Tweet, Vocabulary

AT_ONCE: Final = 500
"""Rows in one statement; of profiles some 50 MB."""


class CopyError(InvalidInputError):
    """The database cannot be copied there."""


@dataclass(slots=True)
class TableDigest:
    """Number of rows, and the sum of their SHA-256, which does not depend on their order."""

    rows: int = 0
    total: int = 0

    def add(self, rows: Sequence[Row[Any]]) -> None:
        self.rows += len(rows)
        for row in rows:
            content = msgspec.json.encode(tuple(row), enc_hook=_vector_bytes)
            self.total += int.from_bytes(hashlib.sha256(content).digest(), "big")

    @property
    def sha256(self) -> str:
        return f"{self.total % 2**256:064x}"


def copy_database(config: Config, url: str) -> dict[str, TableDigest]:
    """Copy the database to that of the URL; return the digest of each table.

    Raises CopyError where there is nothing to copy or the target cannot take it, StartError where
    one of the two cannot be reached. A copy that fails leaves the target empty.
    """
    revision = current_revision(config.database_url)
    if revision is None:
        raise CopyError("there is no database yet, so there is nothing to copy")
    if revision != head_revision():
        raise CopyError("the database is behind this program; run saywho db upgrade first")
    state = known_state(url)
    if state is SchemaState.FRESH:
        upgrade(url)
    elif state is not SchemaState.CURRENT:
        raise CopyError("the target's tables are at another revision; run saywho db upgrade there")
    return asyncio.run(_copy(config, replace(config, database_url=url)))


async def _copy(config: Config, to: Config) -> dict[str, TableDigest]:
    # Leases are held by processes of the source.
    tables = [table for table in Base.metadata.sorted_tables if table is not LeaseRow.__table__]
    try:
        async with (
            Database(config) as source,
            Database(to) as target,
            source.read() as reading,
            target.write() as writing,
        ):
            await _refuse_filled(writing, tables)
            digests = {table.name: await _copy_table(reading, writing, table) for table in tables}
            await target.backend.set_last_ids(writing, await source.backend.last_ids(reading))
            for table in tables:
                if await _digest_of(writing, table) != digests[table.name]:
                    raise CopyError("{table} did not arrive as it was", table=table.name)
    except exc.DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        raise CopyError("the target refused a row: {reason}", reason=reason) from error
    return digests


async def _refuse_filled(session: AsyncSession, tables: Sequence[Table]) -> None:
    """Raise CopyError unless all tables are as the migrations leave them."""
    await session.execute(delete(Vocabulary))
    for table in tables:
        if count := await session.scalar(select(func.count()).select_from(table)):
            raise CopyError(
                "the target is not empty: {table} has {count} rows", table=table.name, count=count
            )


async def _copy_table(reading: AsyncSession, writing: AsyncSession, table: Table) -> TableDigest:
    digest = TableDigest()
    words = backend_of(writing).words
    async for rows in _rows(reading, table):
        digest.add(rows)
        await writing.execute(insert(table), [dict(row._mapping) for row in rows])
        if table is Tweet.__table__:
            posts = [IndexedPost(row.id, row.user_id, row.text, row.media) for row in rows]
            await words.add(writing, posts)
    return digest


async def _digest_of(session: AsyncSession, table: Table) -> TableDigest:
    digest = TableDigest()
    async for rows in _rows(session, table):
        digest.add(rows)
    return digest


async def _rows(session: AsyncSession, table: Table) -> AsyncIterator[Sequence[Row[Any]]]:
    """Yield all rows in the order of their keys, some at a time."""
    key = tuple_(*table.primary_key.columns)
    query = select(table).order_by(*table.primary_key.columns).limit(AT_ONCE)
    rows = (await session.execute(query)).all()
    while rows:
        yield rows
        last = [rows[-1]._mapping[column] for column in table.primary_key.columns]
        rows = (await session.execute(query.where(key > tuple_(*last)))).all()


def _vector_bytes(value: object) -> bytes:
    return np.asarray(value, "<f2").tobytes()
