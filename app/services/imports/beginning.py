"""Before a file is stored: its preview, its people who are here already, and its first records,
which decide whether and how it is read; and the limits of reading.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from tempfile import TemporaryFile
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import structs
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.db.backend import Readable, Sessions, backend_of, is_among
from app.errors import LimitReachedError, Message, UnavailableError
from app.models import ROOM_NAME, ImportJob, Room, RoomPerson, Tweet, User
from app.runtime.sandbox import LIMIT_S, Sandbox
from app.services.access.accounts import are_guests_here
from app.services.imports.bulk import find_by_keys
from app.services.imports.jobs import options_of, upload_path
from app.services.imports.reading import FirstReading
from app.services.imports.seen import (
    AS_BEFORE,
    FileMatch,
    find_match,
    is_zone_open,
    proposed,
    with_people,
)
from app.services.imports.undo import Replaced, find_replaced
from app.services.posts.post_rooms import is_of_kept_room
from app.services.posts.users import find_own, is_own_chosen
from saywho.formats.assumptions import Assumption, NotesSummary, ReadNotes, order_of
from saywho.formats.chats.people import zone_of
from saywho.formats.doubts.questions import SeenId
from saywho.formats.file_chats import FileChat
from saywho.formats.preview import CHAT_S, Preview, PreviewRequest, decoded_preview, preview
from saywho.formats.reading import username_for
from saywho.formats.records import NO_OPTIONS, SAME_FILE, ReadOptions, RecordStream
from saywho.formats.registry import FileReading, open_records
from saywho.formats.source.file import Source
from saywho.formats.tally import Doubt, Sightings
from saywho.processes import limited_memory
from saywho.sizes import MIB
from saywho.text import username_key

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


AsBefore = Literal["timezone", "dates"]
READ_AS_BEFORE: Final[tuple[AsBefore, ...]] = ("timezone", "dates")
"""What a file leaves open and an earlier import of its chat has decided."""


async def begin_reading(
    db: Sessions, source: Source, read: FileReading
) -> tuple[RecordStream, FileMatch]:
    """Return the records of a source, with the names and times that they have here, and what of
    them is here. A stored chat's are by default read in its earlier zone and order of dates.

    Raises UnsettledError, UnsettledRoomError, ReadBeforeError.
    """
    records, options = read.records, read.options
    first = await asyncio.to_thread(FirstReading, records, source, options)
    named = structs.replace(options, rename={})
    async with db.read() as session:
        before = await read_before(session, records, first.questions.chats.found, named)
        has_guests = await are_guests_here(session)
    if before:
        source.restart()
        again = structs.replace(options, **before)
        records = await asyncio.to_thread(open_records, source, format=read.form, options=again)
        for kind, value in before.items():
            records.notes.assume(kind, value, evidence=AS_BEFORE)
        first = await asyncio.to_thread(FirstReading, records, source, again)
    checked = await asyncio.to_thread(first.checked)
    chats = await asyncio.to_thread(first.chats, read.form, has_guests=has_guests)
    look = await find_match(db, chats, named, read.digest)
    look.check(options, checked.notes)
    if first.questions.ids and look.replaced is None:
        async with db.read() as session:
            first.questions.note_known(await known_ids(session, first.questions.ids))
    placed = look.placed(checked.items, options, checked.notes.zone)
    return replace(checked, items=placed), look


async def read_before(
    session: AsyncSession,
    read: RecordStream | Preview,
    chats: Iterable[FileChat],
    options: ReadOptions,
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
    here: dict[AsBefore, set[Any]] = {
        "timezone": {zone for zone, _ in rows if zone},
        "dates": {order for _, name in rows if name and (order := order_of(name))},
    }
    return {kind: here[kind].pop() for kind in is_open if len(here[kind]) == 1}


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


async def _people_here(
    session: AsyncSession, names: Mapping[str | None, str], rooms: Collection[int]
) -> dict[str | None, PersonHere]:
    """Return authors with posts, but without messages in these chats, by the file's usernames.

    names: keys of authors by usernames of the file.
    """
    is_in = (RoomPerson.user_id == User.id) & (RoomPerson.messages > 0)
    query = (
        select(User.username_key, User.platform, User.tweet_count)
        .add_columns(RoomPerson.room_id, RoomPerson.messages, ROOM_NAME)
        .outerjoin(RoomPerson, is_in)
        .outerjoin(Room, Room.id == RoomPerson.room_id)
        .where(is_among(session, User.username_key, {*names.values()}), User.tweet_count > 0)
        .order_by(RoomPerson.messages.desc(), RoomPerson.room_id)
    )
    here: dict[str, PersonHere] = {}
    inside: set[str] = set()
    for key, platform, posts, room_id, messages, name in await session.execute(query):
        person = here.setdefault(key, PersonHere(platform, posts, 0, 0, name))
        if room_id is not None:
            total = person.messages + messages
            here[key] = person._replace(messages=total, rooms=person.rooms + 1)
            inside |= {key} if room_id in rooms else set()
    outside = here.keys() - inside
    return {username: here[key] for username, key in names.items() if key in outside}


class UploadLook(NamedTuple):
    """What of an upload is here, and what its preview proposes."""

    preview: Preview
    look: FileMatch
    earlier: ReadOptions
    """People who were chosen before, with the names that they have here."""
    here: dict[str | None, PersonHere]
    """Other authors with the name of a person in the chat, by the username there."""
    zone: str | None
    """Time zone of the chat here, if the file's is open."""
    replaced: Replaced | None
    """The import that the file can replace."""
    own: str | None
    """The author of the site's own archive."""
    asks_whose: bool
    """Whether to ask if the file of one account is the operator's own."""


