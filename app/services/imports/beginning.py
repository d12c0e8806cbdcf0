"""Before a file is stored: its preview, its people who are here already, and its first records,
which decide whether and how it is read; and the limits of reading.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, tzinfo
from functools import partial
from itertools import islice
from tempfile import TemporaryFile
from typing import Final, NamedTuple

import msgspec
from msgspec import structs
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import composed, drop_controls, username_key
from app.config import MIB, Config
from app.db.backend import Sessions, is_among
from app.errors import ImportFileError, LimitReachedError, Message, UnavailableError
from app.formats.assumptions import NEW_ROOM, NotesSummary, ReadNotes, order_of
from app.formats.chats.people import zone_of
from app.formats.post import RoomReference
from app.formats.preview import (
    CHAT_S,
    Preview,
    PreviewedRoom,
    PreviewRequest,
    decoded_preview,
    preview,
)
from app.formats.records import NO_OPTIONS, Item, ReadOptions, Record, RecordStream, username_for
from app.formats.registry import open_records
from app.formats.source.file import Source
from app.models import ROOM_NAME, ImportJob, Room, RoomPerson, User
from app.runtime.processes import limited_memory
from app.runtime.sandbox import LIMIT_S, Sandbox
from app.services.access.accounts import are_guests_here
from app.services.imports.bulk import BATCH, PostIdentity, equal_posts, find_by_keys
from app.services.imports.earlier_reading import READ_BEFORE, imports_of_file
from app.services.imports.jobs import options_of, upload_path
from app.services.imports.known_ids import known_ids
from app.services.imports.looking import FirstReading
from app.services.imports.other_names import OtherNames, find_other_names
from app.services.imports.report import errors_of
from app.services.posts.post_rooms import SourceKey, rooms_of_posts
from app.services.posts.users import NamedUser, named_users
from app.services.rooms.identity import (
    RoomFinder,
    RoomOutline,
    RoomSample,
    UnsettledRoomError,
    outline_of,
)

STALL_S: Final = 600.0
"""Time without progress after which an import is stopped, in seconds."""
WATCH_EVERY_S: Final = 2.0
MOST_MEMORY: Final = 1024 * MIB
"""Bytes for reading a file in addition to the program."""


@contextmanager
def limited_reading(most_memory: int) -> Iterator[None]:
    """Limit the memory for reading a file. Raises LimitReachedError beyond it."""
    try:
        with limited_memory(most_memory):
            yield
    except MemoryError:
        raise LimitReachedError(
            "reading the file takes more than {size} MB of memory", size=most_memory // MIB
        ) from None


def stopped_after(seconds: float) -> Message:
    """Return why an import without progress was stopped."""
    return Message(
        "no progress was made in {minutes} minutes, so the import was stopped",
        minutes=round(seconds / 60),
    )


AS_BEFORE: Message = Message("as in the first import of this chat")


async def begin_reading(
    db: Sessions, source: Source, form: str, records: RecordStream, options: ReadOptions
) -> RecordStream:
    """Return the records of a source, a stored chat's by default in its earlier zone and order of
    dates.

    Raises UnsettledError, UnsettledRoomError.
    """
    first = await asyncio.to_thread(FirstReading.of, records, options)
    async with db.read() as session:
        known = await read_as_before(session, records, first.items, options)
    if known != options:
        source.restart()
        records = await asyncio.to_thread(open_records, source, format=form, options=known)
        if known.timezone and known.timezone != options.timezone:
            records.notes.assume("timezone", known.timezone, evidence=AS_BEFORE)
        if known.dates and known.dates != options.dates:
            records.notes.assume("dates", known.dates, evidence=AS_BEFORE)
        first = await asyncio.to_thread(FirstReading.of, records, known)
    checked = await asyncio.to_thread(first.checked, source, form, known)
    if not first.is_whole:
        await check_rooms(db, source, form, known, checked.notes)
    if first.questions.ids and not options.replace_earlier:
        async with db.read() as session:
            first.questions.note_known(await known_ids(session, first.questions.ids))
    return checked


async def check_rooms(
    db: Sessions, source: Source, form: str, options: ReadOptions, notes: ReadNotes
) -> None:
    """Raise UnsettledRoomError, and note the choices, if a later chat may be one with guests.

    The first records are stored together with the choice of their chats, and later ones are not.
    """
    async with db.read() as session:
        if not await are_guests_here(session):
            return
    finder, noted = RoomFinder(chosen=options.rooms), ReadNotes()
    finder.read = noted
    refused: UnsettledRoomError | None = None
    seen: set[RoomReference] = set()
    with await asyncio.to_thread(source.again) as again:
        records = await asyncio.to_thread(open_records, again, format=form, options=options)
        while (batch := await asyncio.to_thread(_next_of, records)) is not None:
            # A chat is chosen by its messages of the batch in which it comes first.
            rooms: dict[RoomReference, PreviewedRoom] = {}
            for item in batch:
                if isinstance(item, Record) and item.room and item.room not in seen:
                    room = rooms.setdefault(item.room, PreviewedRoom.of(item.room))
                    room.add(item, most_compared=BATCH)
            seen |= rooms.keys()
            if not rooms:
                continue
            async with db.read() as session:
                for reference, room in rooms.items():
                    sample = await _sample(session, room, NO_OPTIONS, lambda time: time)
                    try:
                        await finder.foresee(session, reference, sample)
                    except UnsettledRoomError as error:
                        refused = refused or error
    if refused is not None:
        for part in noted.assumptions:
            notes.assume(
                part.kind, part.value, alternatives=part.alternatives, evidence=part.evidence
            )
        notes.is_room_open = True
        raise refused


def _next_of(records: RecordStream) -> list[Item] | None:
    """Return the next records, None at the end; storing reports a fault, behind those before it."""
    items: list[Item] = []
    with suppress(ImportFileError):
        items.extend(islice(records.items, BATCH))
    return items or None


async def read_as_before(
    session: AsyncSession, records: RecordStream, items: Iterable[Item], options: ReadOptions
) -> ReadOptions:
    """Return the options with the earlier assumptions about the file's chats."""
    assumed = {part.kind for part in records.notes.assumptions}
    is_zone_open = options.timezone is None and "timezone" in assumed
    is_order_open = options.dates is None and "dates" in assumed
    if not (records.is_chat and (is_zone_open or is_order_open)):
        return options
    rooms = await _rooms_of(session, items)
    query = select(Room.tz, Room.date_order).where(Room.id.in_(rooms))
    rows = (await session.execute(query)).all()
    zones = {tz for tz, _ in rows if tz}
    orders = {order for _, name in rows if name and (order := order_of(name))}
    if is_zone_open and len(zones) == 1:
        options = structs.replace(options, timezone=zones.pop())
    if is_order_open and len(orders) == 1:
        options = structs.replace(options, dates=orders.pop())
    return options


