"""How far the making of vectors is, for whoever looks on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Tweet, User, VectorSet
from app.services.search.vector_sets import count_beyond, is_behind, last_set


@dataclass(frozen=True, slots=True)
class VectorState:
    """What becomes of a model's vectors."""

    name: Literal["nothing", "complete", "under way", "stopped"]
    posts: int
    done: int
    """Posts that have theirs, of the set that was begun last."""
    has_older: bool
    """Whether vectors from before answer meanwhile."""
    began_at: datetime | None
    """Since when it goes on, where somebody had it begun."""
    share_since: float
    """How much of what was missing then is done, in [0, 1]."""

    @property
    def share(self) -> float:
        """How much of all is done, in [0, 1]."""
        return self.done / self.posts if self.posts else 1.0


async def vector_state(session: AsyncSession, model: str) -> VectorState:
    """Return how far the vectors of the model are."""
    posts = await session.scalar(select(func.sum(User.tweet_count))) or 0
    current = await last_set(session, model)
    if current is None:
        name: Literal["nothing", "under way"] = "under way" if posts else "nothing"
        return VectorState(name, posts, 0, False, None, 0.0)
    missing = await count_beyond(session, current)
    has_more = not current.is_complete or await is_behind(session, current)
    return VectorState(
        "stopped" if current.is_stopped else "under way" if has_more else "complete",
        posts,
        max(0, posts - missing),
        not current.is_complete and await _has_complete(session, model),
        current.began_at if not current.is_complete else None,
        await _share_since(session, current),
    )


async def _has_complete(session: AsyncSession, model: str) -> bool:
    query = select(VectorSet.id).where(VectorSet.model == model, VectorSet.is_complete)
    return await session.scalar(query.limit(1)) is not None


async def _share_since(session: AsyncSession, current: VectorSet) -> float:
    """Return what is done of what was missing when it began; by ids, which cost no counting."""
    newest = await session.scalar(select(func.max(Tweet.id))) or 0
    whole = newest - current.began_to
    return (current.embedded_to - current.began_to) / whole if whole > 0 else 1.0
