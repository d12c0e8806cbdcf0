"""A portrait of a room: how its people write, side by side."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.chat_timing import Said, answers_among
from app.compute.chat_traits import Judged, Trait, days_of_first, traits_of
from app.compute.conversations import WrittenTexts
from app.compute.portrait import (
    ChatPortrait,
    PersonInShort,
    PersonPortrait,
    SilenceSpan,
    in_short,
    in_zone,
    portray,
)
from app.db.backend import backend_of
from app.db.result_cache import DERIVED, EVERYTHING, LruStore, depends_on
from app.models import RoomPerson, Tweet, User
from app.services.event_log import newest_event
from app.services.posts.scanning import (
    MOST_SCANNED,
    Collected,
    Scan,
    ScannedColumn,
    ScanQuery,
    read_scan,
    scanning,
)
from app.services.rooms.messages import LovedMessage, most_loved
from app.services.rooms.periods import Period, gone_from, read_periods
from app.services.rooms.room_facts import RoomFacts, get_room, names_in

MOST_KEPT: Final = 100_000
"""Messages of the rooms that a process keeps counted; each takes some 60 bytes."""
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


class CountedRoom(NamedTuple):
    """What is counted of a room for the portraits of all time zones."""

    event: int
    """The newest event when it was counted: after the next one it is counted anew."""
    scanned: int
    portrait: ChatPortrait
    """With the hours of UTC."""
    ids: list[int]
    """Of the people who stand for themselves."""
    times: dict[int, NDArray[np.int64]]
    """Of the messages of each author, in seconds since 1970 (n,)."""
    first_days: list[tuple[int, int]]
    """Messages of the first two people on each day."""
    answers: list[list[int]]
    others: list[PersonInShort]


CountedRooms = LruStore[int, CountedRoom]
"""Rooms that were counted last, by id."""


def counted_rooms() -> CountedRooms:
    """Return a store for one process."""
    return LruStore(MOST_KEPT, lambda counted: counted.scanned)


async def read_portrait(
    session: AsyncSession, room_id: int, zone: ZoneInfo, kept: CountedRooms
) -> RoomPortrait:
    """Return the portrait of a room, or of the one that it was joined to.

    Raises NotFoundError, also for a room without messages.
    """
    depends_on(EVERYTHING)
    depends_on(DERIVED)  # How well people are recognised.
    event = await newest_event(session)
    room = await get_room(session, room_id)
    counted = kept.get(room.id)
    if counted is None or counted.event != event:
        scans = await scan_room(session, room.id, MOST_SCANNED)
        everyone = await _ids_of(session, room)
        counted = await asyncio.to_thread(_count, event, scans, room, everyone)
        kept.put(room.id, counted)
    judged = await _judged_in(session, room.id)
    portrait, found = await asyncio.to_thread(_in_zone, counted, zone, judged)
    ids = counted.ids
    gone = await gone_from(session, room.id) if len(portrait.groups) > len(ids) else None
    periods = await read_periods(session, room, zone, ids, gone)
    called = await names_of(session, ids)
    traits = await traits_named(session, found, portrait, len(ids))
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


def _count(
    event: int, scans: tuple[Scan, Scan], room: RoomFacts, everyone: Mapping[str, int]
) -> CountedRoom:
    """Return what is counted of the messages that are looked through; it takes long."""
    messages = said_in(scans, MOST_SCANNED)
    portrait = portray(messages, ZoneInfo("UTC"), names_in(room))
    ids = [group[0] for group in portrait.groups if len(group) == 1]
    written = {
        everyone[one.username]: (one.username, one.messages)
        for one in room.people
        if one.username in everyone  # Not deleted meanwhile.
    }
    others = in_short(portrait, {one: written[one] for one in written if one not in ids})
    times: dict[int, list[int]] = {speaker.author: [] for speaker in portrait.speakers}
    for message in messages:
        if message.time is not None:
            times[message.author].append(message.time)
    # The texts were counted, and would take the most memory.
    speakers = [one._replace(written=WrittenTexts([], [])) for one in portrait.speakers]
    return CountedRoom(
        event,
        len(messages),
        portrait._replace(speakers=speakers),
        ids,
        {author: np.array(of_author, np.int64) for author, of_author in times.items()},
        days_of_first(messages, ids),
        answers_among(messages, ids),
        others,
    )


def _in_zone(
    counted: CountedRoom, zone: ZoneInfo, judged: Mapping[int, Judged]
) -> tuple[ChatPortrait, list[Trait]]:
    portrait = in_zone(counted.portrait, counted.times, zone)
    traits = traits_of(
        [person.messages for person in portrait.people[: len(counted.ids)]],
        counted.scanned,
        portrait.speakers,
        [judged.get(speaker.author, (0, 0)) for speaker in portrait.speakers],
        counted.first_days,
    )
    return portrait, traits


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
