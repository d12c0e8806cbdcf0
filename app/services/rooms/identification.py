"""Which stored chat the chat of a file is, and the times that the file's messages have in it.

The app's ID or the same messages in the same order prove it. Title and people only propose a chat:
the import reports that, and stops before a chat with guests until someone chooses.
"""

import asyncio
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of, is_among
from app.errors import FileError, Message
from app.models import KEPT_ROOM_ID, ROOM_NAME, Room, RoomPerson, Tweet, User
from app.models.base import UtcDateTime
from app.services.access.accounts import Guests, find_guests, has_guests
from app.services.posts.local_time import unix_seconds
from app.services.posts.post_rooms import IS_KEPT, UNKNOWN_APP, NamedPlace, announce_first_room
from app.services.rooms.changes import Steps, moved, reread, steps_between
from saywho.clock import now
from saywho.formats.assumptions import NEW_ROOM, ReadNotes
from saywho.formats.chats.people import zone_of
from saywho.formats.file_chats import NO_TEXT, FileChat, text_hashes
from saywho.formats.post import RoomReference
from saywho.formats.records import FileRoom
from saywho.people.same_chat import MINUTE_S, UNKNOWN, Agreement, Messages, Numbers
from saywho.text import MAX_USERNAME_LENGTH

MOST_CANDIDATES: Final = 200


class UnsettledRoomError(FileError):
    """Someone must choose the chat, because the proposed one has guests."""


class SimilarRoom(NamedTuple):
    """A chat here as a choice describes it."""

    id: int
    name: str
    messages: int
    guests: Guests | None
    is_same: bool = False
    """Whether it has the messages of the file, with other times or names."""
    title: str = ""
    """Title of the file's chat."""

    def note(self, read: ReadNotes) -> None:
        """Note that a file's chat goes into this one, or that someone must choose."""
        facts = {"name": self.name, "count": f"{self.messages:,}"}
        if self.guests is None:
            alike = Message("{name}, {count} messages; title and people are alike", **facts)
            if self.is_same:
                alike = Message(
                    "{name}, {count} messages; the same texts in the same order", **facts
                )
            read.assume("room", str(self.id), alternatives=(NEW_ROOM,), evidence=alike)
            return
        guests = self.guests.names
        guarded = Message("{name}, {count} messages; guests: {guests}", **facts, guests=guests)
        read.assume("room", "", alternatives=(str(self.id), NEW_ROOM), evidence=guarded)
        read.is_room_open = True

    def check(self) -> None:
        """Raise UnsettledRoomError if the chat has guests."""
        if self.guests is None:
            return
        facts: dict[str, Any] = {"number": self.id, "name": self.name, "guests": self.guests.names}
        if self.is_same:
            raise UnsettledRoomError(
                "the messages are those of chat {number} here ({name}), with other times or names;"
                " guests may read it ({guests}), so nothing is stored. Import the file again and"
                " choose that chat or a new one (--room {number} or --room new)",
                **facts,
            )
        raise UnsettledRoomError(
            "title and people are like those of chat {number} here ({name}), which guests may"
            " read ({guests}), so nothing is stored. Import the file again and choose that chat or"
            " a new one (--room {number} or --room new)",
            **facts,
        )


async def candidate_of(
    session: AsyncSession, room_id: int, *, is_same: bool = False, title: str = ""
) -> SimilarRoom:
    messages = select(func.coalesce(func.sum(RoomPerson.messages), 0))
    messages = messages.where(RoomPerson.room_id == room_id)
    query = select(ROOM_NAME, messages.scalar_subquery()).where(Room.id == room_id)
    name, count = (await session.execute(query)).one()
    guests = await find_guests(session, [room_id])
    return SimilarRoom(room_id, name or "", int(count), guests.get(room_id), is_same, title)


async def rooms_with_guests(session: AsyncSession) -> list[SimilarRoom]:
    query = select(Room.id).where(Room.joined_to_id.is_(None), IS_KEPT, has_guests(KEPT_ROOM_ID))
    rooms = await session.scalars(query.order_by(Room.id).limit(MOST_CANDIDATES))
    return [await candidate_of(session, room_id) for room_id in rooms.all()]


