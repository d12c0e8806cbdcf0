"""The posts of a selection: what stands behind a point of a figure."""

from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, cast, extract
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Tweet
from app.models.derived import EPOCH_S
from app.services.posts.statistics import HOUR_S, WEEK_H, local_seconds
from app.services.posts.tweets import Post, TweetKey, as_post, older, select_posts
from app.services.selection import Selection, post_conditions


async def list_selected(
    session: AsyncSession,
    selection: Selection,
    *,
    hour: int | None = None,
    zone: ZoneInfo,
    after: TweetKey | None = None,
    limit: int,
) -> tuple[list[Post], TweetKey | None]:
    """Return up to `limit` posts, the newest first, and the next place.

    `hour` is one of the 168 of the week, from Monday, in the time zone. Raises NotFoundError.
    """
    conditions = await post_conditions(session, selection)
    if hour is not None:
        seconds = cast(extract("epoch", Tweet.created_at), BigInteger) + EPOCH_S
        conditions.append(local_seconds(seconds, zone) // HOUR_S % WEEK_H == hour)
    if after is not None:
        conditions.append(older(*after))
    query = select_posts().where(*conditions)
    query = query.order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
    posts = [as_post(row) for row in await session.execute(query.limit(limit + 1))]
    last = posts[limit - 1] if len(posts) > limit else None
    return posts[:limit], (last.created_at, last.id) if last else None
