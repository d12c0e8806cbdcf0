"""Vectors on SQLite: NumPy compares all, in blocks that SQLite puts together."""

import asyncio
from typing import Final

import numpy as np
from sqlalchemy import LargeBinary, Select, String, cast, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.indexes import Vector
from app.models import Embedding

BLOCK: Final = 1_024
"""Vectors of a block. As rows of their own, each would wait for the lock of the interpreter."""


async def nearest(
    session: AsyncSession, compared: Select[int, Vector], vector: Vector, count: int
) -> list[tuple[float, int]]:
    """Return cosine and id of the rows nearest to a vector."""
    best: list[tuple[float, int]] = []
    after = 0
    while True:
        some = compared.where(Embedding.tweet_id > after)
        block = some.order_by(Embedding.tweet_id).limit(BLOCK).subquery()
        values = type_coerce(block.c.vector, String)
        query = select(
            func.group_concat(block.c.tweet_id, type_=String),
            # The bytes go through as they are, though this joins texts.
            cast(func.group_concat(values, "", type_=String), LargeBinary),
        )
        listed, joined = (await session.execute(query)).one()
        if listed is None:
            return best
        ids = [int(each) for each in listed.split(",")]
        rows = np.frombuffer(joined, "<f2").reshape(len(ids), -1)
        scores = await asyncio.to_thread(lambda some: some.astype(np.float32) @ vector, rows)
        least = best[-1][0] if len(best) == count else -np.inf
        near = [(float(scores[place]), ids[place]) for place in (scores >= least).nonzero()[0]]
        best = sorted([*best, *near], reverse=True)[:count]
        after = ids[-1]
