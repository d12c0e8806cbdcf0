"""What of a file is stored already: its bytes, and its chats by the sequences of their texts,
whatever names, zone and precision.

A stored chat goes on in its room, with the names that it has there. If its times are those of
another time zone, somebody must say which are right.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from msgspec import structs
from sqlalchemy import ColumnElement, and_, false, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Readable, backend_of, is_among
from app.errors import FileError, Message, QuestionError
from app.models import KEPT_ROOM_ID, ImportJob, Room, RoomPerson, Tweet, User
from app.services.compare.stored_texts import rooms_with
from app.services.imports.job_report import Seen
from app.services.imports.jobs import options_of
from app.services.imports.options import ImportOptions
from app.services.imports.undo import ReplacedImports, find_replaced, imports_of_file
from app.services.posts.meetings import is_of_undone, is_sent_by
from app.services.posts.post_rooms import IS_KEPT, is_of_kept_room
from app.services.posts.users import find_by_keys
from app.services.rooms import identification
from app.services.rooms.changes import move_times, reread
from app.services.rooms.identification import MatchedChat, StoredChat, read_stored
from saywho.copies import Copies, Placing, placed
from saywho.formats.assumptions import NEW_ROOM, NotesSummary, ReadNotes, order_of
from saywho.formats.chats.people import zone_of
from saywho.formats.doubts.questions import SeenId
from saywho.formats.file_chats import FileChat
from saywho.formats.post import RoomReference
from saywho.formats.reading import username_for
from saywho.formats.records import ChatMove, FileRoom, Item, RecordStream
from saywho.formats.tally import Doubt, Sightings
from saywho.people.same_chat import UNKNOWN, Agreement, Numbers, agreement
from saywho.preview import Preview
from saywho.text import username_key

_SEARCHED: Final = 8
"""Texts of a chat that are looked up in the word index."""
_MOST_ROOMS: Final = 3
"""Stored chats, by people and by texts, that are compared with a chat."""
_FEWEST_RENAMED: Final = 6
"""Equal texts of a chat whose title or people are stored with other names."""
_FEWEST_OF_STRANGERS: Final = 12
"""Equal texts of a chat whose title and people nobody has, or that has an ID of its app."""


@dataclass(slots=True)
class ChatMatch:
    """A chat of a file, and the stored chat that it is, if any."""

    chat: FileChat
    people: dict[int, str]
    """Names by ids of authors; ids below 0 for who is not stored."""
    authors: list[int | None]
    """Ids of its people, None for who is not stored."""
    same: MatchedChat | None = None
    decision: identification.RoomDecision = identification.NEW_CHAT

    def evidence(self, only: int | None) -> identification.Evidence:
        """Return what the chat is known by; `only`: the chat of an import that it replaces."""
        if self.same is None:
            return identification.Evidence(self.people, only)
        is_mostly_stored = 2 * self.same.found.known >= len(self.chat.messages.texts)
        return identification.Evidence(
            self.people, self.same.stored.id, self.same.is_moved, is_mostly_stored
        )

    @property
    def new_times(self) -> Numbers:
        """Times of the messages that are not stored."""
        if self.same is None:
            return self.chat.messages.times
        return self.same.chat.messages.times[self.same.found.places < 0]

    async def names(self, session: AsyncSession, found: Agreement) -> dict[str, str]:
        """Return the stored usernames of people who have other names in the file."""
        others = {
            person: user for person, user in found.people.items() if self.authors[person] != user
        }
        users = select(User.id, User.username).where(is_among(session, User.id, {*others.values()}))
        names = {row.id: row.username for row in await session.execute(users)}
        pairs = ((self.chat.people[person], user) for person, user in others.items())
        return {name: names[user] for name, user in pairs if user in names}


def _read_like(chat: FileChat, zone: str | None, stored: str | None) -> FileChat:
    """Return a chat with its times in the time zone of a stored chat, if both are known."""
    if not (zone and stored) or zone == stored:
        return chat
    times = reread(chat.messages.times, zone_of(zone), zone_of(stored))
    return structs.replace(chat, times=times.tobytes())


async def with_people(session: AsyncSession, chat: FileChat, options: ImportOptions) -> ChatMatch:
    """Return a chat with those of its people who are stored."""
    called = [username_for(options.rename.get(name, name)) for name in chat.people]
    keys = [username_key(name) for name in called]
    stored = await find_by_keys(session, keys)
    authors = [stored[key].id if key in stored else None for key in keys]
    people = {stored[key].id: stored[key].username for key in keys if key in stored}
    # The others count among its people, of whom half decide.
    people |= {-1 - n: name for n, name in enumerate(called) if authors[n] is None}
    return ChatMatch(chat, people, authors)


async def proposed(session: AsyncSession, match: ChatMatch) -> int | None:
    """Return the stored chat that the app's ID, or title and people lead to."""
    by_id = await identification.room_of_id(session, match.chat.reference)
    return by_id or await identification.room_of_people(session, match.chat.reference, match.people)


