"""What of a file is here already: its bytes, and its chats by the sequences of their texts,
whatever names, zone and precision.

A chat that is here goes on in its room, with the names that it has there. If its times are those of
another time zone, somebody must say which are right.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec
import numpy as np
from msgspec import structs
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, bindparam, false, func, not_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Readable, Sessions, backend_of, is_among
from app.errors import FileError, Message
from app.models import KEPT_ROOM_ID, ROOM_NAME, ImportJob, Room, RoomPerson, Tweet, User
from app.models.base import UtcDateTime
from app.services.compare.stored_texts import rooms_with
from app.services.imports.bulk import find_by_keys
from app.services.imports.jobs import options_of
from app.services.imports.report import Seen
from app.services.imports.undo import Replaced, find_replaced, imports_of_file
from app.services.posts.meetings import is_of_undone, is_sent_by
from app.services.posts.post_rooms import IS_KEPT, is_of_kept_room
from app.services.posts.selection import unix_seconds
from app.services.rooms.identity import (
    Proposal,
    RoomFinder,
    RoomOutline,
    RoomSample,
    outline_of,
    rooms_of_title,
)
from app.services.rooms.times import Steps, move_times, moved, read_in, steps_between
from saywho.formats.assumptions import NEW_ROOM, NotesSummary, ReadNotes
from saywho.formats.chats.people import zone_of
from saywho.formats.file_chats import NO_TEXT, FileChat, stored_form, text_hashes
from saywho.formats.post import RoomReference
from saywho.formats.reading import username_for
from saywho.formats.records import FileRoom, Item, ReadOptions, Record
from saywho.formats.settled import UnsettledError
from saywho.people.same_chat import MINUTE_S, UNKNOWN, Agreement, Messages, Numbers, agreement
from saywho.text import username_key

_PAGE: Final = 5_000
"""Stored messages in memory together."""
_SEARCHED: Final = 8
"""Texts of a chat that are looked up in the word index."""
_MOST_ROOMS: Final = 3
"""Chats here, by people and by texts, that are compared with a chat."""
_FEWEST_RENAMED: Final = 6
"""Equal texts of a chat whose title or people have other names here."""
_FEWEST_OF_STRANGERS: Final = 12
"""Equal texts of a chat whose title and people nobody has here, or that has an ID of its app."""
_MOST_EQUAL: Final = 0.95
"""Share of common messages whose times two time zones must explain."""


class StoredChat(NamedTuple):
    id: int
    name: str
    tz: str | None
    messages: Messages
    """The people are ids of authors."""
    ids: NDArray[np.uint64]
    """As of `FileChat`."""


class Same(NamedTuple):
    """A chat of a file, and the chat here that has its messages."""

    chat: FileChat
    here: StoredChat
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
        stored = self.here.messages.times[self.found.places[common]]
        is_equal = np.array_equal(stored, self.chat.messages.times[common])
        ids = np.frombuffer(self.chat.ids, np.uint64)[common]
        is_other = (ids != NO_TEXT) & (ids != self.here.ids[self.found.places[common]])
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
        stored = self.here.messages.times[self.found.places[common]]
        if self.found.shifted is not None and is_file_right:
            stored = moved(stored, self.steps(zone))
        elif self._steps_of_zones(zone):
            times = read_in(times, zone_of(zone), zone_of(self.here.tz))
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
        times, shifts = self.here.messages.times[self.found.places[at]], self.found.shifts[at]
        order = np.argsort(times, kind="stable")
        return times[order], shifts[order] * MINUTE_S

    def _steps_of_messages(self) -> Steps:
        times, shifts = self._common()
        is_step = np.diff(shifts, prepend=UNKNOWN) != 0
        return list(zip(times[is_step].tolist(), shifts[is_step].tolist(), strict=True))

    def _steps_of_zones(self, zone: str | None) -> Steps:
        """Return the difference of the two zones, if it explains the shifts."""
        if self.found.shifted is None or not (zone and self.here.tz):
            return []
        first, last = (int(self.here.messages.times[n]) for n in (0, -1))
        steps = steps_between(zone_of(self.here.tz), zone_of(zone), first, last)
        times, shifts = self._common()
        is_equal = moved(times, steps) == times + shifts
        return steps if is_equal.mean() >= _MOST_EQUAL else []


def _keep_order(
    times: list[int], order: Iterable[int], new: Container[int], *, later: bool
) -> None:
    """Let no new message stand on the wrong side of its neighbour because one of them has no
    seconds.
    """
    before = UNKNOWN
    for place in order:
        time = times[place]
        is_of_minute = time // MINUTE_S == before // MINUTE_S
        if place in new and is_of_minute and (time < before if later else time > before):
            times[place] = before
        before = times[place]


@dataclass(slots=True)
class ChatLook:
    """A chat of a file, its people and messages here, and the chat here that it is, if any."""

    chat: FileChat
    sample: RoomSample
    authors: list[int | None]
    """Ids of its people, None for who is not here."""
    same: Same | None = None
    room_id: int | None = None
    """The chat here that it may be."""
    room: RoomOutline | None = None
    """That chat, unless it is proven."""
    is_by_id: bool = False
    """Whether the app's ID of the chat is here, so that nobody can say that it is another chat."""

    @property
    def new_times(self) -> Numbers:
        """Times of the messages that are not here."""
        if self.same is None:
            return self.chat.messages.times
        return self.same.chat.messages.times[self.same.found.places < 0]

    async def names(self, session: AsyncSession, found: Agreement) -> dict[str, str]:
        """Return the usernames here of people who have other names in the file."""
        others = {
            person: user for person, user in found.people.items() if self.authors[person] != user
        }
        users = select(User.id, User.username).where(is_among(session, User.id, {*others.values()}))
        names = {row.id: row.username for row in await session.execute(users)}
        pairs = ((self.chat.people[person], user) for person, user in others.items())
        return {name: names[user] for name, user in pairs if user in names}


