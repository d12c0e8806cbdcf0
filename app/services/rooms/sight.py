"""A chat at sight: how, when and to whom people write.

All pages of a chat have one window: all messages, above 20,000 the newest. The overview is of a
period too, and has shares of all messages there; the portrait has shares of the window.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Final, NamedTuple, Self
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct, json, structs
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import LONG, Sessions, backend_of
from app.db.result_cache import DERIVED, EVERYTHING, LruStore, counting, depends_on
from app.errors import NotFoundError
from app.models import IS_GONE, Room, RoomPerson, Tweet, User
from app.services.event_log import newest_event
from app.services.posts.selection import (
    MOST_SCANNED,
    Collected,
    Scan,
    ScanQuery,
    read_scan,
    said_in,
    scanning,
)
from app.services.rooms.periods import (
    FEWEST_OF_YEAR,
    Absence,
    Period,
    QuietDays,
    long_silences,
    read_periods,
    read_quiet_days,
    with_absences,
    within_ends,
)
from app.services.rooms.room_facts import (
    LovedMessage,
    RoomFacts,
    get_room,
    has_changed,
    most_loved,
    names_in,
)
from saywho.people.alike import PeopleAlike, SharedHabit, people_alike, shared_habits
from saywho.people.fingerprint import Measure, hours_of_all
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
    in_zone,
    portray,
    silences_among,
    traits_of,
    without_shared,
)
from saywho.people.replies import Preference, clearest_answers
from saywho.people.times import (
    DAY_H,
    FullestDays,
    Said,
    WrittenTexts,
    answers_among,
    busiest_hours,
    fullest_days,
)
from saywho.significance import FEWEST_COMPARED
from saywho.words import Written

Names = tuple[str, str | None]


class RoomPortrait(Struct, frozen=True, kw_only=True):
    """How people write in a room, in a time zone."""

    room: RoomFacts
    tz: str
    scanned: int
    """Number of messages that were analysed: at most the newest 20,000."""
    people: list[PersonPortrait]
    """The six people with the most messages, then everyone else combined."""
    absences: Sequence[Absence] = ()
    """When each of the six was not in the chat, by the lines of its file."""
    longest_silence: SilenceSpan | None
    """The longest silence; the first, if several are equally long; null if there is none."""
    traits: Sequence[Trait] = ()
    """At most three habits that set a person apart by more than chance."""
    loved: Sequence[LovedMessage] = ()
    """Among all messages: the message with the most reactions, then the messages with the most of
    up to three single reactions. Empty if the chat's app exports no reactions.
    """
    others: Sequence[PersonInShort] = ()
    """Each of the others, up to the 200th person with the most messages."""
    alike: Sequence[PeopleAlike] = ()
    """Groups of people who are alike: each of `people` and `others` once. Empty for up to six.
    """
    periods: Sequence[Period] = ()
    """Periods from first to last: months, or years if there are more than 48 months."""
    answers: Sequence[Sequence[int]] = ()
    """Number of messages by each person (row) right after a message by each person (column), within
    6 h; people who are combined are left out.
    """


class ChatSight(RoomPortrait, frozen=True, kw_only=True):
    """A chat on its pages; the API shows its `RoomPortrait`."""

    def with_words(self, written: Written) -> Self:
        """Return the chat with all words of texts as `written` gives them, without empty ones."""
        people = [person.with_words(written) for person in self.people]
        return structs.replace(self, people=people)

    since: datetime | None = None
    """Time of the first analysed message."""
    silent: Collection[int] = ()
    """Places of people without an analysed message."""
    as_long: int = 1
    """Number of silences that are as long as the longest."""
    silences: Sequence[SilenceSpan] = ()
    """The longest silences, at most 1,000, longest first; on the overview, of over two days."""
    quiet: QuietDays | None = None
    preference: Preference | None = None
    habits: Sequence[Sequence[Measure]] = ()
    """Habits that set each of `people` apart, the clearest first."""
    busy_from: int | None = None
    """The first of the three busiest hours of all people together."""
    busy_day: FullestDays | None = None

    @property
    def is_of_newest(self) -> bool:
        return self.scanned < self.room.messages

    @property
    def years(self) -> list[int]:
        """Years with a page, the newest first."""
        by_year = Counter[int]()
        for period in self.periods:
            by_year[period.first_day.year] += period.messages
        return sorted((year for year, n in by_year.items() if n >= FEWEST_OF_YEAR), reverse=True)

    @property
    def last_year(self) -> int | None:
        return next(iter(self.years), None)

    def portrait(self) -> RoomPortrait:
        fields = RoomPortrait.__struct_fields__
        return RoomPortrait(**{name: getattr(self, name) for name in fields})


class CountedChat(ChatPortrait, frozen=True, kw_only=True):
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


class KeptRoom(NamedTuple):
    """A chat counted for all time zones."""

    since: int
    """Newest event when it was counted."""
    event: int
    """Newest event at which the chat was as it was counted; it is counted again when it changes."""
    counted: CountedChat
    """With the hours of UTC."""
    times: dict[int, NDArray[np.int64]]
    """Times of each author's messages, seconds since 1970 (n,)."""
    preference: Preference | None