class _Comparing(NamedTuple):
    """Comparing chats of a file with stored chats."""

    session: AsyncSession
    options: ImportOptions
    is_replaced: ColumnElement[bool]
    """Condition on stored messages that do not count."""
    zone: str | None
    """See `find_match`."""

    async def match(self, chat: FileChat, *, is_only: bool, is_searched: bool) -> ChatMatch:
        """Compare a chat.

        is_only: whether the file has no other one, so that chosen chats are meant for it.
        is_searched: whether texts alone may lead to a stored chat.
        """
        match = await with_people(self.session, chat, self.options)
        total = len(chat.messages.texts)
        if not (total and await self.session.scalar(select(Room.id).limit(1))):
            return match
        candidates = await _chosen(self.session, self.options)
        is_settled = is_only and bool(candidates)
        if not is_settled:
            candidates = await _candidates(self.session, match) | candidates
        for room_id, fewest in candidates.items():
            await self._compare(match, room_id, fewest)
        known = match.same.found.known if match.same is not None else 0
        if is_searched and not is_settled and 2 * known < total:
            of_texts = await rooms_with(self.session, chat.samples[:_SEARCHED])
            for room_id, _ in of_texts.most_common(_MOST_ROOMS):
                if room_id not in candidates:
                    await self._compare(match, room_id, _FEWEST_OF_STRANGERS)
        return match

    async def _compare(self, match: ChatMatch, room_id: int, fewest: int) -> None:
        """Note a stored chat if it has the messages, and more of them than another one.

        fewest: equal texts that it needs.
        """
        stored = await read_stored(self.session, room_id, self.is_replaced)
        chat = await asyncio.to_thread(_read_like, match.chat, self.zone, stored.tz)
        found = await asyncio.to_thread(agreement, chat.messages, stored.messages)
        same = MatchedChat(chat, stored, found, await match.names(self.session, found))
        is_another = NEW_ROOM in self.options.rooms and str(room_id) not in self.options.rooms
        if (
            same.is_moved
            and is_another
            and await identification.room_of_id(self.session, chat.reference) is None
        ):
            return
        is_enough = found.texts >= max(fewest, _FEWEST_RENAMED if same.names else 1)
        is_best = match.same is None or found.known > match.same.found.known
        # Where title and people lead, one message of the same time proves it.
        is_same = found.is_same if fewest or same.is_moved else found.is_alike
        if is_same and is_enough and is_best:
            match.same = same


async def _chosen(session: AsyncSession, options: ImportOptions) -> dict[int, int]:
    chosen = [int(room) for room in options.rooms if room != NEW_ROOM]
    stored = select(KEPT_ROOM_ID).where(Room.id.in_(chosen), IS_KEPT)
    return dict.fromkeys(await session.scalars(stored), 1) if chosen else {}


async def _candidates(session: AsyncSession, match: ChatMatch) -> dict[int, int]:
    """Return stored chats by id, title or people, and the fewest equal texts of each."""
    reference = match.chat.reference
    close = [*filter(None, [await proposed(session, match)])]
    titled = (await identification.rooms_of_title(session, reference))[:_MOST_ROOMS]
    stored, shared = [*filter(None, match.authors)], func.count()
    alike = (
        select(RoomPerson.room_id)
        .where(is_among(session, RoomPerson.user_id, stored), RoomPerson.messages > 0)
        .group_by(RoomPerson.room_id)
        .having(2 * shared >= len(match.people))
        .order_by(shared.desc(), RoomPerson.room_id)
    )
    of_people = list(await session.scalars(alike.limit(_MOST_ROOMS))) if stored else []
    # The app may tell two chats of the same people apart.
    has_id = isinstance(reference, FileRoom) and reference.external_id is not None
    fewest = _FEWEST_OF_STRANGERS if has_id else _FEWEST_RENAMED
    return dict.fromkeys(of_people, fewest) | dict.fromkeys(titled, 1) | dict.fromkeys(close, 0)


