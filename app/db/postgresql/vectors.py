"""Vectors on PostgreSQL: pgvector compares all."""

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import Float, Select, bindparam
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.indexes import Vector
from app.models import Embedding


async def nearest(
    session: AsyncSession, compared: Select[int, Vector], vector: Vector, count: int
) -> list[tuple[float, int]]:
    """Return cosine and id of the rows nearest to a vector."""
    sought = bindparam("sought", vector, type_=HALFVEC())
    distance = Embedding.vector.op("<#>", return_type=Float())(sought).label("distance")
    query = compared.with_only_columns(Embedding.tweet_id, distance)
    rows = await session.execute(query.order_by(distance, Embedding.tweet_id.desc()).limit(count))
    return [(-row.distance, row.tweet_id) for row in rows]
