"""What of a file is here already: its bytes, and its chats by the sequences of their texts.

A chat that is here goes on in its room, with the names that it has there. If its times are those of
another time zone, somebody must say which are right.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from msgspec import structs
from sqlalchemy import false, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.people.same_chat import MINUTE_S, UNKNOWN
from app.db.backend import Readable, Sessions
from app.errors import ImportFileError, Message
from app.formats.assumptions import NEW_ROOM, NotesSummary, ReadNotes
from app.formats.file_chats import FileChat, stored_form
from app.formats.post import RoomReference
from app.formats.records import Item, ReadOptions, Record
from app.models import ImportJob, Tweet, User
from app.services.imports.jobs import options_of
from app.services.imports.looking import UnsettledError
from app.services.imports.recognition import ChatLook, Same, look_at_chat
from app.services.imports.report import Seen
from app.services.imports.undo import Replaced
from app.services.posts.meetings import is_of_undone, is_sent_by
from app.services.posts.post_rooms import is_of_kept_room
from app.services.rooms.identity import RoomSample
from app.services.rooms.times import move_times

_MOST_SEARCHED: Final = 50
"""Chats of a file whose texts are looked up in the word index."""
AS_BEFORE: Final = Message("as in the first import of this chat")
SAME_MESSAGES: Final = Message("these messages are here under the second name")


class UnsettledTimesError(UnsettledError):
    """The messages of a file are here with the times of another zone."""


class ReadBeforeError(ImportFileError):
    """The posts of a file are stored, but were read differently."""


READ_BEFORE: Final = Message(
    "this file was read differently before (import {number}): its posts are here with other times,"
    " names or texts, so nothing is stored. --replace {number} undoes that import first; --room new"
    " makes another chat"
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
    """What of a file is here: one value for page, command and API."""

    imports: Sequence[int] = ()
    """Imports of the same bytes, the newest first."""
    chats: Mapping[RoomReference, ChatLook] = field(default_factory=dict)
    reread: Reread | None = None
    """Import of the same bytes and people that has posts here."""
    replaced: Replaced | None = None
    """The import that the file replaces."""

    @property
    def same(self) -> list[int]:
        """Imports of the same bytes that stay."""
        gone = self.replaced and self.replaced.id
        return [number for number in self.imports if number != gone]

    @property
    def samples(self) -> dict[RoomReference, RoomSample]:
        return {reference: look.sample for reference, look in self.chats.items()}

    @property
    def _same(self) -> list[Same]:
        return [look.same for look in self.chats.values() if look.same is not None]

    @property
    def moved(self) -> list[Same]:
        """The chats that are here with other times."""
        return [same for same in self._same if same.found.shifted is not None]

    @property
    def renamed(self) -> dict[str, str]:
        return {old: new for same in self._same for old, new in same.names.items()}

    def seen(self) -> Seen:
        """Return what answers and pages say."""
        total = sum(len(look.chat.messages.texts) for look in self.chats.values())
        known = sum(same.found.known for same in self._same)
        new = [
            int(time)
            for same in self._same
            for time in same.chat.messages.times[same.found.places < 0][:1]
            if time != UNKNOWN
        ]
        rooms = {same.here.id for same in self._same}
        zones = {same.here.tz for same in self._same}
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

    def check_met(self, *, is_chat: bool) -> None:
        """Raise ReadBeforeError if most of the same bytes is not met again."""
        if is_chat and self.reread is not None and not self._same:
            samples = [look.sample for look in self.chats.values()]
            equal = sum(max(map(Counter.total, s.equal.values()), default=0) for s in samples)
            self.reread.check(equal, sum(sample.messages for sample in samples))

    def check_times(self, options: ReadOptions, notes: ReadNotes) -> None:
        """Note the zone that the times are read in. Raises UnsettledTimesError if nobody has said
        which times are right.
        """
        if not self.moved or options.times is not None:
            return
        found, here = self.moved[0].found, self.moved[0].here
        if is_zone_open(options, notes):
            notes.assume("timezone", here.tz or "", evidence=AS_BEFORE)
            return
        raise UnsettledTimesError(
            "chat {number} here has these messages with other times ({shift}), so nothing is"
            " stored. Say which times are right: --times file gives those of the file to the"
            " messages here, --times here keeps them; --room new makes another chat",
            number=here.id,
            shift=shift_sentence(found.shifted or 0),
        )

    def note_names(self, notes: ReadNotes) -> None:
        for old, new in self.renamed.items():
            notes.assume("person", f"{old}, {new}", evidence=SAME_MESSAGES)

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


def shift_sentence(minutes: int) -> Message:
    """Return by how much a file's times are later or earlier than those here."""
    hours, rest = divmod(abs(minutes), 60)
    shown = f"{hours}:{rest:02}"
    if minutes > 0:
        return Message("the times of the file are {hours} hours later", hours=shown)
    return Message("the times of the file are {hours} hours earlier", hours=shown)


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
        time, is_known = item.created_at, False
        if stored_form(item.text):
            at[room] += 1
            is_known = bool(same.found.places[place] >= 0)
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
    *,
    same: Sequence[int] = (),
    replaced: Replaced | None = None,
) -> Look:
    """Compare a file with what is here.

    same: imports of the same bytes. replaced: the import that this one replaces.
    """
    look = Look(same, replaced=replaced)
    async with db.read() as session:
        is_going = await is_of_undone(session, [replaced.id]) if replaced else false()
        looks = [
            await look_at_chat(
                session, chat, options, is_going=is_going, is_searched=number < _MOST_SEARCHED
            )
            for number, chat in enumerate(chats)
        ]
        look.chats = {each.chat.reference: each for each in looks}
        if replaced is None and NEW_ROOM not in options.rooms:
            look.reread = await _reread(session, same, options)
        elif replaced is not None and replaced.id in same and len(looks) == 1:
            looks[0].sample.same = looks[0].sample.same or await _only_room(session, replaced.id)
    return look


async def _only_room(session: AsyncSession, job_id: int) -> int | None:
    """Return the chat of an import's messages, unless it has several."""
    of_import = is_sent_by(job_id), is_of_kept_room(), Tweet.room_id.is_not(None)
    rooms = await session.scalars(select(Tweet.room_id).where(*of_import).distinct().limit(2))
    found = rooms.all()
    return found[0] if len(found) == 1 else None


async def imports_of_file(
    session: AsyncSession, digest: bytes | None, *, before: int | None = None
) -> list[int]:
    """Return the imports of a file with these bytes that can be undone, the newest first.

    before: number of an import; only earlier ones count.
    """
    is_same = (
        ImportJob.digest == digest,
        ImportJob.undo == "possible",
        ImportJob.accepted + ImportJob.duplicates > 0,
        ImportJob.finished_at.is_not(None),
    )
    if digest is None:
        return []
    query = select(ImportJob.id).where(*is_same).order_by(ImportJob.id.desc())
    if before is not None:
        query = query.where(ImportJob.id < before)
    return list(await session.scalars(query))


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