class RoomDecision(NamedTuple):
    """What a chat of a file is here."""

    room_id: int | None = None
    """The stored chat that it is, or may be; None for a new one."""
    asked: SimilarRoom | None = None
    """That chat, if nothing proves it."""
    is_by_id: bool = False
    """Whether the app's ID of the chat proves it, so that nobody can say that it is another one."""
    is_overruled: bool = False
    """Whether that ID says otherwise than the one who chose."""
    is_forced: bool = False
    """Whether it is the file's only chat, and only someone's choice leads to the stored one."""

    @property
    def is_guarded(self) -> bool:
        """Whether guests read the chat that nothing proves."""
        return self.asked is not None and self.asked.guests is not None

    def note(self, read: ReadNotes) -> None:
        """Note what is not proven, or was chosen in vain. Raises UnsettledRoomError."""
        if self.is_overruled:
            read.assume("room", str(self.room_id), evidence=Message("the app's ID of the chat"))
        if self.asked is not None:
            self.asked.note(read)
            self.asked.check()


NEW_CHAT: Final = RoomDecision()


class Evidence(NamedTuple):
    """What a chat of a file is known by."""

    people: Mapping[int, str]
    """Names by ids of authors; ids below 0 for who is not stored."""
    same: int | None = None
    """The stored chat with the same texts in the same order, whatever names and zone."""
    is_moved: bool = False
    """Whether it has them with other times or names."""
    is_mostly_stored: bool = False
    """Whether it has half of the file's messages, so that the chat cannot be new."""