async def _rooms_of(session: AsyncSession, items: Iterable[Item]) -> set[int]:
    keys: dict[RoomReference, set[str]] = defaultdict(set)
    for item in items:
        if isinstance(item, Record) and item.room is not None and item.username:
            keys[item.room].add(username_key(item.username))
    authors = await find_by_keys(session, set().union(*keys.values()))
    people = {
        room: {authors[key].id: authors[key].username for key in of_room if key in authors}
        for room, of_room in keys.items()
    }
    return await known_rooms(session, people)


class PersonHere(NamedTuple):
    """A stored author with posts, none of them in the file's chat."""

    platform: str
    posts: int
    messages: int
    rooms: int
    room: str | None

    @property
    def is_another(self) -> bool:
        return self.platform != "local"


async def people_here(
    session: AsyncSession, preview: Preview, options: ReadOptions
) -> dict[str | None, PersonHere]:
    """Return stored authors outside of the file's chat with a person's name, by the file's
    usernames.

    `options` has other proposed names.
    """
    names: dict[str | None, str] = {}
    for username in (speaker.username for speaker in preview.speakers):
        if name := options.rename.get(username or "", username or options.username):
            names[username] = username_key(username_for(name))
    people = await named_users(session, names.values())
    if not people:
        return {}
    rooms = await _known_rooms(session, preview, people)
    here = await _people_outside(session, rooms, [person.id for person in people.values()])
    return {username: here[key] for username, key in names.items() if key in here}


async def other_names(
    session: AsyncSession, preview: Preview, zone: str | None
) -> OtherNames | None:
    """Return the stored chat that the file repeats under other names, if there is one.

    zone: the time zone of an earlier import, which the preview did not use.
    """
    return await find_other_names(session, preview, _moved(preview, zone))


