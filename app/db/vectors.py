"""Queries for the nearest vectors and their answers, on either database."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Event, Tweet, VectorSet

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class VectorQuery:
    """A query for the `count` posts nearest to a vector of length one."""

    vector: Vector
    count: int
    among: Select[Any] | None = None
    """Selects the ids that may be found; None for all."""


@dataclass(frozen=True, slots=True)
class NearestPosts:
    """The nearest posts: cosine and id, and the newest event that is taken into account."""

    posts: list[tuple[float, int]]
    as_of_event: int
    is_current: bool
    """Whether no event has come since."""


class OtherLengthError(Exception):
    """The stored vectors have another length than that of the query."""


async def readable_set(session: AsyncSession, model: str) -> VectorSet | None:
    """Return the model's newest set that was ever complete, or else the one under way."""
    ours = select(VectorSet).where(VectorSet.model == model)
    best = ours.order_by(VectorSet.is_complete.desc(), VectorSet.id.desc()).limit(1)
    return await session.scalar(best)


async def as_of(session: AsyncSession, covered_to: int) -> tuple[int, int]:
    """Return the newest event that posts up to an id take into account, and the newest of all."""
    newest = select(func.coalesce(func.max(Event.id), 0)).scalar_subquery()
    following = select(Tweet.event_id).where(Tweet.id > covered_to).order_by(Tweet.id).limit(1)
    row = (await session.execute(select(newest, following.scalar_subquery()))).one()
    return (row[0] if row[1] is None else row[1] - 1), row[0]