@dataclass(slots=True)
class RoomFinder:
    trusts_ids: bool = False
    """Whether IDs are of this site, as in sent lines."""
    may_fill: bool = False
    """Whether the import fills what stored chats lack: who imports has the right `admin`."""
    read: ReadNotes = field(default_factory=ReadNotes)
    chosen: tuple[str, ...] = ()
    """Chats that someone chose, as in `ReadOptions`."""
    decisions: dict[RoomReference, RoomDecision] = field(default_factory=dict)
    """Of chats that were compared before the import began, and of those that followed."""
    made: dict[RoomReference, int] = field(default_factory=dict)
    """Chats that did not exist, and that only this chat of the file fills."""
    _ids: dict[RoomReference, int] = field(default_factory=dict)
    _settled: set[int] = field(default_factory=set)
    """Chats named by posts that this import may fill."""
    _zone: str | None = None
    _zoned: set[int] = field(default_factory=set)
    """Chats whose zone is the file's, of which more is known the more of it is read."""

    def knows_by_people(self, reference: RoomReference) -> bool:
        """Return whether people decide: the ID is of another installation, or someone chose."""
        has_own_id = reference.id is not None and not self.trusts_ids
        return has_own_id or isinstance(reference, FileRoom) or bool(self.chosen)

    async def find(
        self, session: AsyncSession, people: Mapping[RoomReference, Mapping[int, str]]
    ) -> dict[RoomReference, int]:
        """Return the chats of messages whose authors are these people, making those that are new.

        Raises UnsettledRoomError, FileError.
        """
        if len(self._ids) > 10_000:
            self._ids.clear()
            self.decisions.clear()
        await self._follow(session, people)
        for reference, names in people.items():
            if reference in self._ids:
                continue
            if reference not in self.decisions:
                is_only = not {*self._ids, *self.decisions, *people} - {reference}
                decision = await self.decide(session, reference, Evidence(names), is_only=is_only)
                decision.note(self.read)
            self._ids[reference] = await self._room(session, reference, names)
        if self.read.zone != self._zone:
            self._zone = self.read.zone
            is_zoned = is_among(session, Room.id, self._zoned)
            await session.execute(update(Room).where(is_zoned).values(tz=self._zone))
        return self._ids

    @property
    def found(self) -> Mapping[RoomReference, int]:
        """The chats of this import by what its file calls them."""
        return self._ids

    def share(self, room_ids: Iterable[int]) -> None:
        """Note that these chats have messages of others, too."""
        if shared := {*room_ids}:
            self.made = {name: room for name, room in self.made.items() if room not in shared}

    async def decide(
        self,
        session: AsyncSession,
        reference: RoomReference,
        evidence: Evidence,
        *,
        is_only: bool = True,
    ) -> RoomDecision:
        """Return, and remember, what a chat of the file is: by its ID, else by its messages, else
        by its title and people, which nobody takes for a proof.

        is_only: whether no other chat of the file is known yet. Raises FileError.
        """
        if any(decision.is_forced for decision in self.decisions.values()):
            raise FileError(
                "the file has several chats, so one chat cannot be chosen for all of them (add"
                " --room new for the rest)"
            )
        decision = await self._decision(session, reference, evidence, is_only=is_only)
        self.decisions[reference] = decision
        return decision

    async def _decision(
        self, session: AsyncSession, reference: RoomReference, evidence: Evidence, *, is_only: bool
    ) -> RoomDecision:
        by_id = await room_of_id(session, reference)
        room_id = by_id or evidence.same
        if room_id is None:
            room_id = await room_of_people(
                session, reference, evidence.people, self._others(reference)
            )
        numbers = [room for room in self.chosen if room != NEW_ROOM]
        is_chosen = str(room_id) in numbers
        if by_id or is_chosen:
            is_meant = numbers or (self.chosen and is_only)
            is_overruled = bool(is_meant) and not is_chosen
            return RoomDecision(room_id, is_by_id=by_id is not None, is_overruled=is_overruled)
        if NEW_ROOM in self.chosen:
            return RoomDecision(room_id) if evidence.is_mostly_stored else NEW_CHAT
        if len(numbers) == 1 and is_only:
            return RoomDecision(await _stored_room(session, numbers[0]), is_forced=True)
        if room_id is None or (evidence.same and not evidence.is_moved):
            return RoomDecision(room_id)
        is_same = evidence.same is not None
        return RoomDecision(
            room_id, await candidate_of(session, room_id, is_same=is_same, title=reference.name)
        )

    async def check_named(
        self, session: AsyncSession, reference: RoomReference, place: NamedPlace
    ) -> None:
        """Note a chat that a file only names. Raises UnsettledRoomError."""
        decision = self.decisions.get(reference, NEW_CHAT)
        is_proven = decision.room_id == place.room_id and decision.asked is None
        if place.is_guess and place.room_id not in self._settled and not is_proven:
            RoomDecision(place.room_id, await candidate_of(session, place.room_id)).note(self.read)
        self._settled.add(place.room_id)

    async def _follow(self, session: AsyncSession, references: Iterable[RoomReference]) -> None:
        """Follow joined chats, and forget deleted ones, which messages make anew."""
        rooms = {name: self._ids.get(name) for name in references}
        for name in rooms.keys() & self.decisions.keys():
            rooms[name] = rooms[name] or self.decisions[name].room_id
        ids = {room_id for room_id in rooms.values() if room_id}
        if not ids:
            return
        query = select(Room.id, KEPT_ROOM_ID).where(is_among(session, Room.id, ids), IS_KEPT)
        stored = {row[0]: row[1] for row in await session.execute(query)}
        for name, room_id in rooms.items():
            if room_id and stored.get(room_id) != room_id:
                self._ids.pop(name, None)
                self.decisions[name] = RoomDecision(stored.get(room_id))

    async def _room(
        self, session: AsyncSession, reference: RoomReference, people: Mapping[int, str]
    ) -> int:
        room_id = self.decisions[reference].room_id
        if room_id is None:  # The same ID may have had another title earlier in the file.
            room_id = await room_of_id(session, reference)
        is_new = room_id is None
        if room_id is None:
            self.made[reference] = room_id = await _made(session, reference, people)
        else:
            self.share([room_id])
        if isinstance(reference, FileRoom) and (is_new or self.may_fill):
            await self._complete(session, room_id, reference)
        return room_id

    def _others(self, reference: RoomReference) -> set[int]:
        """Return this import's other chats: without an app's ID, titles may be equal."""
        rooms = {
            name: self._ids.get(name) or decision.room_id or 0
            for name, decision in self.decisions.items()
        }
        if not isinstance(reference, FileRoom):
            return {*rooms.values()}
        if not reference.thread:
            return set()
        same = {"", reference.thread}
        files = {name: room_id for name, room_id in rooms.items() if isinstance(name, FileRoom)}
        return {room_id for name, room_id in files.items() if name.thread not in same}

    async def _complete(self, session: AsyncSession, room_id: int, reference: FileRoom) -> None:
        """Fill what older imports lack: app, ID, and reading of times."""
        room = await session.get_one(Room, room_id)
        if room.platform == UNKNOWN_APP:
            room.platform = reference.platform
        if room.external_id is None and room.platform == reference.platform:
            room.external_id = reference.external_id
        if room.tz is None:
            self._zoned.add(room_id)
            room.tz = self.read.zone
        room.date_order = room.date_order or self.read.order
        await session.flush()


