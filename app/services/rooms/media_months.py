"""The months of a room with pictures, videos and sounds."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Tweet
from app.result_cache import EVERYTHING, depends_on
from app.services.posts.post_counts import DAY_S, local_unit, seconds_of


async def media_by_month(
    session: AsyncSession, room_id: int, zone: ZoneInfo
) -> dict[date | None, int]:
    """Return how many messages of a room have media in each month, the newest month first.

    A month is its first day; None, at the end, stands for an unknown time.
    """
    depends_on(EVERYTHING)
    day = local_unit(seconds_of(Tweet.created_at), zone, DAY_S, tick_s=1).label("day")
    of_room = Tweet.room_id == room_id, Tweet.media.is_not(None)
    dated = select(day, func.count()).where(*of_room, Tweet.created_at.is_not(None))
    months: dict[date | None, int] = {}
    rows = await session.execute(dated.group_by("day").order_by("day"))
    for number, messages in reversed(rows.all()):
        month = date.fromordinal(number + 1).replace(day=1)
        months[month] = months.get(month, 0) + messages
    undated = select(func.count()).where(*of_room, Tweet.created_at.is_(None))
    if without_time := await session.scalar(undated):
        months[None] = without_time
    return months
