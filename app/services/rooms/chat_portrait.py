"""How, when and to whom the people of a chat write.

All pages of a chat have one window: all messages, above 20,000 the newest. The overview is of a
period too, and has shares of all messages there; the portrait has shares of the window.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Select, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import LONG, backend_of
from app.db.result_cache import DERIVED, depends_on
from app.models import IS_GONE, RoomPerson, Tweet, User
from app.services.posts.selection import (
    MOST_SCANNED,
    Collected,
    Scan,
    ScanQuery,
    messages_of,
    read_scan,
    scanning,
)
from app.services.rooms import chats, timeline
from app.services.snapshots import Counted, Key, Snapshots
from saywho.people.alike import PeopleAlike, people_alike
from saywho.people.fingerprint import Measure, hours_of_all
from saywho.people.politeness import Called, SpeechChange, SpeechTo, speech_to
from saywho.people.portrait import (
    MOST_PORTRAYED,
    ChatPortrait,
    Judged,
    PersonInShort,
    PersonPortrait,
    SilenceSpan,
    Trait,
    days_of_first,
    habits_of_each,
    in_short,
    portray,
    silences_among,
    traits_of,
    without_shared,
)
from saywho.people.replies import Preference, clearest_answers
from saywho.people.times import (
    DAY_H,
    DaySpan,
    FullestDays,
    Said,
    answers_among,
    busiest_hours,
    fullest_days,
    rare_silence,
)
from saywho.significance import FEWEST_COMPARED
from saywho.words import Written

Names = tuple[str, str | None]


class RoomPortrait(Struct, frozen=True, kw_only=True):
    """How people write in a room, in a time zone."""

    room: chats.RoomFacts
    tz: str
    scanned: int
    """Number of messages that were analysed: at most the newest 20,000."""
    people: list[PersonPortrait]
    """The six people with the most messages, then everyone else combined."""
    absences: Sequence[timeline.Absence] = ()
    """When each of the six was not in the chat, by the lines of its file."""
    longest_silence: SilenceSpan | None
    """The longest silence; the first, if several are equally long; null if there is none."""
    traits: Sequence[Trait] = ()
    """At most three habits that set a person apart by more than chance."""
    loved: Sequence[chats.LovedMessage] = ()
    """Among all messages: the message with the most reactions, then the messages with the most of
    up to three single reactions. Empty if the chat's app exports no reactions.
    """
    others: Sequence[PersonInShort] = ()
    """Each of the others, up to the 200th person with the most messages."""
    alike: Sequence[PeopleAlike] = ()
    """Groups of people who are alike: each of `people` and `others` once. Empty for up to six.
    """
    periods: Sequence[timeline.Period] = ()
    """Periods from first to last: months, or years if there are more than 48 months."""
    answers: Sequence[Sequence[int]] = ()
    """Number of messages by each person (row) right after a message by each person (column), within
    6 h; people who are combined are left out.
    """


class ChatPage(RoomPortrait, frozen=True, kw_only=True):
    """A chat on its pages; the API shows its `RoomPortrait`."""

    def with_words(self, written: Written) -> Self:
        """Return the chat with all words of texts as `written` gives them, without empty ones."""
        people = [person.with_words(written) for person in self.people]
        return structs.replace(self, people=people)

    since: datetime | None = None
    """Time of the first analysed message."""
    silent: Collection[int] = ()
    """Places of people without an analysed message."""
    silences: Sequence[SilenceSpan] = ()
    """The longest silences, at most 1,000, longest first: of three days; on the overview, of over
    two.
    """
    quiet: timeline.QuietDays | None = None
    preference: Preference | None = None
    habits: Sequence[Sequence[Measure]] = ()
    """Habits that set each of `people` apart, the clearest first."""
    busy_from: int | None = None
    """The first of the three busiest hours of all people together."""
    busy_day: FullestDays | None = None
    rare_silence: DaySpan | None = None
    """The longest silence among the analysed messages, if chance does not explain its days."""
    speech: Sequence[SpeechChange] = ()
    speech_to: Sequence[SpeechTo] = ()

    @property
    def is_of_newest(self) -> bool:
        return self.scanned < self.room.messages

    @property
    def years(self) -> list[int]:
        """Years with a page, the newest first."""
        by_year = Counter[int]()
        for period in self.periods:
            by_year[period.first_day.year] += period.messages
        return sorted(
            (year for year, n in by_year.items() if n >= timeline.FEWEST_OF_YEAR), reverse=True
        )

    def portrait(self) -> RoomPortrait:
        return RoomPortrait(**_shared(self, RoomPortrait))


def _shared(source: Struct, target: type[Struct]) -> dict[str, Any]:
    """Return the values of the fields that both structs have."""
    names = {*source.__struct_fields__} & {*target.__struct_fields__}
    return {name: getattr(source, name) for name in names}


class ChatCounts(ChatPortrait, frozen=True, kw_only=True):
    scanned: int
    since: int | None
    """Time of the first message, in seconds since 1970."""
    ids: list[int]
    silent: list[int]
    first_days: list[tuple[int, int]]
    """Messages of the first two people by day."""
    answers: list[list[int]]
    others: list[PersonInShort]
    alike: list[PeopleAlike]

    def traits(self, judged: Mapping[int, Judged]) -> list[Trait]:
        """Return the clearest traits; `judged` by person ID."""
        return traits_of(
            [person.messages for person in self.people[: len(self.ids)]],
            sum(person.messages for person in self.people),
            self.speakers,
            [judged.get(speaker.author, (0, 0)) for speaker in self.speakers],
            self.first_days,
        )

    def told_of(self, traits: Iterable[Trait]) -> list[int]:
        """Return the person of each trait."""
        return [self.speakers[trait.person or 0].author for trait in traits]


class ChatSnapshot(Struct, frozen=True, kw_only=True):
    """What was counted of a chat in a time zone, as it is stored."""

    people: list[PersonPortrait]
    """Without names: those of today are looked up (`ids`)."""
    ids: list[int]
    """Of the people shown on their own."""
    people_total: int
    traits: list[Trait]
    told_of: list[int]
    """The person of each trait."""
    others: list[PersonInShort]
    alike: list[PeopleAlike]
    habits: list[list[Measure]]
    longest_silence: SilenceSpan | None
    silences: list[SilenceSpan]
    """Those of three days or more, longest first."""
    scanned: int
    is_of_newest: bool
    since: datetime | None
    silent: list[int]
    answers: list[list[int]]
    preference: Preference | None
    busy_from: int | None
    busy_day: FullestDays | None
    rare_silence: DaySpan | None
    speech: list[SpeechChange]
    speech_to: list[SpeechTo]


class _People(NamedTuple):
    ids: dict[str, int]
    """The facts' people: IDs by username."""
    gone: list[int]
    """Deleted people with messages still to be removed."""
    judged: dict[int, Judged]
    """How well people are recognised."""