_MOST_SEARCHED: Final = 50
"""Chats of a file whose texts are looked up in the word index."""
AS_BEFORE: Final = Message("as in the first import of this chat")
SAME_MESSAGES: Final = Message("these messages are here under the second name")


class UnsettledTimesError(QuestionError):
    """The messages of a file are stored with the times of another zone."""


class ReadBeforeError(FileError):
    """The posts of a file are stored, but were read differently."""


READ_BEFORE: Final = Message(
    "this file was read differently before (import {number}): its posts are here with other times,"
    " names or texts, so nothing is stored. Import the file again and choose to replace that import"
    " (--replace {number}; --room new makes another chat)"
)


class RepeatedImport(NamedTuple):
    """An import of the same bytes."""

    id: int
    posts: int
    """Its posts that are stored."""

    def check(self, known: int, read: int) -> None:
        """Raise ReadBeforeError if under half of the posts are among those that were read."""
        if 2 * known < min(self.posts, read):
            raise ReadBeforeError(READ_BEFORE.template, number=self.id)


@dataclass(slots=True)
class FileMatch:
    """The part of a file that is stored: one value for page, command and API."""

    imports: Sequence[int] = ()
    """Imports of the same bytes, the newest first."""
    chats: Mapping[RoomReference, ChatMatch] = field(default_factory=dict)
    reread: RepeatedImport | None = None
    """Import of the same bytes and people that has posts."""
    replaced: ReplacedImports | None = None
    """The import that the file replaces."""
    copies: Copies | None = None
    """The exports of one chat that the file has beside each other."""

    @property
    def same(self) -> list[MatchedChat]:
        return [match.same for match in self.chats.values() if match.same is not None]

    @property
    def is_same(self) -> bool:
        """Whether messages alone, without title and people, prove a stored chat."""
        return any(same.found.is_same for same in self.same)

    @property
    def moved(self) -> list[MatchedChat]:
        """The chats that are stored with other times."""
        return [same for same in self.same if same.found.shifted is not None]

    @property
    def decisions(self) -> dict[RoomReference, identification.RoomDecision]:
        return {reference: match.decision for reference, match in self.chats.items()}

    @property
    def shift(self) -> Message | None:
        """By how much a file's times are later or earlier than the stored ones."""
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
        """Stored chats with other times or names, which somebody may call others."""
        return [same.stored for same in self.same if same.is_moved]

    @property
    def may_be_another(self) -> bool:
        """Whether somebody may say that a stored chat is another one."""
        return not any(match.decision.is_by_id for match in self.chats.values() if match.same)

    @property
    def rooms(self) -> list[identification.SimilarRoom]:
        """Stored chats that the file's are, or may be, though nothing proves it."""
        return [each.asked for each in self.decisions.values() if each.asked is not None]

    @property
    def seen(self) -> Seen:
        """Texts of answers and pages."""
        total = sum(len(match.chat.messages.texts) for match in self.chats.values())
        known = sum(same.found.known for same in self.same)
        new = [time for match in self.chats.values() for time in match.new_times[:1].tolist()]
        new = [time for time in new if known and time != UNKNOWN]
        rooms = {same.stored.id for same in self.same}
        zones = {same.stored.tz for same in self.same}
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

    def open_rooms(self, chosen: Collection[str]) -> list[identification.SimilarRoom]:
        """Return the chats that nobody has chosen; `chosen` has chats as in `ImportOptions`."""
        if NEW_ROOM in chosen or len(chosen) == len(self.chats) == 1:
            return []
        rooms = (room for room in self.rooms if room.guests is not None or not room.is_same)
        return [room for room in rooms if str(room.id) not in chosen]

    def check(self, options: ImportOptions, notes: ReadNotes) -> None:
        """Note the stored chats, names and zone. Raises UnsettledRoomError, and UnsettledTimesError
        if nobody has said which times are right.
        """
        for room in self.rooms:
            if room.guests is not None:
                room.note(notes)
        for reference, decision in self.decisions.items():
            # The names of chats that a file only names are those of their authors' chats.
            if options.rooms or not identification.is_only_named(reference) or decision.is_guarded:
                decision.note(notes)
        for old, new in self.renamed.items():
            notes.assume("person", f"{old}, {new}", evidence=SAME_MESSAGES)
        if not self.moved or options.times is not None:
            return
        stored = self.moved[0].stored
        if is_zone_open(options, notes):
            notes.assume("timezone", stored.tz or "", evidence=AS_BEFORE)
            return
        if not self.may_be_another:
            raise UnsettledTimesError(
                "chat {number} here has these messages with other times ({shift}), so nothing is"
                " stored. Import the file again and say which times are right (--times file gives"
                " the file's times to the messages here, --times here keeps them)",
                number=stored.id,
                shift=self.shift,
            )
        raise UnsettledTimesError(
            "chat {number} here has these messages with other times ({shift}), so "
            "nothing is stored. Import the file again and say which times are right "
            "(--times file gives the file's times to the messages here, --times here "
            "keeps them; --room new makes another chat)",
            number=stored.id,
            shift=self.shift,
        )

    async def move(self, session: AsyncSession, options: ImportOptions, zone: str | None) -> None:
        """Give the stored messages the times of the file, if these are right."""
        for same in self.moved if options.times == "file" else ():
            await move_times(session, same.stored.id, same.steps(zone), zone)

    def placed(
        self, items: Iterator[Item], options: ImportOptions, zone: str | None
    ) -> Iterator[Item]:
        """Yield the items with the names and times that are stored after `move`."""
        is_right = options.times == "file"
        plans = {
            reference: Placing(
                match.same.found.places >= 0,
                match.same.found.shifts * (not is_right),
                match.same.names,
                match.same.times(zone, is_file_right=is_right),
            )
            for reference, match in self.chats.items()
            if match.same is not None and match.same.is_changed
        }
        return placed(items, plans) if plans else items

    def kept(self, moves: Iterable[ChatMove], options: ImportOptions) -> Iterator[ChatMove]:
        """Yield who came and left by the names here, where the times of the file are those here."""
        names, others = self.renamed, {same.chat.reference for same in self.moved}
        for move in moves if self.copies is None else self.copies.moves(moves):
            if options.times == "file" or move.room not in others:
                yield move._replace(username=names.get(move.username, move.username))