async def room_of_id(session: AsyncSession, reference: RoomReference) -> int | None:
    """Return the stored chat that has the app's ID of a file's chat."""
    if not isinstance(reference, FileRoom) or reference.external_id is None:
        return None
    query = select(KEPT_ROOM_ID).where(
        Room.platform == reference.platform, Room.external_id == reference.external_id
    )
    return await session.scalar(query)


async def room_of_people(
    session: AsyncSession,
    reference: RoomReference,
    people: Iterable[int],
    others: Collection[int] = (),
) -> int | None:
    """Return the stored chat of the title, but none of `others`, that has half of the people, or
    more of them without a title.
    """
    people = [*people]
    if not people:
        return None
    is_same = is_among(session, RoomPerson.user_id, people)
    if is_only_named(reference):
        own = select(RoomPerson.room_id).where(is_same, RoomPerson.messages > 0)
        named = (
            select(KEPT_ROOM_ID)
            .where(*_is_candidate(reference), IS_KEPT)
            .where(or_(KEPT_ROOM_ID.in_(own), Room.platform == UNKNOWN_APP))
            .order_by(KEPT_ROOM_ID.in_(own).desc(), KEPT_ROOM_ID)
        )
        return await session.scalar(named.limit(1))
    candidates = select(KEPT_ROOM_ID).where(*_is_candidate(reference), Room.id.not_in(others))
    shared = func.sum(case((is_same, 1), else_=0))
    smaller = case((func.count() < len(people), func.count()), else_=len(people))
    is_enough = 2 * shared >= smaller if reference.name else 2 * shared > smaller
    query = (
        select(RoomPerson.room_id)
        .join(User, User.id == RoomPerson.user_id)
        .where(RoomPerson.room_id.in_(candidates.limit(MOST_CANDIDATES)))
        .where(User.deleted_at.is_(None))
        .group_by(RoomPerson.room_id)
        .having(is_enough, shared > 0)
        .order_by((RoomPerson.room_id == (reference.id or 0)).desc())
        .order_by(shared.desc(), RoomPerson.room_id)
    )
    return await session.scalar(query.limit(1))


async def _stored_room(session: AsyncSession, number: str) -> int:
    room_id = await session.scalar(select(KEPT_ROOM_ID).where(Room.id == int(number), IS_KEPT))
    if room_id is None:
        raise FileError("there is no chat {number}; see saywho rooms", number=number)
    return room_id


async def rooms_of_title(session: AsyncSession, reference: RoomReference) -> list[int]:
    if not (isinstance(reference, FileRoom) and reference.name):
        return []
    query = select(KEPT_ROOM_ID).where(*_is_candidate(reference))
    return list(await session.scalars(query.limit(MOST_CANDIDATES)))


def is_only_named(reference: RoomReference) -> bool:
    return reference.id is None and not isinstance(reference, FileRoom)


def _is_candidate(reference: RoomReference) -> list[ColumnElement[bool]]:
    if not isinstance(reference, FileRoom):
        return [or_(Room.title == reference.name, Room.name == reference.name)]
    names = [name for name in (reference.name, reference.former) if name]
    title = Room.title.in_(names) if names else Room.title.is_(None)
    conditions: list[ColumnElement[bool]] = [
        title,
        Room.platform.in_((reference.platform, UNKNOWN_APP)),
    ]
    if reference.external_id is not None:
        conditions.append(Room.external_id.is_(None))
    return conditions