class ChatCounter(Counted[ChatSnapshot]):
    """How a chat is counted in a time zone, for a snapshot."""

    kind = "chat 3"
    """Another way to count has another number."""
    content = ChatSnapshot

    def __init__(self, room: chats.RoomFacts, zone: ZoneInfo) -> None:
        self.key = Key(self.kind, room.id, zone=zone.key)
        self.posts, self._people_total, self._zone = room.messages, room.people_total, zone

    async def people(self, session: AsyncSession) -> Sequence[int]:
        people = select(RoomPerson.user_id).where(RoomPerson.room_id == self.key.subject_id)
        return (await session.scalars(people.order_by(RoomPerson.user_id))).all()

    def fits(self, snapshot: ChatSnapshot) -> bool:
        return snapshot.people_total == self._people_total

    async def count(self, session: AsyncSession) -> ChatSnapshot:
        room = await chats.get_room(session, self.key.subject_id)
        people = await _people_of(session, room)
        scans = await read_newest(session, room.id, MOST_SCANNED, gone=people.gone)
        return await asyncio.to_thread(_snapshot, scans, room, people, self._zone)


async def read_overview(
    session: AsyncSession, room: chats.RoomFacts, zone: ZoneInfo, snapshots: Snapshots
) -> ChatPage:
    """Return a chat at first sight."""
    snapshot = await snapshots.read(session, ChatCounter(room, zone))
    gone = await timeline.deleted_people(session, room.id)
    sight = await _sight(session, room, zone, snapshot, gone)
    silences = await timeline.long_silences(session, room.id, gone)
    return structs.replace(
        sight,
        silences=silences,
        quiet=await timeline.read_quiet_days(session, room.id, silences, zone),
    )