class CountedRooms(LruStore[int, KeptRoom]):
    """Chats with 100,000 counted messages together, some 60 bytes each."""

    def __init__(self) -> None:
        super().__init__(100_000, lambda kept: kept.counted.scanned)
        self.turns = WeakValueDictionary[int, asyncio.Lock]()
        """Held while a chat is counted, by ID."""


LARGE: Final = 3_000
"""Messages of a chat from which each process counts it before anyone asks, in .05 ms each."""
MOST_LARGE: Final = 5
"""Chats that are counted so: `CountedRooms` has room for them."""


class _People(NamedTuple):
    ids: dict[str, int]
    """The facts' people: IDs by username."""
    gone: list[int]
    """Deleted people with messages still to be removed."""
    judged: dict[int, Judged]
    """How well people are recognised."""


async def read_overview(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo, store: CountedRooms
) -> ChatSight:
    """Return a chat at first sight."""
    people = await _people_of(session, room)
    kept = await _kept_room(session, room, people, store)
    counted, traits, hours = await asyncio.to_thread(_at_sight, kept, room, zone, people.judged)
    sight = await _sight(session, room, zone, (counted, traits), people.gone)
    silences = await long_silences(session, room.id, people.gone)
    longest = next(iter(silences), sight.longest_silence)
    if not silences and sight.is_of_newest:
        # The newest messages may not have the longest silence of all.
        shorter = await long_silences(session, room.id, people.gone, hours=1)
        longest = next(iter(shorter), longest)
    return structs.replace(
        sight,
        longest_silence=longest,
        as_long=sight.as_long if longest == sight.longest_silence else 1,
        silences=silences,
        quiet=await read_quiet_days(session, room.id, silences, zone),
        preference=kept.preference,
        habits=kept.counted.habits,
        busy_from=busiest_hours(hours),
        busy_day=_busy_day(hours, is_whole=kept.counted.scanned == room.messages),
    )


def _at_sight(
    kept: KeptRoom, room: RoomFacts, zone: ZoneInfo, judged: Mapping[int, Judged]
) -> tuple[CountedChat, list[Trait], Counter[int]]:
    """Return a chat's counts in a zone, its traits, and messages by hour since 1970."""
    counted = _of_all(in_zone(kept.counted, kept.times, zone), room)
    return counted, counted.traits(judged), hours_of_all(counted.speakers)


