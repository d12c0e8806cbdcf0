"""The preview of an upload: its people who are stored already, and what the file leaves open."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from tempfile import TemporaryFile
from typing import NamedTuple

import msgspec
from msgspec import structs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.db.backend import Readable, is_among
from app.errors import UnavailableError
from app.models import ROOM_NAME, ImportJob, Room, RoomPerson, User
from app.runtime.sandbox import LIMIT_S, Sandbox
from app.services.imports.jobs import options_of, upload_path
from app.services.imports.kept_answers import kept_answers
from app.services.imports.matching import (
    AS_BEFORE,
    FileMatch,
    find_match,
    is_zone_open,
    known_ids,
    read_before,
)
from app.services.imports.options import NO_OPTIONS, SAME_FILE, ImportOptions
from app.services.imports.undo import ReplacedImports, find_replaced
from app.services.posts.users import find_site_author, is_own_chosen
from saywho.copies import Copies
from saywho.formats.assumptions import Assumption, NotesSummary, ReadNotes
from saywho.formats.chats.people import zone_of
from saywho.formats.reading import username_for
from saywho.preview import CHAT_S, Preview, PreviewRequest, decoded_preview, preview
from saywho.text import username_key


class StoredPerson(NamedTuple):
    """A stored author with posts, none of them in the file's chat."""

    platform: str
    posts: int
    messages: int
    rooms: int
    room: str | None

    @property
    def is_another(self) -> bool:
        return self.platform != "local"


async def _stored_people(
    session: AsyncSession, names: Mapping[str | None, str], rooms: Collection[int]
) -> dict[str | None, StoredPerson]:
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
    stored: dict[str, StoredPerson] = {}
    inside: set[str] = set()
    for key, platform, posts, room_id, messages, name in await session.execute(query):
        person = stored.setdefault(key, StoredPerson(platform, posts, 0, 0, name))
        if room_id is not None:
            total = person.messages + messages
            stored[key] = person._replace(messages=total, rooms=person.rooms + 1)
            inside |= {key} if room_id in rooms else set()
    outside = stored.keys() - inside
    return {username: stored[key] for username, key in names.items() if key in outside}


class UploadPreview(NamedTuple):
    """What of an upload is stored, and what its preview proposes."""

    preview: Preview
    match: FileMatch
    earlier: ImportOptions
    """People who were chosen before, with their stored names."""
    stored: dict[str | None, StoredPerson]
    """Other authors with the name of a person in the chat, by the username there."""
    zone: str | None
    """Time zone of the stored chat, if the file's is open."""
    replaced: ReplacedImports | None
    """The import that the file can replace."""
    own: str | None
    """The author of the site's own archive."""
    public_values: tuple[str, ...]
    """Values whose rows everybody may read, chosen for this file or for an earlier one."""
    asks_whose: bool
    """Whether to ask if the file of one account is the operator's own."""


def zone_of_reading(notes: NotesSummary) -> str:
    """Return the zone in which the times were read if the file names none; empty otherwise."""
    for part in notes.assumptions:
        if part.kind == "timezone":
            with suppress(ValueError):
                return part.value if zone_of(part.value) else ""
    return ""


async def preview_upload(
    db: Readable,
    previewer: "Previewer",
    job: ImportJob,
    options: ImportOptions,
    *,
    operator_id: int,
    form: str,
) -> UploadPreview:
    """Preview an upload, and compare it with what is stored. Raises as `Previewer.read_upload`."""
    read_as = partial(previewer.read_upload, job, operator_id=operator_id, form=form)
    preview = await read_as(options)
    async with db.read() as session:
        kept = await kept_answers(session, preview.format, preview.notes.heading)
    if kept is not None and (used := kept.beside(options)) is not None:
        options = used.added_to(options)
        preview = await read_as(options)
        assumed = used.assumption, *preview.notes.assumptions
        preview.notes = structs.replace(preview.notes, assumptions=assumed)
    async with db.read() as session:
        has_people = options.only or options.rename
        earlier = options if has_people else await earlier_options(session, preview)
        named = structs.replace(options, rename=earlier.rename, rooms=(), replace=None)
        before = await read_before(session, preview, preview.chats, named)
    if (dates := before.get("dates")) is not None:  # The import will read them so, too.
        preview = await read_as(structs.replace(options, dates=dates))
        as_before = Assumption("dates", dates, evidence=AS_BEFORE)
        notes = preview.notes
        preview.notes = structs.replace(notes, assumptions=(as_before, *notes.assumptions))
    # The import will read the file in the chat's zone, so that its times may be others.
    is_open = is_zone_open(options, preview.notes)
    read_zone = zone_of_reading(preview.notes) if is_open else None
    read = ReadNotes()
    copies = await asyncio.to_thread(Copies, preview.chats, read)
    match = await find_match(db, copies.chats, named, preview.digest, read_zone)
    earlier = structs.replace(earlier, rename={**match.renamed, **earlier.rename})
    zone = match.seen.zone if is_open else None
    rooms = {each.room_id for each in match.decisions.values() if each.room_id is not None}
    async with db.read() as session:
        called = {
            name: earlier.rename.get(name or "", name or earlier.username or options.username)
            for name in (speaker.username for speaker in preview.speakers)
        }
        keys = {name: username_key(username_for(new)) for name, new in called.items() if new}
        stored = await _stored_people(session, keys, rooms)
        names = {"": options.username, **earlier.rename}
        known = await known_ids(session, preview.ids, names)
        replaced = await find_replaced(session, SAME_FILE, match.imports) if match.imports else None
        own = await find_site_author(session)
        # Without an own archive the first one becomes it, unless someone chose none.
        may_change = own is not None or await is_own_chosen(session)
    is_own = own and preview.username and username_key(preview.username) == username_key(own)
    asks_whose = preview.has_account and may_change and not is_own
    for room in match.open_rooms(options.rooms):
        room.note(read)
    doubts = filter(
        None, [*preview.notes.doubts, known, *(odd.doubt() for odd in read.odd.values())]
    )
    preview.notes = structs.replace(
        preview.notes,
        unsettled=preview.notes.unsettled or ("room" if read.is_room_open else None),
        assumptions=(*preview.notes.assumptions, *read.assumptions),
        doubts=tuple(sorted(doubts, key=lambda doubt: not doubt.grave)),
    )
    return UploadPreview(
        preview, match, earlier, stored, zone, replaced, own, options.public_values, asks_whose
    )


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

    async def read_upload(
        self, job: ImportJob, options: ImportOptions, *, operator_id: int, form: str
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
            accepts_unread=options.accept_unread,
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


async def earlier_options(session: AsyncSession, preview: Preview) -> ImportOptions:
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