def _busy_day(by_day: Mapping[date, int], *, is_whole: bool) -> FullestDays | None:
    # The first day may have begun before the newest messages.
    begin = min(by_day, default=date.min) + timedelta(not is_whole)
    return fullest_days(by_day, begin)


async def read_headline(
    session: AsyncSession, room_id: int, zone: ZoneInfo, snapshots: Snapshots
) -> ChatPage:
    """Return what a chat's first sentence is found in. Raises NotFoundError."""
    room = await chats.get_room(session, room_id)
    snapshot = await snapshots.read(session, ChatCounter(room, zone))
    sight = await _first_sight(session, room, zone, snapshot)
    quiet = await timeline.read_quiet_days(session, room.id, snapshot.silences, zone)
    return structs.replace(sight, quiet=quiet)


async def read_portrait(
    session: AsyncSession, room: chats.RoomFacts, zone: ZoneInfo, snapshots: Snapshots
) -> ChatPage:
    snapshot = await snapshots.read(session, ChatCounter(room, zone))
    sight = await _sight(
        session, room, zone, snapshot, await timeline.deleted_people(session, room.id)
    )
    loved = await chats.most_loved(session, room.id)
    quiet = await timeline.read_quiet_days(session, room.id, snapshot.silences, zone)
    return structs.replace(sight, quiet=quiet, loved=loved)


async def _sight(
    session: AsyncSession,
    room: chats.RoomFacts,
    zone: ZoneInfo,
    snapshot: ChatSnapshot,
    gone: Collection[int],
) -> ChatPage:
    ids, has_others = snapshot.ids, len(snapshot.people) > len(snapshot.ids)
    sight = await _first_sight(session, room, zone, snapshot)
    periods = await timeline.read_periods(session, room, zone, ids, gone if has_others else None)
    return structs.replace(sight, periods=periods)


async def _first_sight(
    session: AsyncSession, room: chats.RoomFacts, zone: ZoneInfo, snapshot: ChatSnapshot
) -> ChatPage:
    told = snapshot.people, snapshot.ids, snapshot.traits, snapshot.told_of
    people, traits = await with_names(session, *told)
    ends = dict[str, datetime]()
    if snapshot.since and sum(one.messages for one in people) < room.messages:
        ends["since"] = snapshot.since
    people, absences = await timeline.with_absences(session, room.id, people, snapshot.ids, ends)
    own: dict[str, Any] = {
        "room": room,
        "tz": zone.key,
        "people": people,
        "absences": absences,
        "traits": traits,
    }
    return ChatPage(**_shared(snapshot, ChatPage) | own)


