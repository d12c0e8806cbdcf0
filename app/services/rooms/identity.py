"""Which chat is which: the chat here that the chat of a file is, renaming, and joining two that are
one.

The app's ID or an equal message proves it. Title and people only propose a chat: the import reports
that, and stops before a chat with guests until someone chooses.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED, is_among
from app.errors import FileError, InvalidInputError, Message, NotFoundError
from app.models import KEPT_ROOM_ID, ROOM_NAME, Room, RoomPerson, Tweet, User
from app.services.access.accounts import Guests, find_guests, has_guests, move_readers
from app.services.event_log import NewEvent, append_events
from app.services.posts.post_rooms import (
    DELETED_APP,
    IS_KEPT,
    UNKNOWN_APP,
    NamedPlace,
    announce_first_room,
    count_messages,
)
from saywho.clock import now
from saywho.formats.assumptions import NEW_ROOM, ReadNotes
from saywho.formats.post import RoomReference
from saywho.formats.records import FileRoom
from saywho.text import MAX_USERNAME_LENGTH, clean_title

MOST_CANDIDATES: Final = 200


class UnsettledRoomError(FileError):
    """Someone must choose the chat, because the proposed one has guests."""


class Proposal(NamedTuple):
    """A chat here that a file's chat may be."""

    room_id: int
    is_proven: bool
    """Whether the app's ID or an equal message shows it."""
    is_by_id: bool = False


class RoomOutline(NamedTuple):
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


async def outline_of(
    session: AsyncSession, room_id: int, *, is_same: bool = False, title: str = ""
) -> RoomOutline:
    messages = select(func.coalesce(func.sum(RoomPerson.messages), 0))
    messages = messages.where(RoomPerson.room_id == room_id)
    query = select(ROOM_NAME, messages.scalar_subquery()).where(Room.id == room_id)
    name, count = (await session.execute(query)).one()
    guests = await find_guests(session, [room_id])
    return RoomOutline(room_id, name or "", int(count), guests.get(room_id), is_same, title)


async def rooms_with_guests(session: AsyncSession) -> list[RoomOutline]:
    query = select(Room.id).where(Room.joined_to_id.is_(None), IS_KEPT, has_guests(KEPT_ROOM_ID))
    rooms = await session.scalars(query.order_by(Room.id).limit(MOST_CANDIDATES))
    return [await outline_of(session, room_id) for room_id in rooms.all()]


KNOWN_BY_ID: Final = Message("the app's ID of the chat")


@dataclass(slots=True)
class RoomSample:
    names: dict[int, str] = field(default_factory=dict)
    messages: int = 0
    equal: Counter[int | None] = field(default_factory=Counter)
    """Number of equal messages by the chat that has them."""
    same: int | None = None
    """The chat with the same texts in the same order, whatever names and zone."""
    is_moved: bool = False
    """Whether it has them with other times or names."""

    def is_mostly_in(self, room_id: int) -> bool:
        """Return whether half of the messages are in this chat already, so it cannot be new."""
        return 2 * self.equal[room_id] >= max(self.messages, 1)


