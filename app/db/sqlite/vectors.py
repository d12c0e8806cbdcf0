"""Vectors on SQLite: searched exactly, in files that the processes of a machine map."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.nearest_vectors import Sought, nearest_rows
from app.db.backend import Sessions
from app.db.batch import Batch
from app.db.vector_file import VectorFile
from app.db.vectors import Ask, Nearest, OtherLengthError, Vector, as_of, readable_set
from app.models import MAX_ID, Embedding, VectorSet

MAPPED_AT_ONCE: Final = 4_000
GONE_SHARE: Final = 0.1
"""The files are made anew when so many of their vectors are of posts that are gone."""
MOST_AT_ONCE: Final = 32
"""Vectors compared by one pass."""
MOST_FILTERED: Final = 4
"""Of them with filters, each of which may hold the ids of very many posts."""
MOST_WAITING: Final = 1_000
TIMEOUT_S: Final = 30


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question whose filters are looked up."""

    vector: Vector
    count: int
    allowed: NDArray[np.int64] | None = None
    newest: int = MAX_ID
    """The newest event when they were."""


class SqliteVectors:
    """Answers what is asked at the same time by one pass over the vectors of a model."""

    def __init__(self, db: Sessions, folder: Path, model: str) -> None:
        self._db = db
        self._model = model
        self._file = VectorFile(folder)
        limits: dict[str, Any] = {"max_waiting": MOST_WAITING, "timeout_s": TIMEOUT_S}
        self._plain: Batch[Asked, Nearest] = Batch(self.find, max_size=MOST_AT_ONCE, **limits)
        # Apart, so that nobody else waits for the filters.
        self._filtered: Batch[Ask, Nearest] = Batch(
            self._find_filtered, max_size=MOST_FILTERED, **limits
        )

    async def nearest(self, ask: Ask) -> Nearest:
        if ask.among is None:
            return await self._plain(Asked(ask.vector, ask.count))
        return await self._filtered(ask)

    async def _find_filtered(self, asks: Sequence[Ask]) -> list[Nearest | Exception]:
        return await self.find([await self._looked_up(ask) for ask in asks])

    async def _looked_up(self, ask: Ask) -> Asked:
        if ask.among is None:
            return Asked(ask.vector, ask.count)
        async with self._db.read() as session:
            ids = np.array((await session.scalars(ask.among)).all(), np.int64)
            _, newest = await as_of(session, MAX_ID)
        return Asked(ask.vector, ask.count, ids, newest)

    async def find(self, asked: Sequence[Asked]) -> list[Nearest | Exception]:
        """Return an answer to each question; no session is held while vectors are multiplied."""
        async with self._db.read() as session:
            current = await readable_set(session, self._model)
            mapped = self._file.open(current.id) if current else None
            covered_to = mapped.manifest.covered_to if mapped else 0
            as_of_event, newest = await as_of(session, covered_to)
        if mapped is None or not len(mapped.ids):
            return [Nearest([], as_of_event, as_of_event == newest) for _ in asked]
        fitting = [each for each in asked if len(each.vector) == mapped.rows.shape[1]]
        sought = [Sought(each.vector, each.count, each.allowed) for each in fitting]
        found = await asyncio.to_thread(nearest_rows, mapped.rows, mapped.ids, sought)
        posts = dict(zip(fitting, found, strict=True))
        answers: list[Nearest | Exception] = []
        for each in asked:
            if each in posts:
                event = min(as_of_event, each.newest)
                answers.append(Nearest(posts[each], event, event == newest))
            else:
                answers.append(OtherLengthError())
        return answers

    async def follow(self) -> None:
        """Append to the files what the table has beyond them."""
        while True:
            async with self._db.read() as session:
                current = await readable_set(session, self._model)
                if current is None:
                    return
                mapped = self._file.open(current.id)
                covered_to = mapped.manifest.covered_to if mapped else -1
                if covered_to >= current.embedded_to:
                    return
                if mapped is not None and await _has_many_gone(session, current, mapped.ids):
                    self._file.forget()
                    continue
                query = (
                    select(Embedding.tweet_id, Embedding.vector)
                    .where(Embedding.set_id == current.id, Embedding.tweet_id > covered_to)
                    .order_by(Embedding.tweet_id)
                    .limit(MAPPED_AT_ONCE)
                )
                rows = (await session.execute(query)).all()
            to = rows[-1].tweet_id if len(rows) == MAPPED_AT_ONCE else current.embedded_to
            ids, vectors = [row.tweet_id for row in rows], [row.vector for row in rows]
            if not await asyncio.to_thread(self._file.append, current.id, ids, vectors, to):
                return

    async def is_due(self, session: AsyncSession) -> bool:
        """Return no: nothing but the files is searched."""
        return False

    async def build(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        await self._plain.close()
        await self._filtered.close()


async def _has_many_gone(session: AsyncSession, current: VectorSet, ids: NDArray[np.int64]) -> bool:
    """Return whether the files hold many vectors of posts that are gone."""
    if not len(ids):
        return False
    query = select(func.count()).where(
        Embedding.set_id == current.id, Embedding.tweet_id <= int(ids[-1])
    )
    stored = await session.scalar(query) or 0
    return len(ids) - stored > GONE_SHARE * len(ids)
