"""Posts' vectors, and the posts most similar to a post, by index or vectors.

Vectors are made in batches by ID; another model's vectors replace them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, Terms, Vector, WordIndex, backend_of
from app.db.engine import Database
from app.db.result_cache import DERIVED, EVERYTHING, depends_on
from app.embedders import Embedder, EmbedderError, Vectors
from app.models import Embedding, Tweet, User
from app.services.compare.background import BackgroundStore
from app.services.event_log import NewEvent, append_events
from app.services.posts.tweets import Post, as_post, find_posts, get_post, select_posts
from app.services.search.index_terms import term_frequencies
from saywho.engine.attribution import similarities
from saywho.words import terms

REMOVED_AT_ONCE: Final = 2_000
VECTORS: Final = "vectors"
"""Name of the job, and of its lock."""


class Embeddings:
    def __init__(self, db: Database, embedder: Embedder) -> None:
        self.embedder = embedder
        self._db = db

    async def is_due(self, session: AsyncSession) -> bool:
        new = self._lacking(await self._newest(session)).limit(1)
        return await session.scalar(new) is not None

    async def keep_up(self, db: Sessions) -> None:
        """Make the vectors of new posts. Raises EmbedderError."""
        async with db.read() as session:
            newest = await self._newest(session)
        await self.embed_missing(db, after=newest)

    async def embed_missing(
        self, db: Sessions, *, after: int = 0, on_progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """Make missing vectors after an ID, and report progress by batch.

        Another model's are removed once the embedder answered. Raises EmbedderError; this model's
        stay.
        """
        done = 0
        while True:
            async with db.read() as session:
                query = self._lacking(after).limit(self.embedder.batch)
                batch = (await session.execute(query)).all()
            if not batch:
                return
            vectors = await self.embedder.embed([row.text for row in batch])
            if not done:
                await _remove(db, Embedding.model != self.embedder.name)
            await self._store(db, [row.id for row in batch], vectors)
            after = batch[-1].id
            done += len(batch)
            on_progress(done)

    async def remove_all(self, db: Sessions) -> None:
        """Remove all vectors, to make them again. Raises EmbedderError, before any is removed."""
        await self.embedder.embed(["."])
        await _remove(db, sa.true())

    async def count_missing(self, session: AsyncSession) -> int:
        lacking = self._lacking(0).subquery()
        return await session.scalar(sa.select(sa.func.count()).select_from(lacking)) or 0

    def _lacking(self, after: int) -> sa.Select[int, str]:
        is_its = sa.and_(Embedding.tweet_id == Tweet.id, Embedding.model == self.embedder.name)
        return (
            sa.select(Tweet.id, Tweet.text)
            .join(User, User.id == Tweet.user_id)
            .outerjoin(Embedding, is_its)
            .where(Tweet.id > after, Tweet.text != "", User.deleted_at.is_(None))
            .where(Embedding.tweet_id.is_(None))
            .order_by(Tweet.id)
        )

    async def _newest(self, session: AsyncSession) -> int:
        ours = sa.select(Embedding.tweet_id).where(Embedding.model == self.embedder.name)
        return await session.scalar(ours.order_by(Embedding.tweet_id.desc()).limit(1)) or 0

    async def _store(self, db: Sessions, ids: Sequence[int], vectors: Vectors) -> None:
        async with db.write() as session:
            await self._check_length(session, vectors.shape[1])
            # Some may have been deleted since they were read.
            there = set(await session.scalars(sa.select(Tweet.id).where(Tweet.id.in_(ids))))
            await session.execute(sa.delete(Embedding).where(Embedding.tweet_id.in_(ids)))
            rows = [
                {"tweet_id": tweet_id, "model": self.embedder.name, "vector": vector}
                for tweet_id, vector in zip(ids, vectors, strict=True)
                if tweet_id in there
            ]
            if rows:
                await session.execute(sa.insert(Embedding), rows)
                # Invalidates what was found without these.
                await append_events(session, [NewEvent("vectors.made", DERIVED, posts=0)])

    def _vectors(self) -> sa.Select[Vector]:
        return sa.select(Embedding.vector).where(Embedding.model == self.embedder.name)

    async def _check_length(self, session: AsyncSession, length: int) -> None:
        stored = await session.scalar(self._vectors().limit(1))
        if stored is not None and len(stored) != length:
            message = "the embedder's vectors have another length; run: saywho embed --all"
            raise EmbedderError(message)

    async def vector_of(self, session: AsyncSession, tweet_id: int) -> Vector | None:
        stored = self._vectors().where(Embedding.tweet_id == tweet_id)
        return await session.scalar(stored)

    async def vector_for(self, text: str) -> Vector:
        """Return a query's vector, without a session for these seconds. Raises EmbedderError."""
        try:
            async with asyncio.timeout(self.embedder.query_s):
                vector: Vector = (await self.embedder.embed([text]))[0]
                return vector
        except TimeoutError as error:
            raise EmbedderError("the embedder does not respond") from error

    async def nearest(
        self, vector: Vector, count: int, *, among: sa.Select[Any] | None = None
    ) -> list[tuple[float, int]]:
        """Return cosine and ID of the nearest posts of `among`. Raises EmbedderError."""
        if not vector.any():
            return []
        compared = sa.select(Embedding.tweet_id, Embedding.vector)
        is_gone = Embedding.tweet_id.in_(sa.text(_GONE).columns(Tweet.id))
        compared = compared.where(Embedding.model == self.embedder.name, ~is_gone)
        if among is not None:
            compared = compared.where(Embedding.tweet_id.in_(among))
        async with self._db.read() as session:
            await self._check_length(session, len(vector))
            neighbours = await backend_of(session).nearest(session, compared, vector, count)
        # Vectors are stored in half precision, and may be a little longer than one.
        return [(min(score, 1.0), post_id) for score, post_id in neighbours if score > 0]


