"""A period of a chat: its days, and the facts about the chat that are of these days."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import structs
from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import first_instant
from app.models import Tweet, User
from app.result_cache import EVERYTHING, depends_on
from app.services.rooms.room_facts import MOST_PEOPLE, RoomFacts, RoomSpeaker


class DayPeriod(NamedTuple):
    """The days from `first` until before `end`; None leaves that side open."""

    first: date | None = None
    end: date | None = None

    @property
    def is_whole(self) -> bool:
        """Whether both sides are open."""
        return self.first is self.end is None

    def instants(self, zone: ZoneInfo) -> dict[str, datetime]:
        """Return the ends that the period has as moments, by their names."""
        ends = {"since": self.first, "until": self.end}
        return {name: first_instant(day, zone) for name, day in ends.items() if day}

    def clipped(self, days: Sequence[date]) -> list[date]:
        """Return the first days of parts of time, and the end of the last, within the period."""
        if not days:
            return []
        first, *inner, end = days
        return [max(first, self.first or first), *inner, min(end, self.end or end)]


WHOLE: Final = DayPeriod()


async def read_facts_of_period(
    session: AsyncSession, room: RoomFacts, period: DayPeriod, zone: ZoneInfo
) -> RoomFacts:
    """Return a chat as if it had only the messages of a period; it may have none."""
    if period.is_whole:
        return room
    depends_on(EVERYTHING)
    within, messages = period.instants(zone), func.count().label("messages")
    query = (
        select(User.username, User.display_name, messages)
        .add_columns(func.min(Tweet.created_at), func.max(Tweet.created_at))
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.room_id == room.id, User.deleted_at.is_(None), *within_ends(within))
        .group_by(User.id)
        .order_by(messages.desc(), User.username_key)
    )
    rows = (await session.execute(query, within)).all()
    return structs.replace(
        room,
        messages=sum(count for _, _, count, *_ in rows),
        people=[RoomSpeaker(*person) for *person, _, _ in rows[:MOST_PEOPLE]],
        people_total=len(rows),
        first_message_at=min((first for *_, first, _ in rows), default=None),
        newest_message_at=max((newest for *_, newest in rows), default=None),
    )


def within_ends(ends: Collection[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that a message is of a period with these ends, which are parameters."""
    time = Tweet.created_at
    conditions = {
        "since": time >= bindparam("since", type_=time.type),
        "until": time < bindparam("until", type_=time.type),
    }
    return [conditions[end] for end in ends]
