"""A portrait of a room: how its people write, side by side."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.chat_timing import Said, answers_among
from app.compute.chat_traits import Judged, Trait, days_of_first, traits_of
from app.compute.portrait import (
    ChatPortrait,
    PersonInShort,
    PersonPortrait,
    SilenceSpan,
    in_short,
    portray,
)
from app.db.backend import backend_of
from app.models import RoomPerson, Tweet, User
from app.result_cache import DERIVED, EVERYTHING, depends_on
from app.services.posts.scanning import (
    MOST_SCANNED,
    Collected,
    Scan,
    ScannedColumn,
    ScanQuery,
    read_scan,
    scanning,
)
from app.services.rooms.loved import LovedMessage, most_loved
from app.services.rooms.periods import Period, gone_from, read_periods
from app.services.rooms.room_facts import RoomFacts, get_room, names_in

Names = tuple[str, str | None]
"""A username, and a display name."""
_NAMES: Final = select(User.id, User.username, User.display_name).where(
    User.id.in_(bindparam("ids", expanding=True))
)


class RoomPortrait(msgspec.Struct, frozen=True):
    """How people write in a room, in a time zone."""

    room: RoomFacts
    tz: str
    scanned: Annotated[
        int, Meta(description="Number of messages that were analysed: at most the newest 20,000.")
    ]
    people: Annotated[
        list[PersonPortrait],
        Meta(description="The six people with the most messages, then everyone else combined."),
    ]
    longest_silence: Annotated[
        SilenceSpan | None,
        Meta(
            description=(
                "The longest silence; the first, if several are equally long; null if there is"
                " none."
            )
        ),
    ]
    traits: Annotated[
        Sequence[Trait],
        Meta(description="At most three habits that set a person apart by more than chance."),
    ] = ()
    loved: Annotated[
        Sequence[LovedMessage],
        Meta(
            description=(
                "Among all messages: the message with the most reactions, then the messages"
                " with the most of up to three single reactions. Empty if the chat's app"
                " exports no reactions."
            )
        ),
    ] = ()
    others: Annotated[
        Sequence[PersonInShort],
        Meta(description="Each of the others, up to the 200th person with the most messages."),
    ] = ()
    periods: Annotated[
        Sequence[Period],
        Meta(
            description="Periods from first to last: months, or years if there are"
            " more than 48 months."
        ),
    ] = ()
    answers: Annotated[
        Sequence[Sequence[int]],
        Meta(
            description=(
                "Number of messages by each person (row) right after a message by each person"
                " (column), within 6 h; people who are combined are left out."
            )
        ),
    ] = ()


class _Counted(NamedTuple):
    """What is counted of a room."""

    scanned: int
    portrait: ChatPortrait
    ids: list[int]
    """Of the people who stand for themselves."""
    traits: list[Trait]
    answers: list[list[int]]
    others: list[PersonInShort]


async def read_portrait(session: AsyncSession, room_id: int, zone: ZoneInfo) -> RoomPortrait:
    """Return the portrait of a room, or of the one that it was joined to.

    Raises NotFoundError, also for a room without messages.
    """
    depends_on(EVERYTHING)
    depends_on(DERIVED)  # How well people are recognised.
    room = await get_room(session, room_id)
    scans = await scan_room(session, room.id, MOST_SCANNED)
    judged = await _judged_in(session, room.id)
    everyone = await _ids_of(session, room)
    counted = await asyncio.to_thread(_portray, scans, zone, room, everyone, judged)
    portrait, ids = counted.portrait, counted.ids
    gone = await gone_from(session, room.id) if len(portrait.groups) > len(ids) else None
    periods = await read_periods(session, room, zone, ids, gone)
    called = await names_of(session, ids)
    traits = await traits_named(session, counted.traits, portrait, len(ids))
    room_portrait = portrait_of(room, zone, counted.scanned, portrait, called, traits)
    loved = await most_loved(session, room.id)
    return msgspec.structs.replace(
        room_portrait, loved=loved, others=counted.others, periods=periods, answers=counted.answers
    )


def portrait_of(
    room: RoomFacts,
    zone: ZoneInfo,
    scanned: int,
    portrait: ChatPortrait,
    names: Mapping[int, Names],
    traits: Sequence[Trait] = (),
) -> RoomPortrait:
    """Return the portrait of so many messages of a room, with the names of its people by id."""
    people = list(portrait.people)
    for place, group in enumerate(portrait.groups):
        if len(group) == 1:
            username, display_name = names[group[0]]
            people[place] = msgspec.structs.replace(
                people[place], username=username, display_name=display_name
            )
    return RoomPortrait(room, zone.key, scanned, people, portrait.longest_silence, traits)


async def traits_named(
    session: AsyncSession, traits: Sequence[Trait], portrait: ChatPortrait, named: int
) -> list[Trait]:
    """Return traits of so many people who stand for themselves, and of those taken together, with
    the usernames."""
    speakers = [portrait.speakers[trait.person or 0].author for trait in traits]
    names = await names_of(session, speakers)
    return [
        msgspec.structs.replace(
            trait,
            username=names[author][0],
            person=trait.person if (trait.person or 0) < named else None,
        )
        for trait, author in zip(traits, speakers, strict=True)
    ]


async def scan_room(session: AsyncSession, room_id: int, most: int) -> tuple[Scan, Scan]:
    """Return the newest messages of a room with a time, and those without, the newest first."""
    collected, values = backend_of(session).collected, {"room_id": room_id, "limit": most}
    dated, undated = [
        await read_scan(session, _written_in(collected, is_dated=is_dated), values)
        for is_dated in (True, False)
    ]
    return dated, undated


@cache
def _written_in(collected: Collected, *, is_dated: bool) -> ScanQuery:
    """Return the query for the newest messages of a room, those with a time or those without."""
    is_alive = Tweet.user_id.in_(select(User.id).where(User.deleted_at.is_(None)))
    of_room = Tweet.room_id == bindparam("room_id")
    columns: tuple[ScannedColumn, ...] = ("author", "time", "text")
    return scanning(collected, of_room, is_alive, columns=columns, is_dated=is_dated)


def said_in(scans: tuple[Scan, Scan], most: int) -> list[Said]:
    """Return the newest messages of a room, the oldest first, those without time last."""
    newest, undated = map(said_of, scans)
    return newest[::-1] + undated[: most - len(newest)][::-1]


def said_of(messages: Scan) -> list[Said]:
    return [*map(Said, messages.author, messages.time, messages.text)]


def _portray(
    scans: tuple[Scan, Scan],
    zone: ZoneInfo,
    room: RoomFacts,
    everyone: Mapping[str, int],
    judged: Mapping[int, Judged],
) -> _Counted:
    """Return what is counted of the messages that are looked through; it takes long."""
    messages = said_in(scans, MOST_SCANNED)
    portrait = portray(messages, zone, names_in(room))
    ids = [group[0] for group in portrait.groups if len(group) == 1]
    traits = traits_of(
        [person.messages for person in portrait.people[: len(ids)]],
        len(messages),
        portrait.speakers,
        [judged.get(speaker.author, (0, 0)) for speaker in portrait.speakers],
        days_of_first(messages, ids),
    )
    written = {everyone[one.username]: (one.username, one.messages) for one in room.people}
    others = in_short(portrait, {one: written[one] for one in written if one not in ids})
    return _Counted(len(messages), portrait, ids, traits, answers_among(messages, ids), others)


async def _ids_of(session: AsyncSession, room: RoomFacts) -> dict[str, int]:
    """Return the ids of the people of a room by their usernames."""
    is_there = User.username.in_(room.usernames), User.deleted_at.is_(None)
    rows = await session.execute(select(User.username, User.id).where(*is_there))
    return {row.username: row.id for row in rows}


async def _judged_in(session: AsyncSession, room_id: int) -> dict[int, Judged]:
    """Return how well people of a room are recognised, by their ids."""
    people = select(RoomPerson.user_id, RoomPerson.asked, RoomPerson.recognised)
    is_asked = RoomPerson.room_id == room_id, RoomPerson.asked > 0
    rows = await session.execute(people.where(*is_asked))
    return {user_id: (posts, recognised) for user_id, posts, recognised in rows}


async def names_of(session: AsyncSession, ids: Collection[int]) -> dict[int, Names]:
    """Return the names of people by their ids."""
    rows = await session.execute(_NAMES, {"ids": ids}) if ids else ()
    return {user_id: (username, display_name) for user_id, username, display_name in rows}
