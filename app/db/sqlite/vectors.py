"""Vectors on SQLite: NumPy compares all, in blocks that SQLite puts together."""

import asyncio
from typing import Final

import numpy as np
from sqlalchemy import LargeBinary, String, cast, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.nearest_vectors import NearestRows
from app.db.indexes import VectorQuery, select_vectors
from app.models import Embedding

BLOCK: Final = 1_024
"""Vectors of a block. As rows of their own, each would wait for the lock of the interpreter."""


async def nearest(session: AsyncSession, ask: VectorQuery) -> list[tuple[float, int]]:
    """Return cosine and id of the posts nearest to a vector."""
    best = NearestRows(ask.vector, ask.count)
    after = 0
    while True:
        some = select_vectors(ask).where(Embedding.tweet_id > after)
        block = some.order_by(Embedding.tweet_id).limit(BLOCK).subquery()
        values = type_coerce(block.c.vector, String)
        query = select(
            func.group_concat(block.c.tweet_id, type_=String),
            # The bytes go through as they are, though this joins texts.
            cast(func.group_concat(values, "", type_=String), LargeBinary),
        )
        listed, joined = (await session.execute(query)).one()
        if listed is None:
            return best.result()
        ids = np.array(listed.split(","), np.int64)
        rows = np.frombuffer(joined, "<f2").reshape(len(ids), -1)
        await asyncio.to_thread(best.add, ids, rows)
        after = int(ids[-1])