def count_chat(
    said: Sequence[Said],
    room: chats.RoomFacts,
    zone: ZoneInfo,
    ids: Mapping[str, int] | None = None,
    *,
    has_typical: bool = True,
    before: int | None = None,
) -> ChatCounts:
    """Return the counts of messages, oldest first; call it in a thread.

    ids: by username, of people counted in short, of whom the facts' first are counted one by one,
    even without messages here; without them, replies are not counted either.
    has_typical: with typical words. before: time of the message before these.
    """
    by_name = ids or {}
    named = {by_name[one.username]: one for one in room.people if one.username in by_name}
    first = [*named][:MOST_PORTRAYED]
    has_others = ids is not None and room.people_total > len(first)
    portrait = portray(
        said,
        zone,
        chats.names_in(room) if has_typical else None,
        people=first,
        has_others=has_others,
        before=before,
    )
    alone = first or [group[0] for group in portrait.groups if len(group) == 1]
    others = {id_: (one.username, one.messages) for id_, one in named.items() if id_ not in alone}
    habits = habits_of_each(portrait, named) if others else {}
    written = {one.author: one.tally.messages for one in portrait.speakers}
    few = [one.username for id_, one in named.items() if written.get(id_, 0) < FEWEST_COMPARED]
    portrait, apart = without_shared(portrait, habits)
    return ChatCounts(
        **structs.asdict(portrait),
        scanned=len(said),
        since=said[0].time,
        ids=alone,
        silent=[place for place, person in enumerate(portrait.people) if not person.messages],
        first_days=days_of_first(said, alone),
        answers=answers_among(said, alone) if ids is not None else [],
        others=in_short(portrait, others, apart),
        alike=people_alike({one.username: habits.get(id_, []) for id_, one in named.items()}, few)
        if others
        else [],
    )


def _of_all(counted: ChatCounts, room: chats.RoomFacts) -> ChatCounts:
    first = room.people[: len(counted.ids)]
    numbers = [(1, person.messages) for person in first]
    others = room.people_total - len(first), room.messages - sum(count for _, count in numbers)
    people = [
        structs.replace(person, people=people, messages=messages, share=messages / room.messages)
        for person, (people, messages) in zip(counted.people, [*numbers, others], strict=False)
    ]
    return structs.replace(counted, people=people)