async def _remove(db: Sessions, condition: sa.ColumnElement[bool]) -> None:
    outdated = (
        sa.select(Embedding.tweet_id).where(condition).limit(REMOVED_AT_ONCE).scalar_subquery()
    )
    removed = REMOVED_AT_ONCE
    while removed == REMOVED_AT_ONCE:
        async with db.write() as session:
            gone = sa.delete(Embedding).where(Embedding.tweet_id.in_(outdated))
            removed = len((await session.scalars(gone.returning(Embedding.tweet_id))).all())


_GONE: Final = (
    'SELECT "Tweet".id FROM "Tweet" JOIN "Users" ON "Users".id = "Tweet".user_id'
    ' WHERE "Users".deleted_at IS NOT NULL'
)
"""Posts of deleted authors, whose rows are still stored; usually none."""
POSTINGS: Final = 2_000
"""Index entries read for each term, and about for all."""

Method = Literal["wording", "meaning"]


class SimilarPost(Post, frozen=True):
    """A post and its cosine to another one, at most 1."""

    score: float
    """Cosine similarity, at most 1."""


@dataclass(frozen=True, slots=True)
class SimilarPosts:
    post: Post
    method: Method
    posts: list[SimilarPost] = field(default_factory=list)


async def similar_posts(
    db: Sessions,
    embeddings: Embeddings | None,
    store: BackgroundStore,
    tweet_id: int,
    *,
    limit: int,
) -> SimilarPosts:
    """Return the posts most similar in meaning or wording. Raises NotFoundError."""
    depends_on(EVERYTHING)
    depends_on(DERIVED)
    if embeddings is not None:
        return await _by_meaning(db, embeddings, tweet_id, limit=limit)
    async with db.read() as session:
        post = await get_post(session, tweet_id)
        background = (await store.load(session)).background
        candidates = await _candidates(session, post, max(30, limit))
    texts = [candidate.text for candidate in candidates]
    scores = await asyncio.to_thread(similarities, post.text, texts, background)
    ranked = [
        _scored(candidates[place], min(float(scores[place]), 1.0))
        for place in np.argsort(-scores, kind="stable")[:limit]
        if scores[place] >= 0.1  # Posts with a lower cosine are not similar.
    ]
    return SimilarPosts(post, "wording", ranked)


async def _candidates(session: AsyncSession, post: Post, most: int) -> list[Post]:
    found_by = sorted(set(terms(post.text)))
    frequencies = await term_frequencies(session, found_by)
    weights: dict[str, float] = {}
    postings = 0
    for weight, term in sorted(
        ((frequencies.weight(term), term) for term in found_by), reverse=True
    ):
        postings += frequencies.frequencies.get(term, 0)
        if weights and (postings > POSTINGS or len(weights) == 16):
            break
        weights[term] = weight
    if not weights:
        return []
    sharing = _sharing(backend_of(session).words, weights, post.id, most)
    query = select_posts().join(sharing, sharing.c.id == Tweet.id)
    rows = await session.execute(query.order_by(sharing.c.weight.desc(), Tweet.id.desc()))
    return [as_post(row) for row in rows]


def _sharing(index: WordIndex, weights: dict[str, float], tweet_id: int, most: int) -> sa.Subquery:
    """Return a query for posts with these terms and summed weights; expressions took 6 ms."""
    postings = " UNION ALL ".join(
        f"SELECT id, CAST(:weight{n} AS double precision) AS weight"  # noqa: S608 - numbers only
        f" FROM (SELECT id FROM ({index.postings.format(term=f'term{n}')}) AS all{n}"
        f" WHERE id NOT IN ({_GONE}) ORDER BY id DESC LIMIT {POSTINGS}) AS newest{n}"
        for n in range(len(weights))
    )
    query = sa.text(
        f"SELECT id, sum(weight) AS weight FROM ({postings}) AS postings"  # noqa: S608
        f" WHERE id <> :tweet_id GROUP BY id ORDER BY 2 DESC, id DESC LIMIT {most}"
    )
    values: dict[str, str | float] = {"tweet_id": tweet_id}
    for n, (term, weight) in enumerate(weights.items()):
        values |= {f"term{n}": index.render(Terms((term,))), f"weight{n}": weight}
    columns = sa.column("id", sa.BigInteger), sa.column("weight", sa.Float)
    return query.bindparams(**values).columns(*columns).subquery("found")


def _scored(post: Post, score: float) -> SimilarPost:
    return SimilarPost(**msgspec.structs.asdict(post), score=score)


async def _by_meaning(
    db: Sessions, embeddings: Embeddings, tweet_id: int, *, limit: int
) -> SimilarPosts:
    async with db.read() as session:
        post = await get_post(session, tweet_id)
        vector = await embeddings.vector_of(session, tweet_id)
    if vector is None:
        return SimilarPosts(post, "meaning")
    nearest = await embeddings.nearest(vector, limit + 1)
    async with db.read() as session:
        posts = await find_posts(session, [post_id for _, post_id in nearest])
    neighbours = [
        _scored(posts[post_id], score)
        for score, post_id in nearest
        if post_id != tweet_id and post_id in posts
    ]
    return SimilarPosts(post, "meaning", neighbours[:limit])