async def zone_before(session: AsyncSession, preview: Preview) -> str | None:
    names = [username_for(speaker.username) for speaker in preview.speakers if speaker.username]
    people = await named_users(session, map(username_key, names))
    rooms = await _known_rooms(session, preview, people)
    query = select(Room.tz).where(Room.id.in_(rooms), Room.tz.is_not(None)).distinct().limit(2)
    zones = list(await session.scalars(query))
    return zones[0] if len(zones) == 1 else None


async def _known_rooms(
    session: AsyncSession, preview: Preview, people: Mapping[str, NamedUser]
) -> set[int]:
    names = {person.id: person.username for person in people.values()}
    files = (room.file for room in preview.rooms if room.file is not None)
    return await known_rooms(session, dict.fromkeys(files, names))


async def known_rooms(
    session: AsyncSession, people: Mapping[RoomReference, Mapping[int, str]]
) -> set[int]:
    """Return the stored rooms that an import would recognise, by their people's names."""
    finder = RoomFinder()
    rooms = [await finder.known(session, room, names) for room, names in people.items()]
    return {room_id for room_id in rooms if room_id is not None}


class RoomChoice(NamedTuple):
    """A chat of the file that may be a chat here, since title and people are alike."""

    title: str
    room: RoomOutline


async def room_choices(
    session: AsyncSession, preview: Preview, options: ReadOptions, zone: str | None
) -> list[RoomChoice]:
    """Return the chats of a file that nothing but title and people leads into a chat here.

    options: also names. zone: the time zone of an earlier import, which the preview did not use.
    """
    finder = RoomFinder()
    choices: list[RoomChoice] = []
    for room in preview.rooms:
        sample = await _sample(session, room, options, _moved(preview, zone))
        proposal = await finder.propose(session, room.reference, sample)
        if proposal is not None and not proposal.is_proven:
            outline = await outline_of(session, proposal.room_id)
            choices.append(RoomChoice(room.reference.name, outline))
    return choices


def with_rooms(
    notes: NotesSummary, choices: Iterable[RoomChoice], options: ReadOptions
) -> NotesSummary:
    """Return a preview's notes with the chats that nobody has chosen yet."""
    read = ReadNotes()
    for choice in choices:
        if not {str(choice.room.id), NEW_ROOM} & {*options.rooms}:
            choice.room.note(read)
    unsettled = notes.unsettled or ("room" if read.is_room_open else None)
    assumptions = (*notes.assumptions, *read.assumptions)
    return structs.replace(notes, assumptions=assumptions, unsettled=unsettled)


def _moved(preview: Preview, zone: str | None) -> Callable[[datetime | None], datetime | None]:
    """Return a function that reads a time of the preview in another time zone."""
    assumed = [part.value for part in preview.notes.assumptions if part.kind == "timezone"]
    if zone is None or not assumed:
        return lambda time: time
    before: tzinfo | None = None  # The machine's, whose clock may have no name.
    with suppress(ValueError):
        before = zone_of(assumed[0])
    after = zone_of(zone)
    return lambda time: time and time.astimezone(before).replace(tzinfo=after).astimezone(UTC)


async def _sample(
    session: AsyncSession,
    room: PreviewedRoom,
    options: ReadOptions,
    moved: Callable[[datetime | None], datetime | None],
) -> RoomSample:
    """Return the people of a file's chat, and its messages that are here."""
    keys = {
        name: username_key(username_for(options.rename.get(name, name))) for name in room.people
    }
    authors = await find_by_keys(session, keys.values())
    sample = RoomSample({author.id: author.username for author in authors.values()})
    # The others count among its people, of whom half decide.
    for number, name in enumerate(name for name, key in keys.items() if key not in authors):
        sample.names[-1 - number] = name
    identities: set[PostIdentity] = set()
    source_keys: list[SourceKey] = []
    for message in room.messages:
        author = authors.get(keys.get(message.username, ""))
        if author is None:
            continue
        if message.source_id is not None:
            source_keys.append((author.id, message.source_id))
        elif text := composed(drop_controls(message.text)):
            identities.add((author.id, moved(message.created_at), text))
    for (user_id, _, _), posts in (await equal_posts(session, identities)).items():
        sample.add_equal(user_id, (post.room_id for post in posts))
    for user_id, room_id in await rooms_of_posts(session, source_keys):
        sample.add_equal(user_id, [room_id])
    return sample