async def _made(session: AsyncSession, reference: RoomReference, people: Mapping[int, str]) -> int:
    platform: str = UNKNOWN_APP
    external_id: str | None = None
    if isinstance(reference, FileRoom):
        platform, external_id = reference.platform, reference.external_id
    names = [*people.values()]
    called = ", ".join([*names[:3], *(["…"] if len(names) > 3 else [])])
    await announce_first_room(session, min(people))
    room = Room(
        platform=platform,
        external_id=external_id,
        title=reference.name or None,
        name=None if reference.name else called[:MAX_USERNAME_LENGTH],
        created_at=now(),
    )
    session.add(room)
    await session.flush()
    return room.id


# --- A stored chat beside the chat of a file that it is ---


class StoredChat(NamedTuple):
    id: int
    name: str
    tz: str | None
    messages: Messages
    """The people are ids of authors."""
    ids: NDArray[np.uint64]
    """As of `FileChat`."""


class MatchedChat(NamedTuple):
    """A chat of a file, and the stored chat that has its messages."""

    chat: FileChat
    stored: StoredChat
    found: Agreement
    names: dict[str, str]
    """Usernames here of people who have other names in the file."""

    @property
    def is_moved(self) -> bool:
        """Whether the chat here has other names or times, so that somebody may call it another."""
        return bool(self.names) or self.found.shifted is not None

    @property
    def is_changed(self) -> bool:
        """Whether the file's messages have other names, times or ids than here."""
        common = np.flatnonzero(self.found.places >= 0)
        times = self.stored.messages.times[self.found.places[common]]
        is_equal = np.array_equal(times, self.chat.messages.times[common])
        ids = np.frombuffer(self.chat.ids, np.uint64)[common]
        is_other = (ids != NO_TEXT) & (ids != self.stored.ids[self.found.places[common]])
        return bool(self.names) or bool(is_other.any()) or not is_equal

    def steps(self, zone: str | None) -> Steps:
        """Return what gives the messages here the times of the file.

        zone: the time zone in which the file was read, if known. The times here are read in it if
        that makes the common ones equal; else those of the nearest common message are added.
        """
        return self._steps_of_zones(zone) or self._steps_of_messages()

    def times(self, zone: str | None, *, is_file_right: bool) -> list[int]:
        """Return the times that the file's messages have here, after `steps` if the file's are
        right.
        """
        times = self.chat.messages.times.copy()
        common = np.flatnonzero(self.found.places >= 0)
        stored = self.stored.messages.times[self.found.places[common]]
        if self.found.shifted is not None and is_file_right:
            stored = moved(stored, self.steps(zone))
        elif self._steps_of_zones(zone):
            times = reread(times, zone_of(zone), zone_of(self.stored.tz))
        else:
            times[times != UNKNOWN] -= (self.found.shifts * MINUTE_S)[times != UNKNOWN]
        times[common] = stored
        new = set(np.flatnonzero(self.found.places < 0).tolist())
        listed: list[int] = times.tolist()
        _keep_order(listed, range(len(listed)), new, later=True)
        _keep_order(listed, range(len(listed) - 1, -1, -1), new, later=False)
        return listed

    def _common(self) -> tuple[Numbers, Numbers]:
        """Return the times here of the common messages, ascending, and their shifts in seconds."""
        at = np.flatnonzero(self.found.places >= 0)
        times, shifts = self.stored.messages.times[self.found.places[at]], self.found.shifts[at]
        order = np.argsort(times, kind="stable")
        return times[order], shifts[order] * MINUTE_S

    def _steps_of_messages(self) -> Steps:
        times, shifts = self._common()
        is_step = np.diff(shifts, prepend=UNKNOWN) != 0
        return list(zip(times[is_step].tolist(), shifts[is_step].tolist(), strict=True))

    def _steps_of_zones(self, zone: str | None) -> Steps:
        """Return the difference of the two zones, if it explains the shifts."""
        if self.found.shifted is None or not (zone and self.stored.tz):
            return []
        first, last = (int(self.stored.messages.times[n]) for n in (0, -1))
        steps = steps_between(zone_of(self.stored.tz), zone_of(zone), first, last)
        times, shifts = self._common()
        is_equal = moved(times, steps) == times + shifts
        # Two zones must explain so many of the common times.
        return steps if is_equal.mean() >= 0.95 else []