def _read_like(chat: FileChat, zone: str | None, zone_here: str | None) -> FileChat:
    """Return a chat with its times in the time zone of a chat here, if both are known."""
    if not (zone and zone_here) or zone == zone_here:
        return chat
    times = read_in(chat.messages.times, zone_of(zone), zone_of(zone_here))
    return structs.replace(chat, times=times.tobytes())


async def outlined(session: AsyncSession, chat: FileChat, options: ReadOptions) -> ChatLook:
    """Return a chat with the people and the number of messages that a chat here is known by."""
    called = [username_for(options.rename.get(name, name)) for name in chat.people]
    keys = [username_key(name) for name in called]
    here = await find_by_keys(session, keys)
    people = [here.get(key) for key in keys]
    names = {person.id: person.username for person in people if person}
    # The others count among its people, of whom half decide.
    names |= {-1 - n: name for n, name in enumerate(called) if people[n] is None}
    authors = [person.id if person else None for person in people]
    return ChatLook(chat, RoomSample(names, len(chat.messages.texts)), authors)


class _Comparing(NamedTuple):
    """Comparing chats of a file with chats here."""

    session: AsyncSession
    options: ReadOptions
    is_going: ColumnElement[bool]
    """Condition on messages here that do not count."""
    zone: str | None
    """See `look_at`."""

    async def look(self, chat: FileChat, *, is_only: bool, is_searched: bool) -> ChatLook:
        """Compare a chat.

        is_only: whether the file has no other one, so that chosen chats are meant for it.
        is_searched: whether texts alone may lead to a chat here.
        """
        look = await outlined(self.session, chat, self.options)
        if not (look.sample.messages and await self.session.scalar(select(Room.id).limit(1))):
            return look
        candidates = await _chosen(self.session, self.options)
        is_settled = is_only and bool(candidates)
        proposal = await RoomFinder().propose(self.session, chat.reference, look.sample)
        look.is_by_id = proposal is not None and proposal.is_by_id
        if not is_settled:
            candidates = await _candidates(self.session, look, proposal) | candidates
        for room_id, fewest in candidates.items():
            await self._compare(look, room_id, fewest)
        known = look.same.found.known if look.same is not None else 0
        if is_searched and not is_settled and 2 * known < look.sample.messages:
            of_texts = await rooms_with(self.session, chat.samples[:_SEARCHED])
            for room_id, _ in of_texts.most_common(_MOST_ROOMS):
                if room_id not in candidates:
                    await self._compare(look, room_id, _FEWEST_OF_STRANGERS)
        if look.same is not None:
            look.sample.same, look.sample.is_moved = look.same.here.id, look.same.is_moved
        return look

    async def _compare(self, look: ChatLook, room_id: int, fewest: int) -> None:
        """Note a chat here if it has the messages, and more of them than another one.

        fewest: equal texts that it needs.
        """
        here = await _read(self.session, room_id, self.is_going)
        chat = await asyncio.to_thread(_read_like, look.chat, self.zone, here.tz)
        found = await asyncio.to_thread(agreement, chat.messages, here.messages)
        same = Same(chat, here, found, await look.names(self.session, found))
        is_another = NEW_ROOM in self.options.rooms and str(room_id) not in self.options.rooms
        if found.is_same and same.is_moved and is_another and not look.is_by_id:
            return
        at = np.flatnonzero((found.places >= 0) & (found.shifts == 0))
        authors = np.array([author or 0 for author in look.authors])
        is_equal = authors[chat.messages.people[at]] == here.messages.people[found.places[at]]
        look.sample.equal[room_id] = int(np.count_nonzero(is_equal))
        is_enough = found.texts >= max(fewest, _FEWEST_RENAMED if same.names else 1)
        is_best = look.same is None or found.known > look.same.found.known
        if found.is_same and is_enough and is_best:
            look.same = same


