"""The posts of a set that was played, with who wrote them."""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Tweet, User
from app.services.compare.guessing import QuizSet


class SolvedPost(NamedTuple):
    """A post of a set, and who wrote it."""

    id: int
    text: str
    username: str


async def read_solved(
    session: AsyncSession, quiz: QuizSet, *, room_id: int | None = None
) -> dict[int, SolvedPost]:
    """Return the posts of a set that are still there, by id."""
    query = (
        select(Tweet.id, Tweet.text, User.username)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.id.in_(quiz.tweet_ids), User.id.in_(quiz.user_ids))
        .where(User.deleted_at.is_(None))
    )
    if room_id is not None:
        query = query.where(Tweet.room_id == room_id)
    return {row.id: SolvedPost(*row) for row in await session.execute(query)}
