"""A room at first sight: who writes how much and how, when, and who answers whom."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.chat_timing import Said, answers_among
from app.compute.chat_traits import Judged, Trait, days_of_first, traits_of
from app.compute.portrait import (
    MOST_PORTRAYED,
    ChatPortrait,
    PersonInShort,
    PersonPortrait,
    SilenceSpan,
    in_short,
    portray,
)
from app.compute.reply_preference import clearest_answers
from app.db.backend import backend_of
from app.db.result_cache import DERIVED, EVERYTHING, depends_on
from app.models import RoomPerson, Tweet, User
from app.services.posts.scanning import Collected, ScannedColumn, ScanQuery, read_scan, scanning
from app.services.rooms.periods import (
    FEWEST_OF_YEAR,
    WHOLE,
    DayPeriod,
    Period,
    longest_silence,
    read_periods,
    within_ends,
)
from app.services.rooms.portrait import traits_named
from app.services.rooms.room_facts import RoomFacts, names_in

MOST_READ: Final = 500
"""Newest messages that are looked through; the portrait looks through more, and takes longer."""
_COLUMNS: Final[tuple[ScannedColumn, ...]] = ("author", "time", "text")


class OverviewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a room, or all others together."""

    username: Annotated[str | None, Meta(description="Null for several people combined.")]
    people: Annotated[int, Meta(description="Number of people: 1, or all the others combined.")]
    messages: int
    share: Annotated[float, Meta(description="Share of all messages of the chat, from 0 to 1.")]
    answers: Annotated[
        list[int],
        Meta(
            description="Number of messages right after a message by each named person, within 6 h."
        ),
    ]
    writing: Annotated[
        PersonPortrait | None,
        Meta(description="Based on the newest messages; null for several people combined."),
    ]


class RoomOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A room at first sight, in a time zone."""

    room: RoomFacts
    tz: str
    people: Annotated[
        list[OverviewPerson],
        Meta(description="The six people with the most messages, then everyone else combined."),
    ]
    others: Annotated[
        list[PersonInShort],
        Meta(description="Each of the others, up to the 200th person with the most messages."),
    ] = []
    traits: Annotated[
        list[Trait],
        Meta(description="At most three habits that set a person apart by more than chance."),
    ]
    periods: Annotated[
        list[Period],
        Meta(
            description="Periods from first to last: months, or years if there are"
            " more than 48 months."
        ),
    ]
    longest_silence: Annotated[
        SilenceSpan | None, Meta(description="Null if no silence is longer than two days.")
    ]
    scanned: Annotated[
        int, Meta(description="Number of messages that were analysed: at most the newest 500.")
    ]
    scanned_since: Annotated[
        datetime | None, Meta(description="Time of the first analysed message; null if unknown.")
    ] = None
    most_answered: Annotated[
        tuple[int, int] | None,
        Meta(
            description=(
                "Indexes in `people` of a person and the person whom they answer clearly more"
                " often; null if there are none."
            )
        ),
    ] = None

    @property
    def is_of_newest(self) -> bool:
        """Whether how people write was counted in the newest messages alone."""
        return self.scanned < self.room.messages

    @property
    def years(self) -> list[int]:
        """The years that have pages of their own, the newest first."""
        by_year = Counter[int]()
        for period in self.periods:
            by_year[period.first_day.year] += period.messages
        return sorted((year for year, n in by_year.items() if n >= FEWEST_OF_YEAR), reverse=True)

    @property
    def last_year(self) -> int | None:
        """The last year that has a page of its own; None for none."""
        return next(iter(self.years), None)


class _Counted(NamedTuple):
    """What a thread counts for an overview."""

    scanned: int
    since: datetime | None
    answers: list[list[int]]
    portrait: ChatPortrait
    others: list[PersonInShort]
    traits: list[Trait]
    most_answered: tuple[int, int] | None


async def read_overview(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo, period: DayPeriod = WHOLE
) -> RoomOverview:
    """Return a room at first sight; of a period, `room` has the facts of that period."""
    depends_on(EVERYTHING)
    depends_on(DERIVED)  # How well people are recognised.
    everyone, gone, judged = await _people(session, room)
    people, within = everyone[:MOST_PORTRAYED], period.instants(zone)
    if within:
        judged = {}  # Of the newest messages of all.
    messages = await _newest(session, room.id, gone, within)
    counted = await asyncio.to_thread(_count, messages, room, everyone, judged, zone)
    return RoomOverview(
        room=room,
        tz=zone.key,
        people=_overview_people(room, counted),
        others=counted.others,
        traits=await traits_named(session, counted.traits, counted.portrait, len(people)),
        periods=await read_periods(
            session, room, zone, people, gone if room.people_total > len(people) else None, period
        ),
        longest_silence=await longest_silence(session, room.id, gone, within),
        scanned=counted.scanned,
        scanned_since=counted.since,
        most_answered=counted.most_answered,
    )


async def _people(
    session: AsyncSession, room: RoomFacts
) -> tuple[list[int], list[int], dict[int, Judged]]:
    """Return the ids of those who wrote most, and of people whose messages are to be removed; and
    how well people are recognised."""
    names = room.usernames
    values = {"room_id": room.id, "names": names}
    rows = (await session.execute(_people_told_of(), values)).all()
    gone = [row.id for row in rows if row.deleted_at is not None]
    alive = [row for row in rows if row.deleted_at is None]
    ids = {row.username: row.id for row in alive}
    judged = {row.id: (row.asked, row.recognised) for row in alive}
    return [ids[name] for name in names], gone, judged


@cache
def _people_told_of() -> Select[str, int, datetime | None, int, int]:
    """Return the query for the people of a room with these `names`, those who are gone, and those
    about whom the model was asked."""
    is_named = User.username.in_(bindparam("names", expanding=True))
    return (
        select(User.username, User.id, User.deleted_at, RoomPerson.asked, RoomPerson.recognised)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .where(RoomPerson.room_id == bindparam("room_id"))
        .where(or_(is_named, User.deleted_at.is_not(None), RoomPerson.asked > 0))
    )


async def _newest(
    session: AsyncSession, room_id: int, gone: Collection[int], within: Mapping[str, datetime]
) -> list[Said]:
    """Return the newest messages, the oldest first, those without a time last.

    gone: people whose messages are still to be removed. within: the ends of a period, which has no
    messages without a time.
    """
    collected = backend_of(session).collected
    values: dict[str, Any] = {"room_id": room_id, **within}
    values |= {"gone": list(gone)} if gone else {}
    messages: list[Said] = []
    for is_dated in (True,) if within else (True, False):
        if missing := MOST_READ - len(messages):
            query = _written(collected, *within, has_gone=bool(gone), is_dated=is_dated)
            newest = await read_scan(session, query, values | {"limit": missing})
            messages += [*map(Said, newest.author, newest.time, newest.text)][::-1]
    return messages


@cache
def _written(collected: Collected, *ends: str, has_gone: bool, is_dated: bool) -> ScanQuery:
    """Return the query for the newest messages of a room, those with a time or those without.

    ends: the ends that a period has.
    """
    written = [Tweet.room_id == bindparam("room_id"), *within_ends(ends)]
    if has_gone:
        written.append(Tweet.user_id.not_in(bindparam("gone", expanding=True)))
    return scanning(collected, *written, columns=_COLUMNS, is_dated=is_dated)


def _count(
    said: Sequence[Said],
    room: RoomFacts,
    everyone: Sequence[int],
    judged: Mapping[int, Judged],
    zone: ZoneInfo,
) -> _Counted:
    people = everyone[:MOST_PORTRAYED]
    portrait = portray(said, zone, names_in(room), people=people)
    messages = [person.messages for person in room.people[:MOST_PORTRAYED]]
    by_author = [judged.get(speaker.author, (0, 0)) for speaker in portrait.speakers]
    days = days_of_first(said, people)
    traits = traits_of(messages, room.messages, portrait.speakers, by_author, days)
    first = said[0].time
    since = None if first is None else datetime.fromtimestamp(first, UTC)
    answers = answers_among(said, people)
    most_answered = clearest_answers(said, people, messages, room.messages)
    named = zip(everyone, room.people, strict=True)
    written = {user_id: (person.username, person.messages) for user_id, person in named}
    others = in_short(portrait, {user_id: written[user_id] for user_id in everyone[len(people) :]})
    return _Counted(len(said), since, answers, portrait, others, traits, most_answered)


def _overview_people(room: RoomFacts, counted: _Counted) -> list[OverviewPerson]:
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
        for speaker, answers, writing in zip(
            named, counted.answers, counted.portrait.people[: len(named)], strict=True
        )
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
    return people