async def _people_outside(
    session: AsyncSession, room_ids: Collection[int], user_ids: Collection[int]
) -> dict[str, PersonHere]:
    person_id = RoomPerson.user_id
    ranks = func.row_number().over(
        partition_by=person_id, order_by=(RoomPerson.messages.desc(), RoomPerson.room_id)
    )
    ranked = (
        select(person_id, RoomPerson.room_id, ranks.label("rank"))
        .add_columns(func.sum(RoomPerson.messages).over(partition_by=person_id).label("messages"))
        .add_columns(func.count().over(partition_by=person_id).label("rooms"))
        .where(is_among(session, person_id, user_ids), RoomPerson.messages > 0)
        .subquery()
    )
    inside = select(person_id).where(RoomPerson.room_id.in_(room_ids), RoomPerson.messages > 0)
    query = (
        select(User.username_key, User.platform, User.tweet_count)
        .add_columns(func.coalesce(ranked.c.messages, 0), func.coalesce(ranked.c.rooms, 0))
        .add_columns(ROOM_NAME)
        .outerjoin(ranked, (ranked.c.user_id == User.id) & (ranked.c.rank == 1))
        .outerjoin(Room, Room.id == ranked.c.room_id)
        .where(is_among(session, User.id, user_ids), User.tweet_count > 0, User.id.not_in(inside))
    )
    rows = await session.execute(query)
    return {row[0]: PersonHere(row[1], row[2], int(row[3]), *row[4:]) for row in rows}


class Previewer:
    def __init__(
        self,
        config: Config,
        *,
        limit_s: float = LIMIT_S,
        chat_s: float = CHAT_S,
        most_s: float = 45.0,
    ) -> None:
        self._config = config
        self._most_s = most_s
        """Time limit of a preview, with the wait for the previous one."""
        self.chat_s = chat_s
        self._sandboxes: defaultdict[int, Sandbox] = defaultdict(partial(Sandbox, limit_s))

    async def look(
        self, job: ImportJob, options: ReadOptions, *, operator_id: int, form: str = "auto"
    ) -> Preview:
        """Return the preview of an upload as the format `form`; cancelling ends the process.

        Raises ReadError at a limit of time or memory, UnavailableError while the operator's
        previous preview runs.
        """
        request = PreviewRequest(
            path=str(upload_path(self._config.data_dir, job.spool)),
            name=job.file_name,
            options=options,
            limit_bytes=self._config.max_import_bytes,
            chat_s=self.chat_s,
            format=form,
        )
        return decoded_preview(await self.read(preview, request, operator_id))

    async def read(
        self,
        function: Callable[[bytes], Iterator[object]],
        request: msgspec.Struct,
        operator_id: int,
    ) -> bytes:
        """Return the line that the function yields for the request."""
        sandbox = self._sandboxes[operator_id]
        with TemporaryFile() as body:
            body.write(msgspec.json.encode(request))
            body.flush()
            try:
                async with asyncio.timeout(self._most_s), sandbox.read(function, body) as lines:
                    return lines.readline()
            except TimeoutError:
                raise UnavailableError(
                    "Another file that you uploaded is being read. Reload the page in a moment."
                ) from None


async def may_be_read_before(session: AsyncSession, preview: Preview) -> bool:
    """Return whether the file of a preview, or of a recent import, was imported before."""
    newest = select(ImportJob).where(ImportJob.finished_at.is_not(None))
    jobs = await session.scalars(newest.order_by(ImportJob.id.desc()).limit(5))
    details = [fault.detail for recent in jobs for fault in errors_of(recent)]
    is_said = any(
        isinstance(detail, Message) and detail.template in READ_BEFORE for detail in details
    )
    return is_said or bool(await imports_of_file(session, preview.digest))


async def earlier_options(session: AsyncSession, preview: Preview) -> ReadOptions:
    if preview.is_chat:
        people = {speaker.username for speaker in preview.speakers}
        query = select(ImportJob).where(
            ImportJob.format == preview.format, ImportJob.state != "uploaded"
        )
        newest = query.order_by(ImportJob.id.desc()).limit(100)
        for options in map(options_of, await session.scalars(newest)):
            chosen = {*options.only, *options.rename} - {options.username}
            if chosen and chosen <= people:
                return options
    return NO_OPTIONS
