"""The posts most similar to a post, by index or vectors."""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta
from sqlalchemy import BigInteger, Float, Subquery, column, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import similarities
from app.compute.words import terms
from app.db.backend import Sessions, Terms, WordIndex, backend_of
from app.db.result_cache import DERIVED, EVERYTHING, depends_on
from app.models import Tweet
from app.services.compare.background import BackgroundStore
from app.services.posts.tweets import Post, as_post, find_posts, get_post, select_posts
from app.services.search.embeddings import Embeddings
from app.services.search.vocabulary import term_frequencies

POSTINGS: Final = 2_000
"""Index entries read for each term, and about for all."""

Method = Literal["wording", "meaning"]


class SimilarPost(Post, frozen=True):
    """A post and its cosine to another one, at most 1."""

    score: Annotated[float, Meta(description="Cosine similarity, at most 1.")]


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


def _sharing(index: WordIndex, weights: dict[str, float], tweet_id: int, most: int) -> Subquery:
    """Return a query for posts with these terms and summed weights, as text, since expressions took
    6 ms.
    """
    postings = " UNION ALL ".join(
        f"SELECT id, CAST(:weight{n} AS double precision) AS weight"  # noqa: S608 - numbers only
        f" FROM ({index.postings.format(term=f'term{n}')} ORDER BY id DESC LIMIT {POSTINGS})"
        f" AS newest{n}"
        for n in range(len(weights))
    )
    query = text(
        f"SELECT id, sum(weight) AS weight FROM ({postings}) AS postings"  # noqa: S608
        f" WHERE id <> :tweet_id GROUP BY id ORDER BY 2 DESC, id DESC LIMIT {most}"
    )
    values: dict[str, str | float] = {"tweet_id": tweet_id}
    for n, (term, weight) in enumerate(weights.items()):
        values |= {f"term{n}": index.render(Terms((term,))), f"weight{n}": weight}
    columns = column("id", BigInteger), column("weight", Float)
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