@dataclass(slots=True)
class RoomFinder:
    trusts_ids: bool = False
    """Whether IDs are of this site, as in sent lines."""
    may_fill: bool = False
    """Whether the import fills what chats here lack: who imports has the right `admin`."""
    read: ReadNotes = field(default_factory=ReadNotes)
    chosen: tuple[str, ...] = ()
    """Chats that someone chose, as in `ReadOptions`."""
    looked: Mapping[RoomReference, RoomSample] = field(default_factory=dict)
    """Samples of whole chats of the file."""
    made: dict[RoomReference, int] = field(default_factory=dict)
    """Chats that did not exist, and that only this chat of the file fills."""
    _ids: dict[RoomReference, int] = field(default_factory=dict)
    _settled: set[int] = field(default_factory=set)
    """Chats named by posts that this import may fill."""
    _zone: str | None = None
    _zoned: set[int] = field(default_factory=set)
    """Chats whose zone is the file's, of which more is known the more of it is read."""
    _is_forced: bool = False
    """Whether the file's only chat goes into the only chosen one, which nothing else leads to."""

    def knows_by_people(self, reference: RoomReference) -> bool:
        """Return whether people decide: the ID is of another installation, or someone chose."""
        has_own_id = reference.id is not None and not self.trusts_ids
        return has_own_id or isinstance(reference, FileRoom) or bool(self.chosen)

    async def find(
        self, session: AsyncSession, samples: Mapping[RoomReference, RoomSample]
    ) -> dict[RoomReference, int]:
        if len(self._ids) > 10_000:
            self._ids.clear()
        await self._forget_missing(session, samples)
        for reference, sample in samples.items():
            if reference not in self._ids:
                is_only = len(self._ids.keys() | samples.keys() | self.looked.keys()) == 1
                room_id = await self._room(session, reference, sample, is_only=is_only)
                self._ids[reference] = room_id
        if self.read.zone != self._zone:
            self._zone = self.read.zone
            is_zoned = is_among(session, Room.id, self._zoned)
            await session.execute(update(Room).where(is_zoned).values(tz=self._zone))
        return self._ids

    def share(self, room_ids: Iterable[int]) -> None:
        """Note that these chats have messages of others, too."""
        if shared := {*room_ids}:
            self.made = {name: room for name, room in self.made.items() if room not in shared}

    async def propose(
        self, session: AsyncSession, reference: RoomReference, sample: RoomSample
    ) -> Proposal | None:
        """Return the chat that the file's chat is or may be; None for a new one."""
        if (room_id := await self._by_id(session, reference)) is not None:
            return Proposal(room_id, is_proven=True, is_by_id=True)
        if sample.same is not None:
            return Proposal(sample.same, is_proven=not sample.is_moved)
        by = self._by_name if is_only_named(reference) else self._by_people
        room_id = await by(session, reference, sample) if sample.names else None
        return None if room_id is None else Proposal(room_id, is_proven=sample.equal[room_id] > 0)

    async def settle(
        self,
        session: AsyncSession,
        reference: RoomReference,
        sample: RoomSample,
        *,
        is_only: bool = True,
    ) -> int | None:
        """Return the chosen or proposed chat, None for a new one; note an assumption.

        is_only: whether no other chat of the file is known yet. Raises UnsettledRoomError,
        FileError.
        """
        if self._is_forced:
            raise FileError(
                "the file has several chats, so one chat cannot be chosen for all of them (add"
                " --room new for the rest)"
            )
        sample = self.looked.get(reference, sample)
        proposal = await self.propose(session, reference, sample)
        ids = [room for room in self.chosen if room != NEW_ROOM]
        if proposal is not None and (proposal.is_by_id or str(proposal.room_id) in ids):
            is_meant = ids or (self.chosen and is_only)
            if is_meant and str(proposal.room_id) not in ids:
                self.read.assume("room", str(proposal.room_id), evidence=KNOWN_BY_ID)
            return proposal.room_id
        if NEW_ROOM in self.chosen:
            is_known = proposal is not None and sample.is_mostly_in(proposal.room_id)
            return proposal.room_id if proposal is not None and is_known else None
        if len(ids) == 1 and is_only:
            self._is_forced = True
            return await _stored_room(session, ids[0])
        if proposal is not None and not proposal.is_proven:
            await self.assume(session, proposal.room_id, sample)
        return proposal and proposal.room_id

    async def assume(self, session: AsyncSession, room_id: int, sample: RoomSample) -> None:
        """Note a chat that only title and people lead to, or texts with other times or names.

        Raises UnsettledRoomError.
        """
        outline = await outline_of(session, room_id, is_same=sample.same == room_id)
        outline.note(self.read)
        outline.check()

    async def check_named(
        self, session: AsyncSession, place: NamedPlace, sample: RoomSample
    ) -> None:
        """Note a chat that a file only names. Raises UnsettledRoomError."""
        is_open = place.is_guess and place.room_id not in self._settled
        if is_open and not sample.equal[place.room_id]:
            await self.assume(session, place.room_id, sample)
        self._settled.add(place.room_id)

    async def _forget_missing(
        self, session: AsyncSession, references: Iterable[RoomReference]
    ) -> None:
        ids = {self._ids[reference] for reference in references if reference in self._ids}
        if ids:
            is_here = is_among(session, Room.id, ids), IS_KEPT
            here = await session.scalars(select(Room.id).where(*is_here))
            if missing := ids.difference(here):
                ids_here = {name: room for name, room in self._ids.items() if room not in missing}
                self._ids = ids_here

    async def _room(
        self, session: AsyncSession, reference: RoomReference, sample: RoomSample, *, is_only: bool
    ) -> int:
        room_id = await self.settle(session, reference, sample, is_only=is_only)
        is_new = room_id is None
        if room_id is None:
            self.made[reference] = room_id = await _made(session, reference, sample)
        else:
            self.share([room_id])
        if isinstance(reference, FileRoom) and (is_new or self.may_fill):
            await self._complete(session, room_id, reference)
        return room_id

    async def _by_id(self, session: AsyncSession, reference: RoomReference) -> int | None:
        if not isinstance(reference, FileRoom) or reference.external_id is None:
            return None
        query = select(KEPT_ROOM_ID).where(
            Room.platform == reference.platform, Room.external_id == reference.external_id
        )
        return await session.scalar(query)

    async def _by_name(
        self, session: AsyncSession, reference: RoomReference, sample: RoomSample
    ) -> int | None:
        is_author = is_among(session, RoomPerson.user_id, sample.names)
        own = select(RoomPerson.room_id).where(is_author, RoomPerson.messages > 0)
        query = (
            select(KEPT_ROOM_ID)
            .where(*_is_candidate(reference), IS_KEPT)
            .where(or_(KEPT_ROOM_ID.in_(own), Room.platform == UNKNOWN_APP))
            .order_by(KEPT_ROOM_ID.in_(own).desc(), KEPT_ROOM_ID)
        )
        return await session.scalar(query.limit(1))

    async def _by_people(
        self, session: AsyncSession, reference: RoomReference, sample: RoomSample
    ) -> int | None:
        """Return the title's chat with half of the people, or more without a title."""
        candidates = select(KEPT_ROOM_ID).where(
            *_is_candidate(reference), Room.id.not_in(self._others(reference))
        )
        is_same = is_among(session, RoomPerson.user_id, sample.names)
        shared = func.sum(case((is_same, 1), else_=0))
        smaller = case((func.count() < len(sample.names), func.count()), else_=len(sample.names))
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
        rooms = list(await session.scalars(query))
        return max(rooms, key=lambda room: sample.equal[room], default=None)

    def _others(self, reference: RoomReference) -> set[int]:
        """Return this import's other chats: without an app's ID, titles may be equal."""
        if not isinstance(reference, FileRoom):
            return set(self._ids.values())
        if not reference.thread:
            return set()
        threads = {room_id: _thread(room) for room, room_id in self._ids.items()}
        same = {"", reference.thread}
        return {room_id for room_id, thread in threads.items() if thread not in same}

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


