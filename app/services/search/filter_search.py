"""Search by filters alone: posts in the order of their times or likes, without words or scores."""

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.scoring import Scorer
from app.db.backend import backend_of
from app.models import Tweet, User
from app.services.posts.selection import Conditions
from app.services.search.expressions import UNCOUNTED
from app.services.search.word_search import MOST_COUNTED, Matches, Order, ResultKey


def all_that_fit(conditions: Conditions) -> Matches:
    """Return the posts that meet the conditions as the matches of a search."""
    return Matches(Scorer([], UNCOUNTED), None, [], conditions, None)


async def list_matches(
    session: AsyncSession, matches: Matches, *, limit: int, after: ResultKey | None, order: Order
) -> tuple[list[int], ResultKey | None]:
    """Return the ids of a page of posts, and the key of the next; the first 10,000 are listed.

    By likes they are the 10,000 stored last.
    """
    before, offset, _ = after or ResultKey((await session.scalar(func.max(Tweet.id)) or 0) + 1)
    times: list[ColumnElement[Any]] = [Tweet.created_at.desc().nulls_last(), Tweet.id.desc()]
    if order == "oldest":
        times = [Tweet.created_at.asc().nulls_last(), Tweet.id.asc()]
    if order == "likes":
        stored_last = matches.select(session, before=before).limit(MOST_COUNTED).subquery()
        query = select(Tweet.id).join(stored_last, stored_last.c.id == Tweet.id)
        times.insert(0, backend_of(session).likes.desc().nulls_last())
    else:
        query = select(Tweet.id).join(User, User.id == Tweet.user_id)
        query = query.where(*matches.conditions, Tweet.id < before)
    count = min(limit, max(MOST_COUNTED - offset, 0))
    page = query.order_by(*times).offset(min(offset, MOST_COUNTED)).limit(count + 1)
    ids = list(await session.scalars(page))
    end = offset + count
    has_more = len(ids) > count and end < MOST_COUNTED
    return ids[:count], ResultKey(before, end) if has_more else None
