"""The posts of a selection: how many there are, and a page of them."""

from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import PostCount, Tweet
from app.models.derived import EPOCH_S
from app.services.posts.post_counts import HOUR_S, local_seconds
from app.services.posts.statistics import WEEK_H, count_by_hour_of_week, count_conditions
from app.services.posts.tweets import Page, TweetKey, read_page
from app.services.selection import Selection, post_conditions


async def count_selected(
    session: AsyncSession, selection: Selection, zone: ZoneInfo, *, hour: int | None
) -> int:
    """Return how many posts there are, of one hour of the week if it is given."""
    if hour is not None:
        return (await count_by_hour_of_week(session, selection, zone))[hour]
    counts = select(func.sum(PostCount.posts)).where(*await count_conditions(session, selection))
    return int(await session.scalar(counts) or 0)


async def list_selected(
    session: AsyncSession,
    selection: Selection,
    *,
    hour: int | None = None,
    zone: ZoneInfo,
    after: TweetKey | None = None,
    limit: int,
) -> Page:
    """Return up to `limit` posts, the newest first, and the next place.

    `hour` is one of the 168 of the week, from Monday, in the time zone. Raises NotFoundError.
    """
    conditions = await post_conditions(session, selection)
    if hour is not None:
        seconds = cast(extract("epoch", Tweet.created_at), BigInteger) + EPOCH_S
        conditions.append(local_seconds(seconds, zone) // HOUR_S % WEEK_H == hour)
    return await read_page(session, conditions, after=after, limit=limit)