def _snapshot(
    scans: Sequence[Scan], room: chats.RoomFacts, people: _People, zone: ZoneInfo
) -> ChatSnapshot:
    said = messages_of(scans)
    counted = _of_all(count_chat(said, room, zone, people.ids), room)
    traits, hours = counted.traits(people.judged), hours_of_all(counted.speakers)
    by_day = Counter[date]()
    for hour, messages in hours.items():
        by_day[date(1970, 1, 1) + timedelta(hour // DAY_H)] += messages
    times = np.array([one.time for one in said if one.time is not None], np.int64)
    least = timedelta(timeline.FEWEST_QUIET_DAYS)
    own: dict[str, Any] = {
        "people_total": room.people_total,
        "traits": traits,
        "told_of": counted.told_of(traits),
        "silences": [one for one in silences_among(times) if one.until - one.since >= least],
        "is_of_newest": counted.scanned < room.messages,
        "since": None if counted.since is None else datetime.fromtimestamp(counted.since, UTC),
        "preference": clearest_answers(said, counted.ids),
        "busy_from": busiest_hours(hours),
        "busy_day": _busy_day(by_day, is_whole=counted.scanned == room.messages),
        "rare_silence": rare_silence(by_day),
        "speech_to": _speech_to(scans, room, people.ids, counted.ids),
    }
    return ChatSnapshot(**_shared(counted, ChatSnapshot) | own)


def _speech_to(
    scans: Iterable[Scan], room: chats.RoomFacts, by_name: Mapping[str, int], alone: Sequence[int]
) -> list[SpeechTo]:
    """Return to whom somebody speaks differently, by who is answered or called by name."""
    names = {
        name: alone.index(by_name[one.username])
        for one in room.people
        if by_name.get(one.username) in alone
        for name in (one.username, one.display_name)
        if name
    }
    places, called = {id_: place for place, id_ in enumerate(alone)}, Called(names)
    told = (
        (places[author], to_one, text)
        for scan in scans
        for author, to, text in zip(scan.author, scan.to, scan.text, strict=True)
        if author in places
        if (to_one := called.in_text(text) if to is None else places.get(to)) is not None
    )
    return speech_to(told) if len(alone) > 2 else []


async def with_names(
    session: AsyncSession,
    people: Sequence[PersonPortrait],
    ids: Sequence[int],
    traits: Sequence[Trait],
    told_of: Sequence[int],
) -> tuple[list[PersonPortrait], list[Trait]]:
    """Return people and traits with the names of today.

    ids: of the first people; told_of: the person of each trait, who may be none of these.
    """
    asked = {*ids, *told_of}
    query = select(User.id, User.username, User.display_name).where(User.id.in_(asked))
    rows = await session.execute(query) if asked else ()
    names = {user_id: (username, display_name) for user_id, username, display_name in rows}
    named = [
        structs.replace(
            trait,
            username=names[author][0],
            person=trait.person if (trait.person or 0) < len(ids) else None,
        )
        for trait, author in zip(traits, told_of, strict=True)
    ]
    return people_named(people, [names[id_] for id_ in ids]), named


def people_named(people: Sequence[PersonPortrait], names: Sequence[Names]) -> list[PersonPortrait]:
    first = [
        structs.replace(person, username=username, display_name=display_name)
        for person, (username, display_name) in zip(people, names, strict=False)
    ]
    return [*first, *people[len(names) :]]


async def _people_of(session: AsyncSession, room: chats.RoomFacts) -> _People:
    depends_on(DERIVED)  # How well people are recognised.
    values = {"room_id": room.id, "names": room.usernames}
    rows = (await session.execute(_people_told_of(), values)).all()
    alive = [row for row in rows if row.deleted_at is None]
    named = {*room.usernames}
    return _People(
        {row.username: row.id for row in alive if row.username in named},
        [row.id for row in rows if row.deleted_at is not None],
        {row.id: (row.asked, row.recognised) for row in alive if row.asked},
    )


@cache
def _people_told_of() -> Select[str, int, datetime | None, int, int]:
    is_named = User.username.in_(bindparam("names", expanding=True))
    return (
        select(User.username, User.id, User.deleted_at, RoomPerson.asked, RoomPerson.recognised)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .where(RoomPerson.room_id == bindparam("room_id"))
        .where(or_(is_named, IS_GONE, RoomPerson.asked > 0))
    )


async def time_before(
    session: AsyncSession, read: Scan, *is_theirs: ColumnElement[bool]
) -> int | None:
    """Return the time of the last message before those that were read, in seconds since 1970."""
    if not read.time:
        return None
    is_before = Tweet.created_at < datetime.fromtimestamp(read.time[-1] or 0, UTC)
    newest_first = select(Tweet.created_at).order_by(Tweet.created_at.desc())
    time = (await session.execute(newest_first.where(*is_theirs, is_before).limit(1))).scalar()
    return None if time is None else int(time.timestamp())


async def read_newest(
    session: AsyncSession,
    room_id: int,
    most: int,
    *,
    gone: Collection[int] = (),
    ends: Mapping[str, datetime] | None = None,
) -> list[Scan]:
    """Return a chat's newest messages, dated and undated, which takes long to count.

    gone: people left out. ends: a period, without undated messages. Raises RuntimeError for a
    session that was not opened in its turn: all that count would hold the connections of others.
    """
    if not session.info.get(LONG):
        raise RuntimeError("open the session with `read_long`, or in the background")
    ends, missing = ends or {}, most
    values: dict[str, Any] = {"room_id": room_id, **ends}
    values |= {"gone": list(gone)} if gone else {}
    scans: list[Scan] = []
    for is_dated in (True,) if ends else (True, False):
        if missing > 0:
            collected = backend_of(session).collected
            query = _written(collected, *ends, has_gone=bool(gone), is_dated=is_dated)
            scans.append(await read_scan(session, query, values | {"limit": missing}))
            missing -= len(scans[-1].author)
    return scans


@cache
def _written(collected: Collected, *ends: str, has_gone: bool, is_dated: bool) -> ScanQuery:
    written = [Tweet.room_id == bindparam("room_id"), *timeline.within_ends(ends)]
    if has_gone:
        written.append(Tweet.user_id.not_in(bindparam("gone", expanding=True)))
    return scanning(
        collected, *written, columns=("author", "time", "text", "to"), is_dated=is_dated
    )
