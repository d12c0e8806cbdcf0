"""How far behind the posts what is derived from them is."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import BackgroundSnapshot, Profile, User


async def measure_lag(session: AsyncSession) -> dict[str, int]:
    """Return by kind how many posts are not in it yet; readers of profiles add these themselves."""
    stored = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    posts = await session.scalar(stored) or 0
    folded = await session.scalar(select(func.sum(Profile.posts))) or 0
    newest = select(BackgroundSnapshot.posts).order_by(BackgroundSnapshot.version.desc()).limit(1)
    background = await session.scalar(newest) or 0
    return {"profiles": max(0, posts - folded), "background": max(0, posts - background)}