def zone_of_reading(notes: NotesSummary) -> str:
    """Return the zone in which the times were read if the file names none; empty otherwise."""
    for part in notes.assumptions:
        if part.kind == "timezone":
            with suppress(ValueError):
                return part.value if zone_of(part.value) else ""
    return ""


async def look_at_upload(
    db: Readable,
    previewer: "Previewer",
    job: ImportJob,
    options: ReadOptions,
    *,
    operator_id: int,
    form: str,
) -> UploadLook:
    """Preview an upload, and compare it with what is here. Raises as `Previewer.look`."""
    see = partial(previewer.look, job, operator_id=operator_id, form=form)
    preview = await see(options)
    async with db.read() as session:
        has_people = options.only or options.rename
        earlier = options if has_people else await earlier_options(session, preview)
        named = structs.replace(options, rename=earlier.rename, rooms=(), replace=None)
        before = await read_before(session, preview, preview.chats, named)
    if (dates := before.get("dates")) is not None:  # The import will read them so, too.
        preview = await see(structs.replace(options, dates=dates))
        as_before = Assumption("dates", dates, evidence=AS_BEFORE)
        notes = preview.notes
        preview.notes = structs.replace(notes, assumptions=(as_before, *notes.assumptions))
    # The import will read the file in the chat's zone, so that its times may be others.
    is_open = is_zone_open(options, preview.notes)
    read_zone = zone_of_reading(preview.notes) if is_open else None
    look = await find_match(db, preview.chats, named, preview.digest, read_zone)
    earlier = structs.replace(earlier, rename={**look.renamed, **earlier.rename})
    zone = look.seen.zone if is_open else None
    rooms = {each.room_id for each in look.decisions.values() if each.room_id is not None}
    async with db.read() as session:
        called = {
            name: earlier.rename.get(name or "", name or earlier.username or options.username)
            for name in (speaker.username for speaker in preview.speakers)
        }
        keys = {name: username_key(username_for(new)) for name, new in called.items() if new}
        here = await _people_here(session, keys, rooms)
        names = {"": options.username, **earlier.rename}
        known = await known_ids(session, preview.ids, names)
        replaced = await find_replaced(session, SAME_FILE, look.imports) if look.imports else None
        own = await find_own(session)
        # Without an own archive the first one becomes it, unless someone chose none.
        may_change = own is not None or await is_own_chosen(session)
    is_own = own and preview.username and username_key(preview.username) == username_key(own)
    asks_whose = preview.has_account and may_change and not is_own
    read = ReadNotes()
    for room in look.open_rooms(options.rooms):
        room.note(read)
    doubts = filter(None, [*preview.notes.doubts, known])
    preview.notes = structs.replace(
        preview.notes,
        unsettled=preview.notes.unsettled or ("room" if read.is_room_open else None),
        assumptions=(*preview.notes.assumptions, *read.assumptions),
        doubts=tuple(sorted(doubts, key=lambda doubt: not doubt.grave)),
    )
    return UploadLook(preview, look, earlier, here, zone, replaced, own, asks_whose)


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
        self, job: ImportJob, options: ReadOptions, *, operator_id: int, form: str
    ) -> Preview:
        """Return the preview of an upload as the format `form`; cancelling ends the process.

        Raises ReadError at a limit of time or memory, UnavailableError while the operator's
        previous preview runs.
        """
        request = PreviewRequest(
            path=str(upload_path(self._config.data_dir, job.spool)),
            name=job.file_name,
            # All people are shown, by the names that they have in the file.
            options=structs.replace(options, username=None, only=(), rename={}),
            limit_bytes=self._config.max_import_bytes,
            chat_s=self.chat_s,
            format=form,
        )
        line = await self.read(preview, request, operator_id)
        return await asyncio.to_thread(decoded_preview, line)

    async def read(
        self,
        function: Callable[[bytes], Iterator[object]],
        request: msgspec.Struct,
        operator_id: int,
    ) -> bytes:
        """Return the line that the function yields for the request."""
        with TemporaryFile() as body:
            body.write(msgspec.json.encode(request))
            body.flush()
            try:
                async with (
                    asyncio.timeout(self._most_s),
                    self._sandboxes[operator_id].read(function, body) as lines,
                ):
                    return lines.read()
            except TimeoutError:
                raise UnavailableError(
                    "Another file that you uploaded is being read. Reload the page in a moment."
                ) from None


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


KNOWN: Final = Message("Posts with an id that is here with other words")
_FEWEST: Final = 2
_SHORT: Final = 8
"""Letters from which a text within another is no coincidence."""


async def known_ids(
    session: AsyncSession, seen: Sequence[SeenId], names: Mapping[str, str | None] | None = None
) -> Doubt | None:
    """Return a doubt if over half of these posts are stored by their ids alone, with other texts.

    names: other names of people, by their usernames in the file.
    """
    keys = {name: (names or {}).get(name) or name for name, _, _ in seen}
    keys = {name: username_key(username_for(called)) for name, called in keys.items() if called}
    authors = await find_by_keys(session, {*keys.values()})
    texts = {
        (authors[key].id, source_id): text
        for name, source_id, text in seen
        if (key := keys.get(name)) in authors
    }
    if 2 * len(texts) <= len(seen):
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
    if tally.count < _FEWEST or 2 * tally.count <= len(seen):
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