def _keep_order(
    times: list[int], order: Iterable[int], new: Container[int], *, later: bool
) -> None:
    """Let no new message stand on the wrong side of its neighbour for lack of seconds."""
    before = UNKNOWN
    for place in order:
        time = times[place]
        is_of_minute = time // MINUTE_S == before // MINUTE_S
        if place in new and is_of_minute and (time < before if later else time > before):
            times[place] = before
        before = times[place]


async def read_stored(
    session: AsyncSession, room_id: int, is_replaced: ColumnElement[bool]
) -> StoredChat:
    """Return a chat without the messages on which `is_replaced` holds."""
    pages = [_messages("[]", [], [], "[]")]
    for is_timed in (False, True):
        query = _page(backend_of(session).collected, is_replaced, is_timed=is_timed)
        last: dict[str, Any] = {"time": datetime(1, 1, 1, tzinfo=UTC), "place": -(2**31), "id": 0}
        while True:
            values = {"room": room_id} | last
            row = (await session.execute(query, values)).one()
            ids, places, times, users = (
                msgspec.json.decode(part or "[]", type=list[int]) for part in row[:4]
            )
            if not ids:
                break
            pages.append(await asyncio.to_thread(_messages, row[4], times, users, row[5]))
            time = datetime.fromtimestamp(times[-1], UTC) if is_timed else last["time"]
            last = {"time": time, "place": places[-1], "id": ids[-1]}
    query_of_room = select(ROOM_NAME, Room.tz).where(Room.id == room_id)
    name, tz = (await session.execute(query_of_room)).one()
    parts, of_ids = zip(*pages, strict=True)
    messages = Messages(*map(np.concatenate, zip(*parts, strict=True)))
    return StoredChat(room_id, name or "", tz, messages, np.concatenate(of_ids))


def _messages(
    texts: str, times: list[int], people: list[int], ids: str
) -> tuple[Messages, NDArray[np.uint64]]:
    """Return arrays: numbers of Python would take four times the memory."""
    hashes = text_hashes(msgspec.json.decode(texts, type=list[str]))
    stated = msgspec.json.decode(ids, type=list[str | None])
    is_written = hashes != NO_TEXT
    numbers = (np.array(values, np.int64)[is_written] for values in (times, people))
    of_ids = text_hashes([number or "" for number in stated])
    return Messages(hashes[is_written], *numbers), of_ids[is_written]


def _page(
    collected: Callable[[Any], Any], is_replaced: ColumnElement[bool], *, is_timed: bool
) -> Select[*tuple[Any, ...]]:
    key: list[Any] = [Tweet.place, Tweet.id]
    before: list[Any] = [bindparam("place"), bindparam("id")]
    if is_timed:
        key.insert(0, Tweet.created_at)
        before.insert(0, bindparam("time", type_=UtcDateTime))
    time = unix_seconds(Tweet.created_at) if is_timed else literal(UNKNOWN, BigInteger)
    is_dated = Tweet.created_at.is_not(None) if is_timed else Tweet.created_at.is_(None)
    is_left = not_(func.coalesce(is_replaced, false()))
    is_alive = Tweet.user_id.not_in(select(User.id).where(User.deleted_at.is_not(None)))
    listed = (
        select(Tweet.id, Tweet.place, time.label("time"), Tweet.user_id)
        .add_columns(Tweet.text, Tweet.source_id)
        .where(
            Tweet.room_id == bindparam("room"), tuple_(*key) > tuple_(*before), is_left, is_alive
        )
        .where(is_dated)
        .order_by(*key)
        .limit(5_000)
        .subquery()
    )
    return select(*map(collected, listed.c))
