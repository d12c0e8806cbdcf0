"""How an author writes: beside the others of their chat, or of the site."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.fingerprint import Measure
from app.compute.hours import BusyFrom, ChatHours, busiest_hours, hours_of_day
from app.compute.phrases import Phrase
from app.compute.tally import hour_counts
from app.db.result_cache import EVERYTHING, depends_on
from app.models import User
from app.services.archive.author_archive import read_typical
from app.services.archive.author_traits import TypicalTerm
from app.services.archive.beside import CountedBeside, PostsBeside, Reach, count_beside, read_beside
from app.services.compare.cases import Models
from app.services.compare.recognised import RecognisedPosts, recognised_posts
from app.services.posts.tweets import Post, find_posts
from app.services.posts.users import Author, UserRow, select_rows
from app.services.rooms.room_facts import RoomFacts


class PersonBeside(msgspec.Struct, frozen=True):
    """Somebody beside whom an author is shown."""

    username: str
    messages: Annotated[
        int, Meta(description="Number of this person's messages that were analysed.")
    ]


class AuthorPortrait(msgspec.Struct, frozen=True):
    """How an author writes, beside others, in a time zone."""

    user: Author
    room: Annotated[RoomFacts | None, Meta(description="The chat with most of their messages.")]
    tz: str
    messages: Annotated[
        int, Meta(description="Number of this person's messages that were analysed.")
    ]
    messages_elsewhere: Annotated[
        int, Meta(description="Number of everyone else's messages that were analysed.")
    ]
    since: datetime | None
    until: datetime | None
    others: Annotated[
        list[PersonBeside],
        Meta(description="Up to eight people with 20 messages or more; everyone else is combined."),
    ]
    others_total: Annotated[int, Meta(description="Number of all other people.")]
    measures: Annotated[
        list[Measure], Meta(description="Habits that set this person apart first, clearest first.")
    ]
    phrases: Annotated[
        list[Phrase] | None, Meta(description="Null if either side has fewer than 20 messages.")
    ]
    hours: ChatHours
    busy_from: BusyFrom
    hours_elsewhere: Annotated[list[int], Meta(description="Those of the others, likewise.")]
    recognised: Annotated[
        RecognisedPosts | None, Meta(description="Null if fewer than 20 messages could be tested.")
    ]
    most_like: Annotated[
        Post | None, Meta(description="The message that was most certainly attributed to them.")
    ]

    typical: Annotated[
        list[TypicalTerm], Meta(description="As in the archive, if there are no `others`.")
    ] = []
    shipped_authors: Annotated[int, Meta(description="As in the archive.")] = 0

    @property
    def is_compared(self) -> bool:
        """Whether both sides have enough messages to be compared."""
        return self.phrases is not None


class _Counted(NamedTuple):
    """What is counted of an author's messages and of others'."""

    compared: CountedBeside
    since: datetime | None
    until: datetime | None
    phrases: list[Phrase] | None
    hours: list[int]
    hours_elsewhere: list[int]
    busy_from: int | None


async def read_author_portrait(
    session: AsyncSession, models: Models, author: Author, room: RoomFacts | None, zone: ZoneInfo
) -> AuthorPortrait:
    """Return how an author writes: in a room beside the others there, else beside the site."""
    depends_on(EVERYTHING)
    read = await read_beside(session, models, author, room, Reach())
    counted = await asyncio.to_thread(_count, read, author, zone)
    ranked, compared = counted.compared.ranked, counted.compared.one_by_one
    rows = await _rows_of(session, [author.id, *(user_id for user_id, _ in compared)])
    recognised = await recognised_posts(session, models, rows[0], rows[1:])
    most_like = (
        await find_posts(session, [recognised.surest]) if recognised and recognised.surest else {}
    )
    typical, shipped = list[TypicalTerm](), 0
    if not ranked and room is None:
        typical, shipped = await read_typical(session, models, author)
    return AuthorPortrait(
        user=author,
        room=room,
        tz=zone.key,
        messages=len(counted.compared.own),
        messages_elsewhere=len(counted.compared.beside),
        since=counted.since,
        until=counted.until,
        others=[
            PersonBeside(row.username, messages)
            for row, (_, messages) in zip(rows[1:], compared, strict=True)
        ],
        others_total=len(ranked),
        measures=counted.compared.measures,
        phrases=counted.phrases,
        hours=counted.hours,
        busy_from=counted.busy_from,
        hours_elsewhere=counted.hours_elsewhere,
        recognised=recognised,
        most_like=next(iter(most_like.values()), None),
        typical=typical,
        shipped_authors=shipped,
    )


async def _rows_of(session: AsyncSession, ids: Sequence[int]) -> list[UserRow]:
    rows = {row.id: UserRow(*row) for row in await session.execute(select_rows(User.id.in_(ids)))}
    return [rows[user_id] for user_id in ids]


def _count(read: PostsBeside, author: Author, zone: ZoneInfo) -> _Counted:
    """Return what is counted of the messages that were read; it takes long."""
    compared = count_beside(read, author.id)
    own, beside = (
        [compared.said[place] for place in places] for places in (compared.own, compared.beside)
    )
    hours = hour_counts(own, zone)
    times = [message.time for message in own if message.time is not None]
    return _Counted(
        compared=compared,
        since=_moment(min(times, default=None)),
        until=_moment(max(times, default=None)),
        phrases=compared.phrases(read.names),
        hours=hours_of_day(hours),
        hours_elsewhere=hours_of_day(hour_counts(beside, zone)),
        busy_from=busiest_hours(hours),
    )


def _moment(time: int | None) -> datetime | None:
    return None if time is None else datetime.fromtimestamp(time, UTC)