async def _chosen(session: AsyncSession, options: ReadOptions) -> dict[int, int]:
    chosen = [int(room) for room in options.rooms if room != NEW_ROOM]
    kept = select(KEPT_ROOM_ID).where(Room.id.in_(chosen), IS_KEPT)
    return dict.fromkeys(await session.scalars(kept), 1) if chosen else {}


async def _candidates(
    session: AsyncSession, look: ChatLook, proposal: Proposal | None
) -> dict[int, int]:
    """Return chats here by id, title or people, and the fewest equal texts of each."""
    names = look.sample.names
    reference = look.chat.reference
    close = [] if proposal is None else [proposal.room_id]
    if isinstance(reference, FileRoom):
        close += (await rooms_of_title(session, reference))[:_MOST_ROOMS]
    here, shared = [user_id for user_id in names if user_id > 0], func.count()
    alike = (
        select(RoomPerson.room_id)
        .where(is_among(session, RoomPerson.user_id, here), RoomPerson.messages > 0)
        .group_by(RoomPerson.room_id)
        .having(2 * shared >= len(names))
        .order_by(shared.desc(), RoomPerson.room_id)
    )
    of_people = list(await session.scalars(alike.limit(_MOST_ROOMS))) if here else []
    # The app may tell two chats of the same people apart.
    has_id = isinstance(reference, FileRoom) and reference.external_id is not None
    fewest = _FEWEST_OF_STRANGERS if has_id else _FEWEST_RENAMED
    return dict.fromkeys(of_people, fewest) | dict.fromkeys(close, 1)