NOTHING: Final = FileMatch()


def is_zone_open(options: ImportOptions, notes: ReadNotes | NotesSummary) -> bool:
    """Return whether neither file nor user has said in which zone its times are."""
    is_assumed = any(part.kind == "timezone" for part in notes.assumptions)
    return options.timezone is None and is_assumed


async def find_match(
    db: Readable,
    chats: Sequence[FileChat],
    options: ImportOptions,
    digest: bytes | None,
    zone: str | None = None,
) -> FileMatch:
    """Compare a file with what is stored; `digest` is of its bytes. Raises as `find_replaced`, and
    FileError for chosen chats that do not fit.

    zone: if the file is to be read in the time zone of the stored chat, the one in which it was
    read.
    """
    async with db.read() as session:
        same = await imports_of_file(session, digest)
        replaced = await find_replaced(session, options.replace, same)
        match = FileMatch(same, replaced=replaced)
        is_replaced = await is_of_undone(session, replaced.ids) if replaced else false()
        comparing = _Comparing(session, options, is_replaced, zone)
        matches = [
            await comparing.match(chat, is_only=len(chats) == 1, is_searched=n < _MOST_SEARCHED)
            for n, chat in enumerate(chats)
        ]
        match.chats = {each.chat.reference: each for each in matches}
        only = None
        if replaced is None and NEW_ROOM not in options.rooms:
            match.reread = await _reread(session, same, options)
        elif replaced is not None and {*replaced.ids} & {*same} and len(matches) == 1:
            only = await _only_room(session, replaced.ids)
        finder = identification.RoomFinder(chosen=options.rooms)
        for reference, each in match.chats.items():
            evidence = each.evidence(only)
            is_only = len(matches) == 1
            each.decision = await finder.decide(session, reference, evidence, is_only=is_only)
    return match


