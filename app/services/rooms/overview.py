"""A room at first sight: who writes how much and how, when, and who answers whom."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import first_instant
from app.compute.chat_traits import Trait, traits_of
from app.compute.portrait import MOST_PORTRAYED, PersonPortrait, Said, answers_among, portray
from app.memo import EVERYTHING, depends_on
from app.models import RoomPerson, Tweet, User
from app.services.posts.post_counts import MOST_YEARS
from app.services.posts.scanning import Scan, ScannedColumn, scan
from app.services.rooms.room_facts import RoomFacts

MOST_READ: Final = 500
"""Newest messages that are looked through; the portrait looks through more, and takes longer."""
MOST_MONTHS: Final = 48
"""A chat of more of them is counted by years."""
YEAR_M: Final = 12
_COLUMNS: Final[tuple[ScannedColumn, ...]] = ("author", "time", "text")


class OverviewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a room, or all others together."""

    username: Annotated[str | None, Meta(description="Null for several people together.")]
    people: Annotated[int, Meta(description="How many these are: one, or all others.")]
    messages: int
    share: Annotated[float, Meta(description="Of all messages of the room, from 0 to 1.")]
    answers: Annotated[
        list[int],
        Meta(description="Messages right after one of each of those who are named, within 6 h."),
    ]
    writing: Annotated[
        PersonPortrait | None, Meta(description="Of the newest messages; null if none are theirs.")
    ]


class Period(msgspec.Struct, frozen=True):
    """A month or a year of a room."""

    first_day: date
    messages: int


class RoomOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A room at first sight, in a time zone."""

    room: RoomFacts
    tz: str
    people: Annotated[
        list[OverviewPerson],
        Meta(description="Six with the most messages, then the others together."),
    ]
    traits: Annotated[
        list[Trait], Meta(description="What sets some apart by more than chance; at most three.")
    ]
    periods: Annotated[
        list[Period], Meta(description="Months from the first to the last, of more than 48 years.")
    ]
    scanned: Annotated[int, Meta(description="Messages that were looked through: the newest 500.")]


class _Counted(msgspec.Struct, frozen=True):
    """What a thread counts for an overview."""

    scanned: int
    answers: list[list[int]]
    writing: list[PersonPortrait | None]
    traits: list[Trait]


async def read_overview(session: AsyncSession, room: RoomFacts, zone: ZoneInfo) -> RoomOverview:
    """Return a room at first sight."""
    depends_on(EVERYTHING)
    names = [person.username for person in room.people[:MOST_PORTRAYED]]
    rows = await session.execute(select(User.username, User.id).where(User.username.in_(names)))
    ids = {row.username: row.id for row in rows}
    dated = await _scan(session, room.id, MOST_READ, is_dated=True)
    missing = MOST_READ - len(dated.author)
    undated = await _scan(session, room.id, missing, is_dated=False) if missing else None
    periods = await _periods(session, room, zone)
    counted = await asyncio.to_thread(
        _count, _said(dated, undated), room, [ids[name] for name in names], zone
    )
    return _overview(room, zone, periods, counted)


async def _scan(session: AsyncSession, room_id: int, limit: int, *, is_dated: bool) -> Scan:
    is_alive = Tweet.user_id.in_(select(User.id).where(User.deleted_at.is_(None)))
    return await scan(
        session,
        Tweet.room_id == room_id,
        is_alive,
        columns=_COLUMNS,
        limit=limit,
        is_dated=is_dated,
    )


def _said(dated: Scan, undated: Scan | None) -> list[Said]:
    """Return messages, the oldest first, those without a time last."""
    scans = (dated, undated) if undated else (dated,)
    return [
        message
        for part in scans
        for message in [*map(Said, part.author, part.time, part.text)][::-1]
    ]


async def _periods(session: AsyncSession, room: RoomFacts, zone: ZoneInfo) -> list[Period]:
    """Return the months or years of a room."""
    if room.first_message_at is None or room.newest_message_at is None:
        return []
    days = _first_days(
        room.first_message_at.astimezone(zone), room.newest_message_at.astimezone(zone)
    )
    gone = select(RoomPerson.user_id).join(User, User.id == RoomPerson.user_id)
    deleted = list(
        await session.scalars(
            gone.where(RoomPerson.room_id == room.id, User.deleted_at.is_not(None))
        )
    )
    starts = [first_instant(day, zone) for day in days]
    moments = {f"start{place}": start for place, start in enumerate(starts)}
    of_room = {"room_id": room.id} | ({"deleted": deleted} if deleted else {})
    counts = _counts(len(days) - 1, has_deleted=bool(deleted))
    row = (await session.execute(counts, of_room | moments)).one()
    return [*map(Period, days[:-1], row)]


@cache
def _counts(periods: int, *, has_deleted: bool) -> Select[Any]:
    """Return a query for the messages of so many periods, which takes longer to make than to run.

    Without people whose messages are still to be removed, an index alone is read.
    """
    of_room = select(func.count()).where(Tweet.room_id == bindparam("room_id"))
    if has_deleted:
        of_room = of_room.where(Tweet.user_id.not_in(bindparam("deleted", expanding=True)))
    starts = [
        bindparam(f"start{place}", type_=Tweet.created_at.type) for place in range(periods + 1)
    ]
    return select(
        *(
            of_room.where(Tweet.created_at >= start, Tweet.created_at < end).scalar_subquery()
            for start, end in pairwise(starts)
        )
    )


def _first_days(first: datetime, newest: datetime) -> list[date]:
    """Return the first days of the months from a time to a later one, and of the next month.

    Where these are too many it is years, at most the newest `MOST_YEARS`.
    """
    months = range(first.year * YEAR_M + first.month - 1, newest.year * YEAR_M + newest.month + 1)
    if len(months) > MOST_MONTHS + 1:
        oldest = max(first.year, newest.year - MOST_YEARS + 1)
        return [date(year, 1, 1) for year in range(oldest, newest.year + 2)]
    return [date(month // YEAR_M, month % YEAR_M + 1, 1) for month in months]


def _count(
    said: Sequence[Said], room: RoomFacts, people: Sequence[int], zone: ZoneInfo
) -> _Counted:
    names = [name for person in room.people for name in (person.username, person.display_name)]
    writing = _writing_of(said, people, zone, filter(None, names))
    texts = [[message.text for message in said if message.author == person] for person in people]
    messages = [person.messages for person in room.people[:MOST_PORTRAYED]]
    traits = traits_of(messages, room.messages, writing, texts)
    return _Counted(len(said), answers_among(said, people), writing, traits)


def _writing_of(
    said: Sequence[Said], people: Sequence[int], zone: ZoneInfo, names: Iterable[str]
) -> list[PersonPortrait | None]:
    """Return how each of these people writes; None for one of whom nothing is there, or little.

    names: what anybody there is called, which is no phrase.
    """
    if not said:
        return [None for _ in people]
    portrait = portray(said, zone, names)
    alone = {
        group[0]: person
        for group, person in zip(portrait.groups, portrait.people, strict=True)
        if len(group) == 1
    }
    return [alone.get(person) for person in people]


def _overview(
    room: RoomFacts, zone: ZoneInfo, periods: list[Period], counted: _Counted
) -> RoomOverview:
    named = room.people[:MOST_PORTRAYED]
    people = [
        OverviewPerson(
            username=speaker.username,
            people=1,
            messages=speaker.messages,
            share=speaker.messages / room.messages,
            answers=answers,
            writing=writing,
        )
        for speaker, answers, writing in zip(named, counted.answers, counted.writing, strict=True)
    ]
    others = room.messages - sum(person.messages for person in people)
    if others:
        people.append(
            OverviewPerson(
                username=None,
                people=room.people_total - len(named),
                messages=others,
                share=others / room.messages,
                answers=[],
                writing=None,
            )
        )
    return RoomOverview(
        room=room,
        tz=zone.key,
        people=people,
        traits=counted.traits,
        periods=periods,
        scanned=counted.scanned,
    )