async def _read(session: AsyncSession, room_id: int, is_going: ColumnElement[bool]) -> StoredChat:
    pages = [_messages("[]", [], [], "[]")]
    query = _page(backend_of(session).collected, is_going)
    last = {"time": datetime(1, 1, 1, tzinfo=UTC), "place": -(2**31), "id": 0}
    while True:
        values = {"room": room_id} | last
        row = (await session.execute(query, values)).one()
        ids, places, times, users = (
            msgspec.json.decode(part or "[]", type=list[int]) for part in row[:4]
        )
        if not ids:
            break
        pages.append(await asyncio.to_thread(_messages, row[4], times, users, row[5]))
        last = {"time": datetime.fromtimestamp(times[-1], UTC), "place": places[-1], "id": ids[-1]}
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
    collected: Callable[[Any], Any], is_going: ColumnElement[bool]
) -> Select[*tuple[Any, ...]]:
    key = Tweet.created_at, Tweet.place, Tweet.id
    before = tuple_(bindparam("time", type_=UtcDateTime), bindparam("place"), bindparam("id"))
    is_left = not_(func.coalesce(is_going, false()))
    is_alive = Tweet.user_id.not_in(select(User.id).where(User.deleted_at.is_not(None)))
    listed = (
        select(Tweet.id, Tweet.place, unix_seconds(Tweet.created_at).label("time"), Tweet.user_id)
        .add_columns(Tweet.text, Tweet.source_id)
        .where(Tweet.room_id == bindparam("room"), tuple_(*key) > before, is_left, is_alive)
        .order_by(*key)
        .limit(_PAGE)
        .subquery()
    )
    return select(*map(collected, listed.c))


_MOST_SEARCHED: Final = 50
"""Chats of a file whose texts are looked up in the word index."""
AS_BEFORE: Final = Message("as in the first import of this chat")
SAME_MESSAGES: Final = Message("these messages are here under the second name")


class UnsettledTimesError(UnsettledError):
    """The messages of a file are here with the times of another zone."""


class ReadBeforeError(FileError):
    """The posts of a file are stored, but were read differently."""


READ_BEFORE: Final = Message(
    "this file was read differently before (import {number}): its posts are here with other times,"
    " names or texts, so nothing is stored. Import the file again and choose to replace that import"
    " (--replace {number}; --room new makes another chat)"
)


class Reread(NamedTuple):
    """An import of the same bytes."""

    id: int
    posts: int
    """Its posts that are here."""

    def check(self, met: int, read: int) -> None:
        """Raise ReadBeforeError if under half of the posts are met by those that were read."""
        if 2 * met < min(self.posts, read):
            raise ReadBeforeError(READ_BEFORE.template, number=self.id)


