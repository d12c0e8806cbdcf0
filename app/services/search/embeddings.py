"""Vectors of the posts: made after the posts are stored, in batches, and searched.

A set holds the vectors of one model, made in the order of the posts' ids. While `saywho embed
--all` makes a new set, the one before answers.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import monotonic
from app.db.backend import Sessions, chunks
from app.db.batch import Batch
from app.db.engine import Database
from app.db.indexes import NearestPosts, OtherLengthError, Vector, VectorQuery, readable_set
from app.embedders import Embedder, EmbedderError, RefusedError
from app.errors import UnavailableError
from app.models import Embedding, Tweet
from app.services.search.vector_sets import (
    OTHER_LENGTH,
    StoppedError,
    begin_set,
    complete_set,
    is_under_way,
    newest_set,
    next_posts,
    store_vectors,
)

NO_VECTORS: Final = np.empty((0, 0), np.float32)
LOOK_EVERY_S: Final = 5.0
FIRST_REST_S: Final = 5.0
LONGEST_REST_S: Final = 300.0
"""Bounds of the pause after an embedder failed; it doubles each time."""
MOST_WAITING: Final = 1_000
"""Queries that wait for a vector."""
LONGEST_WAIT_S: Final = 60.0
"""Includes loading a model at its first use."""
VECTORS: Final = "vectors"
"""Name of the work and its lease."""

logger = logging.getLogger(__name__)


class Embeddings:
    """Makes vectors with one embedder, and searches among them."""

    def __init__(self, db: Database, embedder: Embedder) -> None:
        self.embedder = embedder
        self.index = db.backend.vector_index(db, embedder.name)
        self._queries: Batch[str, Vector] = Batch(
            self._embed_queries,
            max_size=embedder.batch,
            max_waiting=MOST_WAITING,
            timeout_s=LONGEST_WAIT_S,
        )
        self._rest_s = 0.0
        self._rests_until = 0.0
        self._not_asked_until = 0.0

    async def close(self) -> None:
        """Answer the queries that wait, then close the embedder."""
        await self._queries.close()
        await self.index.close()
        await self.embedder.close()

    async def is_due(self, session: AsyncSession) -> bool:
        """Return whether posts lack a vector, and the embedder is not resting."""
        if monotonic() < self._rests_until:
            return False
        current = await newest_set(session, self.embedder.name)
        if current is None:
            return await session.scalar(select(func.max(Tweet.id))) is not None
        return await is_under_way(session, current)

    async def follow_posts(self, db: Sessions) -> None:
        """Make the missing vectors until stopped; an embedder that fails rests for a while."""
        try:
            await self.embed_missing(db)
            self._rest_s = 0.0
        except StoppedError:
            logger.info("the making of vectors was stopped")
        except EmbedderError as error:
            self._rest_s = min(max(FIRST_REST_S, 2 * self._rest_s), LONGEST_REST_S)
            self._rests_until = monotonic() + self._rest_s
            logger.warning("vectors wait %.0f s: %s", self._rest_s, error)

    async def embed_missing(
        self, db: Sessions, *, on_progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """Make the missing vectors; report after each batch how many posts were visited.

        Raises EmbedderError, and StoppedError once the set was stopped; stored vectors stay.
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
            await self.index.follow()
            done += len(batch)
            on_progress(done)
        await complete_set(db, current)
        await self.index.follow()

    async def keep_mapped(self) -> None:
        """Update the files of this machine from the table, until cancelled."""
        while True:
            try:
                await self.index.follow()
            except Exception:
                logger.exception("vectors could not be mapped; it is tried again")
            await asyncio.sleep(LOOK_EVERY_S)

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
        """Return the vector of a query. Raises EmbedderError.

        Concurrent queries are embedded together. It may take seconds, so callers hold no session.
        An embedder that has just failed is not asked.
        """
        if monotonic() < self._not_asked_until:
            raise EmbedderError("the embedder did not answer a moment ago")
        try:
            return await self._queries(text)
        except UnavailableError as error:
            raise EmbedderError("too many texts wait for the embedder") from error

    async def _embed_queries(self, texts: Sequence[str]) -> list[Vector | Exception]:
        try:
            return list(await self.embedder.embed(texts, is_query=True))
        except RefusedError:
            if len(texts) == 1:
                raise
        except EmbedderError:
            self._not_asked_until = monotonic() + FIRST_REST_S
            raise
        # Perhaps it refuses only one of them.
        return await asyncio.gather(*map(self._embed_query, texts))

    async def _embed_query(self, text: str) -> Vector | Exception:
        try:
            (vector,) = await self._embed_queries([text])
        except EmbedderError as error:
            return error
        return vector

    async def nearest(
        self, vector: Vector, count: int, *, among: Select[Any] | None = None
    ) -> NearestPosts:
        """Return the posts nearest to a vector of this embedder, asked without a session.

        `among` selects the ids that may be found. Raises EmbedderError for one of another length.
        """
        try:
            found = await self.index.nearest(VectorQuery(vector, count, among))
        except OtherLengthError as error:
            raise EmbedderError(OTHER_LENGTH) from error
        # Vectors are stored in half precision, and may be a little longer than one.
        posts = [(min(s, 1.0), post_id) for s, post_id in found.posts if s > 0]
        return replace(found, posts=posts)
