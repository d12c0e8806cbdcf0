"""Vectors on PostgreSQL: pgvector compares all."""

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import Float, bindparam
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.indexes import VectorQuery, select_vectors
from app.models import Embedding


async def nearest(session: AsyncSession, ask: VectorQuery) -> list[tuple[float, int]]:
    """Return cosine and id of the posts nearest to a vector."""
    vector = bindparam("sought", ask.vector, type_=HALFVEC())
    distance = Embedding.vector.op("<#>", return_type=Float())(vector).label("distance")
    query = select_vectors(ask).with_only_columns(Embedding.tweet_id, distance)
    rows = await session.execute(
        query.order_by(distance, Embedding.tweet_id.desc()).limit(ask.count)
    )
    return [(-row.distance, row.tweet_id) for row in rows]
