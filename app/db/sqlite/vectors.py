"""Vectors on SQLite: searched exactly, in files that the processes of a machine map."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.nearest_vectors import RowQuery, nearest_rows
from app.db.backend import Sessions, VectorIndex
from app.db.batch import Batch
from app.db.indexes import NearestPosts, OtherLengthError, VectorQuery, as_of, readable_set
from app.db.sqlite.vector_file import NOTHING, MappedVectors, VectorFile
from app.models import Embedding, VectorSet

MAPPED_AT_ONCE: Final = 4_000
GONE_SHARE: Final = 0.1
"""Share of vectors of deleted posts from which the files are made again."""
MOST_AT_ONCE: Final = 32
"""Queries that share one pass over the vectors."""
MOST_FILTERED: Final = 4
"""The same for queries with filters, each of which may hold the ids of very many posts."""
MOST_WAITING: Final = 1_000
TIMEOUT_S: Final = 30


class SqliteVectors(VectorIndex):
    """Answers concurrent queries by one pass over the vectors of a model."""

    def __init__(self, db: Sessions, folder: Path, model: str) -> None:
        self._db = db
        self._model = model
        self._file = VectorFile(folder)
        limits: dict[str, Any] = {"max_waiting": MOST_WAITING, "timeout_s": TIMEOUT_S}
        self._plain: Batch[VectorQuery, NearestPosts] = Batch(
            self.find, max_size=MOST_AT_ONCE, **limits
        )
        # Separate, so that other queries do not wait for the filters.
        self._filtered: Batch[VectorQuery, NearestPosts] = Batch(
            self.find, max_size=MOST_FILTERED, **limits
        )

    async def nearest(self, ask: VectorQuery) -> NearestPosts:
        return await (self._plain if ask.among is None else self._filtered)(ask)

    async def find(self, asks: Sequence[VectorQuery]) -> list[NearestPosts | Exception]:
        """Return an answer to each query; no session is held while vectors are multiplied."""
        async with self._db.read() as session:
            current = await readable_set(session, self._model)
            mapped, covered_to = NOTHING, 0
            if current is not None and current.dimension is not None:
                mapped = self._file.open(current.id, current.dimension)
                is_whole = mapped.newest >= await _newest_stored(session, current)
                covered_to = current.embedded_to if is_whole else mapped.newest
            as_of_event, newest = await as_of(session, covered_to)
            sought = [
                RowQuery(ask.vector, ask.count, await _allowed(session, ask))
                for ask in asks
                if len(ask.vector) == mapped.rows.shape[1]
            ]
        if not len(mapped.ids):
            return [NearestPosts([], as_of_event, as_of_event == newest) for _ in asks]
        found = iter(await asyncio.to_thread(nearest_rows, mapped.rows, mapped.ids, sought))
        return [
            NearestPosts(next(found), as_of_event, as_of_event == newest)
            if len(ask.vector) == mapped.rows.shape[1]
            else OtherLengthError()
            for ask in asks
        ]

    async def follow(self) -> None:
        """Append to the files the vectors that only the table has."""
        while True:
            async with self._db.read() as session:
                current = await readable_set(session, self._model)
                if current is None or current.dimension is None:
                    return
                mapped = self._file.open(current.id, current.dimension)
                query = (
                    select(Embedding.tweet_id, Embedding.vector)
                    .where(Embedding.set_id == current.id, Embedding.tweet_id > mapped.newest)
                    .order_by(Embedding.tweet_id)
                    .limit(MAPPED_AT_ONCE)
                )
                rows = (await session.execute(query)).all()
                if not rows:
                    return
                if await _has_many_gone(session, current, mapped):
                    self._file.remove()
                    continue
            ids, vectors = zip(*rows, strict=True)
            if not await asyncio.to_thread(self._file.append, current.id, ids, vectors):
                return

    async def close(self) -> None:
        await self._plain.close()
        await self._filtered.close()


async def _newest_stored(session: AsyncSession, current: VectorSet) -> int:
    query = select(Embedding.tweet_id).where(Embedding.set_id == current.id)
    return await session.scalar(query.order_by(Embedding.tweet_id.desc()).limit(1)) or 0


async def _allowed(session: AsyncSession, ask: VectorQuery) -> NDArray[np.int64] | None:
    if ask.among is None:
        return None
    return np.array((await session.scalars(ask.among)).all(), np.int64)


async def _has_many_gone(session: AsyncSession, current: VectorSet, mapped: MappedVectors) -> bool:
    is_mapped = Embedding.tweet_id <= mapped.newest
    query = select(func.count()).where(Embedding.set_id == current.id, is_mapped)
    stored = await session.scalar(query) or 0
    return len(mapped.ids) - stored > GONE_SHARE * len(mapped.ids)