async def _stored_room(session: AsyncSession, number: str) -> int:
    room_id = await session.scalar(select(KEPT_ROOM_ID).where(Room.id == int(number), IS_KEPT))
    if room_id is None:
        raise FileError("there is no chat {number}; see saywho rooms", number=number)
    return room_id


async def rooms_of_title(session: AsyncSession, reference: FileRoom) -> list[int]:
    if not reference.name:
        return []
    query = select(KEPT_ROOM_ID).where(*_is_candidate(reference))
    return list(await session.scalars(query.limit(MOST_CANDIDATES)))


def is_only_named(reference: RoomReference) -> bool:
    return reference.id is None and not isinstance(reference, FileRoom)


def _thread(reference: RoomReference) -> str:
    return reference.thread if isinstance(reference, FileRoom) else ""


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


async def _made(session: AsyncSession, reference: RoomReference, sample: RoomSample) -> int:
    platform: str = UNKNOWN_APP
    external_id: str | None = None
    if isinstance(reference, FileRoom):
        platform, external_id = reference.platform, reference.external_id
    people = list(sample.names.values())
    called = ", ".join([*people[:3], *(["…"] if len(people) > 3 else [])])
    await announce_first_room(session, min(sample.names))
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


# --- Renaming and joining ---

MOVED_AT_ONCE = 5_000


async def rename_room(session: AsyncSession, room_id: int, name: str) -> None:
    """Set a chat's name, if empty the title. Raises NotFoundError and InvalidInputError."""
    room = await kept_room(session, room_id)
    cleaned = clean_title(name)
    if cleaned is None and room.title is None:
        raise InvalidInputError("The chat needs a name", loc="name")
    room.name = None if cleaned == room.title else cleaned
    await announce_change(session, room.id)


async def join_some(session: AsyncSession, room_id: int, target_id: int) -> int | None:
    """Move some messages to another chat; return its ID at the end, so that an interrupted joining
    can be repeated.

    Raises NotFoundError, InvalidInputError.
    """
    room, target = await kept_room(session, room_id), await kept_room(session, target_id)
    if room.id == target.id:
        raise InvalidInputError("Choose two different chats", loc="into")
    if await _move(session, room.id, target.id) == MOVED_AT_ONCE:
        return None
    await _close(session, room, target)
    return target.id


async def kept_room(session: AsyncSession, room_id: int) -> Room:
    """Return the chat of that ID, or its joined one. Raises NotFoundError."""
    room = await session.get(Room, room_id)
    if room is not None and room.joined_to_id is not None:
        room = await session.get(Room, room.joined_to_id)
    if room is None or room.platform == DELETED_APP:
        raise NotFoundError("There is no chat {room_id}", room_id=room_id)
    return room


async def _move(session: AsyncSession, room_id: int, target_id: int) -> int:
    query = select(Tweet.id, Tweet.user_id).where(Tweet.room_id == room_id)
    rows = (await session.execute(query.limit(MOVED_AT_ONCE))).all()
    moved = query.with_only_columns(Tweet.id).limit(MOVED_AT_ONCE).scalar_subquery()
    change = update(Tweet).where(Tweet.id.in_(moved)).values(room_id=target_id)
    await session.execute(change, execution_options=UNTRACKED)
    await count_messages(
        session,
        [(target_id, row.user_id) for row in rows],
        [(room_id, row.user_id) for row in rows],
    )
    await announce_change(session, target_id)
    return len(rows)


async def _close(session: AsyncSession, room: Room, target: Room) -> None:
    """Let the other chat answer for this one and its joined ones."""
    target.tz = target.tz or room.tz
    target.date_order = target.date_order or room.date_order
    await session.execute(delete(RoomPerson).where(RoomPerson.room_id == room.id))
    await move_readers(session, room.id, target.id)
    is_meant = or_(Room.id == room.id, Room.joined_to_id == room.id)
    joined = update(Room).where(is_meant).values(joined_to_id=target.id)
    await session.execute(joined, execution_options=UNTRACKED)


async def announce_change(session: AsyncSession, room_id: int) -> None:
    anybody = await session.scalar(
        select(func.min(RoomPerson.user_id)).where(RoomPerson.room_id == room_id)
    )
    await append_events(session, [NewEvent("room.updated", anybody or room_id)])