@dataclass(slots=True)
class Look:
    """The part of a file that is here: one value for page, command and API."""

    imports: Sequence[int] = ()
    """Imports of the same bytes, the newest first."""
    chats: Mapping[RoomReference, ChatLook] = field(default_factory=dict)
    reread: Reread | None = None
    """Import of the same bytes and people that has posts here."""
    replaced: Replaced | None = None
    """The import that the file replaces."""

    @property
    def same(self) -> list[Same]:
        return [look.same for look in self.chats.values() if look.same is not None]

    @property
    def moved(self) -> list[Same]:
        """The chats that are here with other times."""
        return [same for same in self.same if same.found.shifted is not None]

    @property
    def shift(self) -> Message | None:
        """By how much a file's times are later or earlier than those here."""
        if not self.moved:
            return None
        minutes = self.moved[0].found.shifted or 0
        hours, rest = divmod(abs(minutes), 60)
        shown = f"{hours}:{rest:02}"
        if minutes > 0:
            return Message("the times of the file are {hours} hours later", hours=shown)
        return Message("the times of the file are {hours} hours earlier", hours=shown)

    @property
    def renamed(self) -> dict[str, str]:
        return {old: new for same in self.same for old, new in same.names.items()}

    @property
    def asked(self) -> list[StoredChat]:
        """Chats here with other times or names, of which somebody may say that they are others."""
        return [same.here for same in self.same if same.is_moved]

    @property
    def may_be_another(self) -> bool:
        """Whether somebody may say that a chat here is another one."""
        return not any(look.is_by_id for look in self.chats.values() if look.same is not None)

    @property
    def rooms(self) -> list[RoomOutline]:
        """Chats here that the file's are, or may be, though nothing proves it."""
        return [look.room for look in self.chats.values() if look.room is not None]

    @property
    def seen(self) -> Seen:
        """Texts of answers and pages."""
        total = sum(len(look.chat.messages.texts) for look in self.chats.values())
        known = sum(same.found.known for same in self.same)
        new = [time for look in self.chats.values() for time in look.new_times[:1].tolist()]
        new = [time for time in new if known and time != UNKNOWN]
        rooms = {same.here.id for same in self.same}
        zones = {same.here.tz for same in self.same}
        state: Literal["new", "known", "longer"] = "new"
        if self.imports or known:
            state = "longer" if known < total else "known"
        return Seen(
            state,
            self.moved[0].found.shifted if self.moved else None,
            bool(self.renamed),
            self.imports[0] if self.imports else None,
            rooms.pop() if len(rooms) == 1 else None,
            known,
            total - known,
            datetime.fromtimestamp(min(new), UTC) if new else None,
            zones.pop() if len(zones) == 1 else None,
        )

    def open_rooms(self, chosen: Collection[str]) -> list[RoomOutline]:
        """Return the chats that nobody has chosen; `chosen` has chats as in `ReadOptions`."""
        if NEW_ROOM in chosen or len(chosen) == len(self.chats) == 1:
            return []
        rooms = (room for room in self.rooms if room.guests is not None or not room.is_same)
        return [room for room in rooms if str(room.id) not in chosen]

    def check(self, options: ReadOptions, notes: ReadNotes) -> None:
        """Note the chats, names and zone that are here. Raises UnsettledRoomError, and
        UnsettledTimesError if nobody has said which times are right.
        """
        guarded = [room for room in self.open_rooms(options.rooms) if room.guests is not None]
        for room in guarded:
            room.note(notes)
        for room in guarded:
            room.check()
        for old, new in self.renamed.items():
            notes.assume("person", f"{old}, {new}", evidence=SAME_MESSAGES)
        if not self.moved or options.times is not None:
            return
        here = self.moved[0].here
        if is_zone_open(options, notes):
            notes.assume("timezone", here.tz or "", evidence=AS_BEFORE)
            return
        if not self.may_be_another:
            raise UnsettledTimesError(
                "chat {number} here has these messages with other times ({shift}), so nothing is"
                " stored. Import the file again and say which times are right (--times file gives"
                " the file's times to the messages here, --times here keeps them)",
                number=here.id,
                shift=self.shift,
            )
        raise UnsettledTimesError(
            "chat {number} here has these messages with other times ({shift}), so "
            "nothing is stored. Import the file again and say which times are right "
            "(--times file gives the file's times to the messages here, --times here "
            "keeps them; --room new makes another chat)",
            number=here.id,
            shift=self.shift,
        )

    async def move(self, db: Sessions, options: ReadOptions, zone: str | None) -> None:
        """Give the messages here the times of the file, if these are right."""
        for same in self.moved if options.times == "file" else ():
            async with db.write() as session:
                await move_times(session, same.here.id, same.steps(zone), zone)

    def placed(
        self, items: Iterator[Item], options: ReadOptions, zone: str | None
    ) -> Iterator[Item]:
        """Yield the items with the names and times that they have here after `move`."""
        is_right = options.times == "file"
        plans = {
            reference: (look.same, look.same.times(zone, is_file_right=is_right))
            for reference, look in self.chats.items()
            if look.same is not None and look.same.is_changed
        }
        return _placed(items, plans, is_file_right=is_right) if plans else items


NOTHING: Final = Look()


def is_zone_open(options: ReadOptions, notes: ReadNotes | NotesSummary) -> bool:
    """Return whether neither file nor user has said in which zone its times are."""
    is_assumed = any(part.kind == "timezone" for part in notes.assumptions)
    return options.timezone is None and is_assumed


