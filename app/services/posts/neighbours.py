"""The posts before and after one in a list of selected posts, the newest first."""

from typing import NamedTuple

from sqlalchemy import and_, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Tweet
from app.services.posts.selection import Selection, post_conditions
from app.services.posts.tweets import Post, as_post, read_page, select_posts


class Neighbours(NamedTuple):
    """The posts next to one in a list."""

    newer: Post | None
    older: Post | None


async def neighbours_of(session: AsyncSession, selection: Selection, post: Post) -> Neighbours:
    """Return the neighbours of a post among the selected ones. Raises NotFoundError."""
    conditions = await post_conditions(session, selection)
    older, _ = await read_page(session, conditions, after=(post.created_at, post.id), limit=1)
    # Posts without a time come last.
    is_newer = and_(Tweet.created_at.is_(None), Tweet.id > post.id)
    is_newer = or_(is_newer, Tweet.created_at.is_not(None))
    if post.created_at is not None:
        is_newer = tuple_(Tweet.created_at, Tweet.id) > tuple_(post.created_at, post.id)
    query = select_posts().where(*conditions, is_newer)
    query = query.order_by(Tweet.created_at.asc().nulls_first(), Tweet.id).limit(1)
    row = (await session.execute(query)).first()
    return Neighbours(as_post(row) if row else None, older[0] if older else None)
