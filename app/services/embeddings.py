"""Vectors of the posts: made after them, in batches, and searched in mapped files.

A set holds the vectors that one model made. Posts get theirs in the order of their ids; a set
knows how far it is. While `saywho embed --all` makes a new set, the one before answers.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.nearest_vectors import nearest_rows
from app.db.chunks import chunks
from app.db.engine import Database
from app.db.lease import Sessions
from app.db.vector_file import VectorFile
from app.embedders import Embedder, EmbedderError
from app.models import Embedding, Tweet, VectorSet
from app.services.events import newest_event
from app.services.vector_sets import (
    begin_set,
    complete_set,
    count_stored,
    is_behind,
    newest_set,
    next_posts,
    readable_set,
    store_vectors,
)

MAPPED_AT_ONCE: Final = 4_000
NO_VECTORS: Final = np.empty((0, 0), np.float32)
LOOK_EVERY_S: Final = 5.0
FIRST_REST_S: Final = 5.0
LONGEST_REST_S: Final = 300.0
"""How long an embedder that fails is left alone; the rest doubles."""
VECTORS: Final = "vectors"
"""Name of the work and its lease."""
LEAST_ALIKE: Final = 0.15
"""What shares less wording is not alike."""
GONE_SHARE: Final = 0.1
"""The files are made anew when so many of their vectors are of posts that are gone."""

Vector = NDArray[np.float32]
Method = Literal["wording", "meaning"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest posts: cosine and id, and the newest event that is taken into account."""

    posts: list[tuple[float, int]]
    as_of_event: int
    is_current: bool
    """Whether no event has come since."""


class Embeddings:
    """Makes vectors with one embedder, and searches among them."""

    def __init__(self, db: Database, embedder: Embedder) -> None:
        self.embedder = embedder
        self._db = db
        self._file = VectorFile(db.vector_folder)
        self._least = 0.0 if embedder.knows_meaning else LEAST_ALIKE
        self._rest_s = 0.0
        self._rests_until = 0.0
        self._not_asked_until = 0.0

    @property
    def method(self) -> Method:
        """What nearness stands for."""
        return "meaning" if self.embedder.knows_meaning else "wording"

    async def is_due(self, session: AsyncSession) -> bool:
        """Return whether posts are without a vector, and the embedder may be asked."""
        if time.monotonic() < self._rests_until:
            return False
        current = await newest_set(session, self.embedder.name)
        if current is None:
            return await session.scalar(select(func.max(Tweet.id))) is not None
        return not current.is_complete or await is_behind(session, current)

    async def follow_posts(self, db: Sessions) -> None:
        """Make the vectors that are missing; an embedder that fails is left alone for a while."""
        try:
            await self.embed_missing(db)
            self._rest_s = 0.0
        except EmbedderError as error:
            self._rest_s = min(max(FIRST_REST_S, 2 * self._rest_s), LONGEST_REST_S)
            self._rests_until = time.monotonic() + self._rest_s
            logger.warning("vectors wait %.0f s: %s", self._rest_s, error)

    async def embed_missing(
        self, db: Sessions, *, on_progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """Make the vectors that are missing; tell after each batch how many posts were looked at.

        Raises EmbedderError; what was made until then stays.
        """
        async with db.read() as session:
            current = await newest_set(session, self.embedder.name)
        current = current or await begin_set(db, self.embedder.name)
        done = 0
        while True:
            async with db.read() as session:
                batch = await next_posts(session, current, self.embedder.batch)
            if not batch:
                break
            texts = [text for _, text in batch if text is not None]
            ids = [tweet_id for tweet_id, text in batch if text is not None]
            vectors = await self.embedder.embed(texts) if texts else NO_VECTORS
            await store_vectors(db, current, ids, vectors, to=batch[-1][0])
            await self.map_new()
            done += len(batch)
            on_progress(done)
        await complete_set(db, current)
        await self.map_new()

    async def keep_mapped(self) -> None:
        """Hold the files of this machine to the table, until cancelled."""
        while True:
            try:
                await self.map_new()
            except Exception:
                logger.exception("vectors could not be mapped; it is tried again")
            await asyncio.sleep(LOOK_EVERY_S)

    async def map_new(self) -> None:
        """Append to the files what the table has beyond them."""
        while True:
            async with self._db.read() as session:
                current = await readable_set(session, self.embedder.name)
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

    async def vector_of(self, session: AsyncSession, post_id: int) -> Vector | None:
        """Return the stored vector of a post, None while it has none."""
        current = await readable_set(session, self.embedder.name)
        if current is None:
            return None
        query = select(Embedding.vector).where(
            Embedding.tweet_id == post_id, Embedding.set_id == current.id
        )
        vector: Vector | None = await session.scalar(query)
        return vector

    async def vectors_of(self, session: AsyncSession, post_ids: Sequence[int]) -> dict[int, Vector]:
        """Return the stored vectors of the posts that have one."""
        current = await readable_set(session, self.embedder.name)
        found: dict[int, Vector] = {}
        if current is None:
            return found
        for some in chunks(post_ids):
            query = select(Embedding.tweet_id, Embedding.vector).where(
                Embedding.tweet_id.in_(some), Embedding.set_id == current.id
            )
            rows = await session.execute(query)
            found |= {row.tweet_id: row.vector for row in rows}
        return found

    async def vector_for(self, text: str) -> Vector:
        """Return the vector of a text that somebody waits for. Raises EmbedderError.

        Nobody holds a session meanwhile: it may take seconds. An embedder that has just failed
        is not waited for.
        """
        if time.monotonic() < self._not_asked_until:
            raise EmbedderError("the embedder did not answer a moment ago")
        try:
            vector: Vector = (await self.embedder.embed([text], is_query=True))[0]
        except EmbedderError:
            self._not_asked_until = time.monotonic() + FIRST_REST_S
            raise
        return vector

    async def nearest(
        self,
        session: AsyncSession,
        vector: Vector,
        count: int,
        *,
        allowed: NDArray[np.int64] | None = None,
    ) -> Nearest:
        """Return the posts nearest to a vector of this embedder; none of another length.

        `allowed` are the ids that may be found.
        """
        current = await readable_set(session, self.embedder.name)
        mapped = self._file.open(current.id) if current else None
        covered_to = mapped.manifest.covered_to if mapped else 0
        newest = await newest_event(session)
        query = select(Tweet.event_id).where(Tweet.id > covered_to).order_by(Tweet.id).limit(1)
        first_missing = await session.scalar(query)
        as_of_event = newest if first_missing is None else first_missing - 1
        if mapped is None or not len(mapped.ids) or not vector.any():
            return Nearest([], as_of_event, as_of_event == newest)
        if mapped.rows.shape[1] != len(vector):
            raise EmbedderError(
                "the embedder's vectors have another length; run saywho embed --all"
            )
        posts = await asyncio.to_thread(
            nearest_rows, mapped.rows, mapped.ids, vector, count, allowed
        )
        posts = [(score, post_id) for score, post_id in posts if score > self._least]
        return Nearest(posts, as_of_event, as_of_event == newest)


async def _has_many_gone(session: AsyncSession, current: VectorSet, ids: NDArray[np.int64]) -> bool:
    """Return whether the files hold many vectors of posts that are gone."""
    if not len(ids):
        return False
    stored = await count_stored(session, current, to=int(ids[-1]))
    return len(ids) - stored > GONE_SHARE * len(ids)
