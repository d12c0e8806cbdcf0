"""The posts of a selection: a sample spread evenly over the authors, and the list, newest first."""

from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Tweet, User
from app.models.derived import EPOCH_S
from app.services.posts.statistics import HOUR_S, WEEK_H, count_by_author, local_seconds
from app.services.posts.tweets import Page, TweetKey, read_page
from app.services.selection import Selection, post_conditions

_PRIME: Final = 1_000_003
_SPREAD: Final = 618_033
"""The golden section of it: ids that follow each other are scattered evenly."""

_READ_AT_ONCE: Final = 500


class DrawnPost(NamedTuple):
    """A post that was drawn."""

    id: int
    username: str
    created_at: datetime | None
    text: str


async def draw_posts(
    session: AsyncSession, selection: Selection, *, most: int
) -> tuple[list[DrawnPost], int]:
    """Return up to `most` posts, of each author as many as of any other who has them, and of all.

    By author and id. A post that comes or goes changes the others' lot little.
    """
    counts = [author.tweets for author in await count_by_author(session, selection)]
    conditions = await post_conditions(session, selection)
    if sum(counts) > most:
        # By what scatters ids, so that old posts and new ones have the same chance.
        scattered: ColumnElement[int] = Tweet.id % _PRIME * _SPREAD % _PRIME
        place = func.row_number().over(partition_by=Tweet.user_id, order_by=(scattered, Tweet.id))
        ranked = select(Tweet.id, place.label("place")).join(User, User.id == Tweet.user_id)
        drawn = ranked.where(*conditions).subquery()
        lucky = select(drawn.c.id).where(drawn.c.place <= level(counts, most))
        conditions = [Tweet.id.in_(lucky)]
    query = (
        select(Tweet.id, User.username, Tweet.created_at, Tweet.text)
        .join(User, User.id == Tweet.user_id)
        .where(*conditions)
        .order_by(User.username_key, Tweet.id)
        .limit(most)
    )
    drawn_posts: list[DrawnPost] = []
    # Some at a time: making objects of thousands of rows at once would hold the loop.
    rows = await session.stream(query.execution_options(yield_per=_READ_AT_ONCE))
    async for some in rows.partitions():
        drawn_posts += [DrawnPost(*row) for row in some]
    return drawn_posts, sum(counts)


def level(counts: list[int], most: int) -> int:
    """Return how many of each author to take, at least 1, so that all together are `most`."""
    left, level = most, 0
    for place, count in enumerate(sorted(counts)):
        sharers = len(counts) - place
        if (count - level) * sharers > left:
            return max(1, level + left // sharers)
        left -= (count - level) * sharers
        level = count
    return max(1, level)


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