def _placed(
    items: Iterator[Item],
    plans: Mapping[RoomReference, tuple[Same, list[int]]],
    *,
    is_file_right: bool,
) -> Iterator[Item]:
    at: Counter[RoomReference] = Counter()
    for item in items:
        room = item.room if isinstance(item, Record) else None
        if not (isinstance(item, Record) and room in plans and room and item.username):
            yield item
            continue
        same, times = plans[room]
        place = min(at[room], len(times) - 1)
        time = item.created_at
        # Media without a text are known if a text behind them is.
        is_known = at[room] == place and bool(same.found.places[place] >= 0)
        if stored_form(item.text):
            at[room] += 1
            time = None if times[place] == UNKNOWN else datetime.fromtimestamp(times[place], UTC)
        elif time is not None and not is_file_right:
            shift = int(same.found.shifts[place]) * MINUTE_S
            time = datetime.fromtimestamp(time.timestamp() - shift, UTC)
        yield structs.replace(
            item,
            username=same.names.get(item.username, item.username),
            display_name=None if item.username in same.names else item.display_name,
            created_at=time,
            # The app of the stored message may give it no id, or another one.
            source_id=None if is_known else item.source_id,
        )


async def look_at(
    db: Readable,
    chats: Sequence[FileChat],
    options: ReadOptions,
    digest: bytes | None,
    zone: str | None = None,
) -> Look:
    """Compare a file with what is here; `digest` is of its bytes. Raises as `find_replaced`.

    zone: if the file is to be read in the time zone of the chat here, the one in which it was read.
    """
    async with db.read() as session:
        same = await imports_of_file(session, digest)
        replaced = await find_replaced(session, options.replace, same)
        look = Look(same, replaced=replaced)
        is_going = await is_of_undone(session, replaced.ids) if replaced else false()
        comparing = _Comparing(session, options, is_going, zone)
        looks = [
            await comparing.look(chat, is_only=len(chats) == 1, is_searched=n < _MOST_SEARCHED)
            for n, chat in enumerate(chats)
        ]
        look.chats = {each.chat.reference: each for each in looks}
        if replaced is None and NEW_ROOM not in options.rooms:
            look.reread = await _reread(session, same, options)
        elif replaced is not None and {*replaced.ids} & {*same} and len(looks) == 1:
            looks[0].sample.same = looks[0].sample.same or await _only_room(session, replaced.ids)
        for each in looks:
            await _propose(session, each)
    return look


async def _propose(session: AsyncSession, look: ChatLook) -> None:
    reference, sample = look.chat.reference, look.sample
    proposal = await RoomFinder().propose(session, reference, sample)
    if proposal is not None:
        look.room_id = proposal.room_id
        if not proposal.is_proven:
            is_same = sample.same == proposal.room_id
            look.room = await outline_of(
                session, proposal.room_id, is_same=is_same, title=reference.name
            )


async def _only_room(session: AsyncSession, job_ids: Sequence[int]) -> int | None:
    of_imports = is_sent_by(*job_ids), is_of_kept_room(), Tweet.room_id.is_not(None)
    rooms = await session.scalars(select(Tweet.room_id).where(*of_imports).distinct().limit(2))
    found = rooms.all()
    return found[0] if len(found) == 1 else None


async def _reread(
    session: AsyncSession, imports: Sequence[int], options: ReadOptions
) -> Reread | None:
    for job in await session.scalars(select(ImportJob).where(ImportJob.id.in_(imports))):
        before = options_of(job)
        chosen = before.only, before.include_restricted, before.username
        if chosen != (options.only, options.include_restricted, options.username):
            continue
        is_left = is_sent_by(job.id), User.deleted_at.is_(None), is_of_kept_room()
        left = select(func.count()).select_from(Tweet).join(User, User.id == Tweet.user_id)
        if count := await session.scalar(left.where(*is_left)):
            return Reread(job.id, count)
    return None
