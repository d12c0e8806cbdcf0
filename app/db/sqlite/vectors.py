"""Vectors on SQLite: searched exactly, in files that the processes of a machine map.

The files follow the table `Embedding` and can be made from it at any time. One process at a time
appends (a file lock): first the vectors, then the ids, which say how many of them count.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.nearest_vectors import RowQuery, nearest_rows
from app.db.backend import Sessions
from app.db.batch import Batch
from app.db.indexes import (
    NearestPosts,
    OtherLengthError,
    VectorIndex,
    VectorQuery,
    as_of,
    readable_set,
)
from app.db.lock import file_lock
from app.models import Embedding, VectorSet

ID: Final = np.dtype("<i8")
VALUE: Final = np.dtype("<f4")


@dataclass(frozen=True, slots=True, eq=False)
class MappedVectors:
    """The vectors of one set; rows (n, d), ids (n,) ascending."""

    ids: NDArray[np.int64]
    rows: NDArray[np.float32]

    @property
    def newest(self) -> int:
        """The highest id, 0 without any."""
        return int(self.ids[-1]) if len(self.ids) else 0


NOTHING: Final = MappedVectors(np.empty(0, ID), np.empty((0, 0), VALUE))


class VectorFile:
    """The files of one database: ids and vectors of one set."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mapped = NOTHING
        self._state = (0, 0)
        """Inode of the mapped ids, and their number."""

    def open(self, set_id: int, dimension: int) -> MappedVectors:
        """Return the vectors of the set that are in the files."""
        ids, rows = self._paths(set_id)
        # The files may be missing, or another process may be replacing them.
        with contextlib.suppress(OSError, ValueError):
            status = ids.stat()
            count = status.st_size // ID.itemsize
            if self._state != (status.st_ino, count):
                mapped = MappedVectors(
                    np.asarray(np.memmap(ids, ID, "r", shape=(count,))),
                    np.asarray(np.memmap(rows, VALUE, "r", shape=(count, dimension))),
                )
                if ids.stat().st_ino != status.st_ino:
                    return NOTHING
                self._mapped, self._state = mapped, (status.st_ino, count)
            return self._mapped
        return NOTHING

    def append(
        self, set_id: int, ids: Sequence[int], vectors: Sequence[NDArray[np.float32]]
    ) -> bool:
        """Add vectors of posts after those in the files; a new set replaces the one before.

        Return whether it was done: another process may be appending, or have been faster.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        added = np.stack(vectors).astype(VALUE)
        with file_lock(self._folder / "lock", waits=False) as is_held:
            before = self.open(set_id, added.shape[1])
            if not is_held or ids[0] <= before.newest:
                return False
            if before is NOTHING:
                self.remove()
            ids_path, rows_path = self._paths(set_id)
            _write(rows_path, before.rows.nbytes, added)
            _write(ids_path, before.ids.nbytes, np.asarray(ids, ID))
            return True

    def remove(self) -> None:
        """Remove the files; they can be made again."""
        # The lock stays, since another process may hold it. Ids go first, as they come last.
        for path in sorted(self._folder.glob("*.*")):
            path.unlink(missing_ok=True)

    def _paths(self, set_id: int) -> tuple[Path, Path]:
        return self._folder / f"{set_id}.ids", self._folder / f"{set_id}.rows"


def _write(path: Path, place: int, array: NDArray[np.generic]) -> None:
    path.touch(mode=0o600)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(array.tobytes())


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