async def _only_room(session: AsyncSession, job_ids: Sequence[int]) -> int | None:
    of_imports = is_sent_by(*job_ids), is_of_kept_room(), Tweet.room_id.is_not(None)
    rooms = await session.scalars(select(Tweet.room_id).where(*of_imports).distinct().limit(2))
    found = rooms.all()
    return found[0] if len(found) == 1 else None


async def _reread(
    session: AsyncSession, imports: Sequence[int], options: ImportOptions
) -> RepeatedImport | None:
    for job in await session.scalars(select(ImportJob).where(ImportJob.id.in_(imports))):
        before = options_of(job)
        chosen = before.only, before.include_restricted, before.username
        if chosen != (options.only, options.include_restricted, options.username):
            continue
        is_left = is_sent_by(job.id), User.deleted_at.is_(None), is_of_kept_room()
        left = select(func.count()).select_from(Tweet).join(User, User.id == Tweet.user_id)
        if count := await session.scalar(left.where(*is_left)):
            return RepeatedImport(job.id, count)
    return None


AsBefore = Literal["timezone", "dates"]
READ_AS_BEFORE: Final[tuple[AsBefore, ...]] = ("timezone", "dates")
"""What a file leaves open and an earlier import of its chat has decided."""


async def read_before(
    session: AsyncSession,
    read: RecordStream | Preview,
    chats: Iterable[FileChat],
    options: ImportOptions,
) -> dict[AsBefore, Any]:
    """Return the earlier assumptions about what a file of chats and the options leave open."""
    assumed = {part.kind for part in read.notes.assumptions}
    is_open = [kind for kind in READ_AS_BEFORE if kind in assumed and not getattr(options, kind)]
    if not (read.is_chat and is_open):
        return {}
    rooms = set[int]()
    for chat in chats:
        rooms |= {await proposed(session, await with_people(session, chat, options)) or 0}
    query = select(Room.tz, Room.date_order).where(Room.id.in_(rooms))
    rows = (await session.execute(query)).all()
    stored: dict[AsBefore, set[Any]] = {
        "timezone": {zone for zone, _ in rows if zone},
        "dates": {order for _, name in rows if name and (order := order_of(name))},
    }
    return {kind: stored[kind].pop() for kind in is_open if len(stored[kind]) == 1}


KNOWN: Final = Message("Posts with an id that is here with other words")
_FEWEST: Final = 2
_SHORT: Final = 8
"""Letters from which a text within another is no coincidence."""


async def known_ids(
    session: AsyncSession, ids: Sequence[SeenId], names: Mapping[str, str | None] | None = None
) -> Doubt | None:
    """Return a doubt if over half of these posts are stored by their ids alone, with other texts.

    names: other names of people, by their usernames in the file.
    """
    keys = {name: (names or {}).get(name) or name for name, _, _ in ids}
    keys = {name: username_key(username_for(called)) for name, called in keys.items() if called}
    authors = await find_by_keys(session, {*keys.values()})
    texts = {
        (authors[key].id, source_id): text
        for name, source_id, text in ids
        if (key := keys.get(name)) in authors
    }
    if 2 * len(texts) <= len(ids):
        return None
    tally, people = Sightings("known", KNOWN), set()
    listed = backend_of(session).listed([*texts], Tweet.user_id, Tweet.source_id)
    is_listed = and_(Tweet.user_id == listed.c.user_id, Tweet.source_id == listed.c.source_id)
    query = select(listed.c.user_id, listed.c.source_id, Tweet.text).join(Tweet, is_listed)
    for user_id, source_id, stored in await session.execute(query.where(is_of_kept_room())):
        text = texts[user_id, source_id]
        if not _is_alike(text, stored):
            tally.add(text)
            people.add(user_id)
    if tally.count < _FEWEST or 2 * tally.count <= len(ids):
        return None
    imported = select(Tweet.id).where(
        is_among(session, Tweet.user_id, people), Tweet.import_id.is_not(None)
    )
    is_first = await session.scalar(imported.limit(1)) is None
    return tally.doubt(is_grave=is_first)


def _is_alike(beginning: str, stored: str) -> bool:
    """Return whether two texts may be readings of the same text: one was cut, or had markup."""
    short, long = sorted((_plain(beginning), _plain(stored)), key=len)
    return short == long or (len(short) >= _SHORT and short in long)


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