def _busy_day(hours: Mapping[int, int], *, is_whole: bool) -> FullestDays | None:
    by_day = Counter[date]()
    for hour, messages in hours.items():
        by_day[date(1970, 1, 1) + timedelta(hour // DAY_H)] += messages
    # The first day may have begun before the newest messages.
    begin = min(by_day, default=date.min) + timedelta(not is_whole)
    return fullest_days(by_day, begin)


class ToldRoom(NamedTuple):
    """Values of the first sentence about a chat."""

    room: RoomFacts
    people: Sequence[PersonPortrait]
    traits: Sequence[Trait]
    is_of_newest: bool
    """Whether only the newest messages were counted."""
    shared: Sequence[SharedHabit] = ()


class StoredTold(Struct, frozen=True):
    """What is stored of `ToldRoom`: no names and no words, so that no deletion has to find them.

    A release that counts otherwise sets `judged_messages` of all chats to 0, so that it is renewed.
    """

    event: int
    """Of the log; after the chat's next event it is out of date."""
    facts: str
    """Digest of the chat's facts and the time zone."""
    people: list[PersonPortrait]
    traits: list[Trait]
    """Each person is a place among those of the facts."""
    is_of_newest: bool
    shared: list[SharedHabit] = []

    def of(self, room: RoomFacts) -> ToldRoom:
        """Return the values with the names that people have now."""
        people = [
            structs.replace(person, username=one.username, display_name=one.display_name)
            for person, one in zip(self.people, room.people[:MOST_PORTRAYED], strict=False)
        ]
        traits = [
            structs.replace(
                trait,
                username=room.people[place].username,
                person=place if place < MOST_PORTRAYED else None,
            )
            for trait in self.traits
            if (place := trait.person) is not None
        ]
        people += self.people[len(people) :]
        return ToldRoom(room, people, traits, self.is_of_newest, self.shared)


_NAMELESS: Final[dict[str, Any]] = {
    **dict.fromkeys(("username", "display_name", "typical")),
    "laughs": [],
    "emoji": [],
}


def _digest(facts: "tuple[RoomFacts, _People]", zone: ZoneInfo) -> str:
    room, people = facts
    told_of = sorted(people.ids.items()), sorted(people.gone), sorted(people.judged.items())
    return sha256(json.encode((room, told_of, zone.key))).hexdigest()


class ToldRooms:
    """Last sentences about some chats, while their facts are the same.

    A list of chats would count them anew after each event of the site, and the front page after
    each start. So maintenance stores them for chats that stay as they are.
    """

    def __init__(self, counted: CountedRooms) -> None:
        self._counted = counted
        self._told = LruStore[tuple[int, str], tuple[tuple[RoomFacts, _People], ToldRoom]](
            100, lambda _: 1
        )
        self._ahead: dict[int, int] = {}
        """Messages of the large chats that this process has counted ahead."""
        self._changed: tuple[int, int] | None = None
        """What `next_large` found the last time that something was to be counted."""

    async def next_large(self, session: AsyncSession) -> tuple[int, int] | None:
        """Return ID and messages of a large chat that changed by a hundredth since it was counted
        ahead.
        """
        messages = func.sum(RoomPerson.messages)
        by_room = select(RoomPerson.room_id, messages).group_by(RoomPerson.room_id)
        large = by_room.having(messages >= LARGE).order_by(messages.desc(), RoomPerson.room_id)
        for room_id, size in await session.execute(large.limit(MOST_LARGE)):
            if abs(size - self._ahead.get(room_id, 0)) * 100 >= size:
                return room_id, int(size)
        return None

    async def count_large(self, db: Sessions) -> None:
        """Count such a chat, so that its first reader does not wait for it, once it has stayed the
        same since the last call: each batch of an import would outdate what was counted.
        """
        async with db.read() as session:
            before, self._changed = self._changed, await self.next_large(session)
            if self._changed and self._changed == before:
                room_id, self._ahead[room_id] = before
                with suppress(NotFoundError):  # It is being deleted.
                    zone = await session.scalar(select(Room.tz).where(Room.id == room_id))
                    await self.read(session, room_id, ZoneInfo(zone or "UTC"))

    async def find(self, session: AsyncSession, room_id: int, zone: ZoneInfo) -> ToldRoom | None:
        """Return what is known of the chat. Raises NotFoundError."""
        facts, told = await self._facts(session, room_id), self._told.get((room_id, zone.key))
        if told and told[0] == facts:
            return told[1]
        content = await session.scalar(select(Room.told).where(Room.id == facts[0].id))
        stored = content and json.decode(content, type=StoredTold)
        if not stored or stored.facts != _digest(facts, zone):
            return None
        if await has_changed(session, facts[0].id, stored.event):
            return None
        return stored.of(facts[0])

    async def store(self, db: Sessions, room_id: int) -> None:
        """Count a chat, and store its sentence for the chat's own zone."""
        async with db.read() as session:
            facts, event = await self._facts(session, room_id), await newest_event(session)
            zone = ZoneInfo(facts[0].tz or "UTC")
            told = await self.read(session, room_id, zone)
        places = {name: place for place, name in enumerate(facts[0].usernames)}
        stored = StoredTold(
            event,
            _digest(facts, zone),
            [structs.replace(person, **_NAMELESS) for person in told.people],
            [
                structs.replace(trait, username=None, person=places.get(trait.username or ""))
                for trait in told.traits
            ],
            told.is_of_newest,
        )
        async with db.write() as session:
            kept = {"told": json.encode(stored)}
            await session.execute(update(Room).where(Room.id == room_id).values(kept))

    async def read(self, session: AsyncSession, room_id: int, zone: ZoneInfo) -> ToldRoom:
        """Count a chat, in a thread. Raises NotFoundError."""
        facts = room, people = await self._facts(session, room_id)
        kept = await _kept_room(session, room, people, self._counted)
        counted, traits, _ = await asyncio.to_thread(_at_sight, kept, room, zone, people.judged)
        named = await with_names(session, counted, traits)
        is_of_newest = counted.scanned < room.messages
        told = ToldRoom(room, *named, is_of_newest, shared_habits(counted.alike))
        self._told.put((room_id, zone.key), (facts, told))
        return told

    async def _facts(self, session: AsyncSession, room_id: int) -> tuple[RoomFacts, _People]:
        room = await get_room(session, room_id)
        return room, await _people_of(session, room)


async def read_portrait(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo, store: CountedRooms
) -> ChatSight:
    people = await _people_of(session, room)
    kept = await _kept_room(session, room, people, store)

    def count() -> tuple[CountedChat, list[Trait], list[SilenceSpan]]:
        counted = in_zone(kept.counted, kept.times, zone)
        return counted, counted.traits(people.judged), silences_among(kept.times.values())

    counted, traits, silences = await asyncio.to_thread(count)
    sight = await _sight(session, room, zone, (counted, traits), people.gone)
    loved = await most_loved(session, room.id)
    quiet = await read_quiet_days(session, room.id, silences, zone)
    return structs.replace(sight, silences=silences, quiet=quiet, loved=loved)


async def _kept_room(
    session: AsyncSession, room: RoomFacts, people: _People, store: CountedRooms
) -> KeptRoom:
    depends_on(EVERYTHING)
    event = await newest_event(session)
    if kept := await _current(session, room.id, event, store):
        return kept
    counting(room.messages)
    # Maintenance and a visitor may count it at the same time.
    async with store.turns.setdefault(room.id, asyncio.Lock()):
        if kept := await _current(session, room.id, event, store):
            return kept
        scans = await read_newest(session, room.id, MOST_SCANNED, gone=people.gone)
        kept = await asyncio.to_thread(_kept, event, scans, room, people.ids)
        store.put(room.id, kept)
        return kept


async def _current(
    session: AsyncSession, room_id: int, event: int, store: CountedRooms
) -> KeptRoom | None:
    kept = store.get(room_id)
    # Counts of a later state than the session's may have other people.
    if kept is None or event < kept.since:
        return None
    if kept.event < event:
        if await has_changed(session, room_id, kept.event):
            return None
        kept = kept._replace(event=event)
        store.put(room_id, kept)
    return kept


async def _sight(
    session: AsyncSession,
    room: RoomFacts,
    zone: ZoneInfo,
    found: tuple[CountedChat, list[Trait]],
    gone: Collection[int],
) -> ChatSight:
    counted, traits = found
    has_others = len(counted.people) > len(counted.ids)
    people, named = await with_names(session, counted, traits)
    ends = dict[str, datetime]()
    if counted.since and sum(one.messages for one in people) < room.messages:
        ends["since"] = datetime.fromtimestamp(counted.since, UTC)
    people, absences = await with_absences(session, room.id, people, counted.ids, ends)
    return ChatSight(
        room=room,
        tz=zone.key,
        scanned=counted.scanned,
        people=people,
        absences=absences,
        longest_silence=counted.longest_silence,
        as_long=counted.as_long,
        traits=named,
        others=counted.others,
        alike=counted.alike,
        periods=await read_periods(session, room, zone, counted.ids, gone if has_others else None),
        answers=counted.answers,
        since=None if counted.since is None else datetime.fromtimestamp(counted.since, UTC),
        silent=counted.silent,
    )


def count_chat(
    said: Sequence[Said],
    room: RoomFacts,
    zone: ZoneInfo,
    ids: Mapping[str, int] | None = None,
    *,
    has_typical: bool = True,
    before: int | None = None,
) -> CountedChat:
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
        names_in(room) if has_typical else None,
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
    return CountedChat(
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


def _of_all(counted: CountedChat, room: RoomFacts) -> CountedChat:
    first = room.people[: len(counted.ids)]
    numbers = [(1, person.messages) for person in first]
    others = room.people_total - len(first), room.messages - sum(count for _, count in numbers)
    people = [
        structs.replace(person, people=people, messages=messages, share=messages / room.messages)
        for person, (people, messages) in zip(counted.people, [*numbers, others], strict=False)
    ]
    return structs.replace(counted, people=people)


def _kept(event: int, scans: Sequence[Scan], room: RoomFacts, ids: Mapping[str, int]) -> KeptRoom:
    said = said_in(scans)
    counted = count_chat(said, room, ZoneInfo("UTC"), ids)
    preference = clearest_answers(said, counted.ids)
    times: dict[int, list[int]] = {one.author: [] for one in counted.speakers}
    for message in said:
        if message.time is not None:
            times[message.author].append(message.time)
    # The texts were counted, and would take the most memory.
    speakers = [one._replace(written=WrittenTexts([], [])) for one in counted.speakers]
    return KeptRoom(
        event,
        event,
        structs.replace(counted, speakers=speakers),
        {author: np.array(of_author, np.int64) for author, of_author in times.items()},
        preference,
    )


async def with_names(
    session: AsyncSession, counted: CountedChat, traits: Iterable[Trait]
) -> tuple[list[PersonPortrait], list[Trait]]:
    authors = [(trait, counted.speakers[trait.person or 0].author) for trait in traits]
    ids = {*counted.ids, *(author for _, author in authors)}
    query = select(User.id, User.username, User.display_name).where(User.id.in_(ids))
    rows = await session.execute(query) if ids else ()
    names = {user_id: (username, display_name) for user_id, username, display_name in rows}
    named = [
        structs.replace(
            trait,
            username=names[author][0],
            person=trait.person if (trait.person or 0) < len(counted.ids) else None,
        )
        for trait, author in authors
    ]
    return people_named(counted, [names[id_] for id_ in counted.ids]), named


def people_named(portrait: ChatPortrait, names: Sequence[Names]) -> list[PersonPortrait]:
    first = [
        structs.replace(person, username=username, display_name=display_name)
        for person, (username, display_name) in zip(portrait.people, names, strict=False)
    ]
    return [*first, *portrait.people[len(names) :]]


async def _people_of(session: AsyncSession, room: RoomFacts) -> _People:
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
    written = [Tweet.room_id == bindparam("room_id"), *within_ends(ends)]
    if has_gone:
        written.append(Tweet.user_id.not_in(bindparam("gone", expanding=True)))
    return scanning(collected, *written, columns=("author", "time", "text"), is_dated=is_dated)
