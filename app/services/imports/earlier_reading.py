"""Repeated imports: files that another version read differently.

Each post of a file that is read differently would be stored twice, so its import stops. If only few
are, the report counts the posts that the file lacks. An import that replaces the earlier reading
does not stop, and removes these posts.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of, chunks, is_among
from app.errors import ImportFileError, Message
from app.formats.post import RoomReference
from app.formats.records import FileRoom
from app.models import ImportJob, Room, RoomPerson, Tweet, User
from app.services.rooms.identity import rooms_of_title

FEWEST: Final = 2
"""Repeated posts before an import stops; a person may repeat a text."""
_MOST_OF_ZONES: Final = timedelta(hours=26)
"""Difference of the first and the last time zone."""
_MOST_COMPARED: Final = 20_000
_STORED: Final = (
    *(Tweet.user_id, Tweet.created_at, Tweet.dated_at),
    *(Tweet.source_id, Tweet.id, Tweet.import_id),
)
CHAT_READ_BEFORE: Final = Message(
    "this file was read differently before: its messages are here with other times, names or texts,"
    " so the import stops. Import the file again and replace the earlier reading (on the page, or"
    " by --replace-earlier), or keep both readings (--keep-earlier). If only the times differ,"
    " --timezone or --dates can say how they were read"
)
POSTS_READ_BEFORE: Final = Message(
    "this file was read differently before: its posts are here with other times or authors, so the"
    " import stops. Import the file again and replace the earlier reading (on the page, or by"
    " --replace-earlier), or keep both readings (--keep-earlier)"
)
REWORDED: Final = Message(
    "posts with an id that is here with other words: {count}; the stored words stay. To replace"
    " them, import the file again and replace the earlier reading (on the page, or by"
    " --replace-earlier)"
)
LACKING: Final = Message(
    "posts that are here and that this file lacks, from an earlier reading or a program: {count};"
    " if the file was read differently before, import it again and replace the earlier reading (on"
    " the page, or by --replace-earlier)"
)
REPLACED: Final = Message("posts of an earlier reading of this file, which were replaced: {count}")
READ_BEFORE: Final = frozenset(
    each.template for each in (CHAT_READ_BEFORE, POSTS_READ_BEFORE, REWORDED, LACKING)
)


class ReadBeforeError(ImportFileError):
    """The posts of a file are stored, but were read differently."""


class Reread(NamedTuple):
    """A post of the file, and whether it is stored unchanged."""

    user_id: int
    room_id: int | None
    reference: RoomReference | None
    text: str
    time: datetime | None
    is_found: bool
    source_id: str | None


class Overlap(NamedTuple):
    """Number of the file's posts that are stored by one property, and of those unchanged."""

    here: int
    found: int

    def is_read_otherwise(self, smaller: int, *, fewest: int = FEWEST) -> bool:
        """Return whether most posts of the smaller side are stored, under half unchanged."""
        return self.here >= max(fewest, smaller / 2) and 2 * self.found < self.here


@dataclass(slots=True)
class EarlierReading:
    """Compares posts of an import with stored posts, until each chat is judged."""

    replaces: bool = False
    """Whether the import goes on, and replaces what was read differently."""
    known: Sequence[int] = ()
    """Earlier imports of the file."""
    settled: set[int | None] = field(default_factory=set)
    """Chats that are new or read as before; None stands for posts outside of chats."""
    rooms: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Earlier chats of a chat of the file, if it was read differently."""
    _others: set[int] = field(default_factory=set)
    _met: "array[int]" = field(default_factory=lambda: array("q"))
    _is_begun: bool = False

    def others(self) -> set[int]:
        """Return posts outside of chats that are other readings of posts of the file."""
        return self._others.difference(self._met)

    async def note(
        self, session: AsyncSession, posts: Sequence[Reread], met: Collection[int]
    ) -> None:
        """Find other readings of a batch's posts; `met` are stored posts that the file has.

        A new file is compared by its first batch, so that it costs no more.
        """
        is_first, self._is_begun = not self._is_begun, True
        self._met.extend(met)
        if not (self.replaces or met or is_first):
            return
        missing = [post for post in posts if not post.is_found and post.time and post.text]
        self._others |= await _other_readings(session, missing, self.known)
        if self.replaces:
            outside = [post for post in posts if post.room_id is None]
            readings = await _readings_by_id(session, outside)
            async for found, _ in _readings(session, outside):
                readings += found
            self._others |= {
                reading.id
                for reading in readings
                if not reading.post.is_found
                and (reading.import_id is None or reading.import_id in self.known)
            }

    async def check(
        self, session: AsyncSession, posts: Sequence[Reread], made: Collection[int]
    ) -> None:
        """Raise ReadBeforeError if under half of the stored posts are unchanged, unless the import
        replaces them.

        made: rooms of this import.
        """
        groups: dict[int | None, list[Reread]] = defaultdict(list)
        for post in posts:
            if post.room_id not in self.settled:
                groups[post.room_id].append(post)
        for room_id, group in groups.items():
            if 2 * sum(post.is_found for post in group) >= len(group):
                self.settled.add(room_id)
            elif room_id is None:
                self.settled.add(None)  # Posts have no order by which a later batch may differ.
                with suppress(*[ReadBeforeError][: self.replaces]):
                    await _check_posts(session, group)
            else:
                await self._check_chat(session, room_id, group, made)

    async def _check_chat(
        self, session: AsyncSession, room_id: int, group: Sequence[Reread], made: Collection[int]
    ) -> None:
        rooms, compare = {room_id}, _by_times
        if room_id in made:
            compare = _by_likeness
            rooms = await _rooms_before(session, group) - {*made}
        if not rooms:
            self.settled.add(room_id)
            return
        is_here = Tweet.room_id.in_(rooms)
        messages = select(func.sum(RoomPerson.messages)).where(RoomPerson.room_id.in_(rooms))
        stored = await session.scalar(messages) or 0
        smaller = min(len(group), stored)
        for overlap in (
            await _by_texts(session, group, is_here),
            await compare(session, group, is_here),
        ):
            if overlap.is_read_otherwise(smaller):
                if not self.replaces:
                    raise ReadBeforeError(CHAT_READ_BEFORE)
                self.settled.add(room_id)
                self.rooms[room_id] |= rooms


def is_earlier(known: Collection[int]) -> ColumnElement[bool]:
    """Return the condition on posts of earlier versions, or of these imports."""
    return or_(Tweet.import_id.is_(None), Tweet.import_id.in_(known))


async def imports_of_file(
    session: AsyncSession, digest: bytes | None, *, before: int | None = None
) -> list[int]:
    """Return the imports of a file with these bytes that can be undone, the newest first.

    before: number of an import; only earlier ones count.
    """
    is_same = (
        ImportJob.digest == digest,
        ImportJob.undo == "possible",
        ImportJob.finished_at.is_not(None),
    )
    if digest is None:
        return []
    query = select(ImportJob.id).where(*is_same).order_by(ImportJob.id.desc())
    if before is not None:
        query = query.where(ImportJob.id < before)
    return list(await session.scalars(query))


async def count_unmet(
    session: AsyncSession, import_ids: Collection[int], *, besides: Collection[int]
) -> int:
    """Return the number of other posts that these imports brought, and no other import."""
    if not import_ids:
        return 0
    is_meant = Tweet.import_id.in_(import_ids), ~Tweet.is_met_again
    query = select(func.count()).select_from(Tweet).where(*is_meant)
    count = await session.scalar(query) or 0
    for chunk in chunks(sorted(besides)):
        count -= await session.scalar(query.where(Tweet.id.in_(chunk))) or 0
    return count


_MOST_OF_TIME: Final = 50
"""Posts of one time in a batch; more have only a day, and are not compared by it."""


async def _other_readings(
    session: AsyncSession, posts: Sequence[Reread], known: Collection[int]
) -> set[int]:
    """Return stored posts outside of chats, of the same time, that are readings of these posts.

    Such a post has the same text, or more or less of it and the same author or id.
    """
    by_time: dict[datetime | None, list[Reread]] = defaultdict(list)
    for post in posts:
        by_time[post.time].append(post)
    times = [time for time, group in by_time.items() if len(group) <= _MOST_OF_TIME]
    if not times:
        return set()
    query = select(Tweet.id, Tweet.user_id, Tweet.source_id, Tweet.created_at, Tweet.text).where(
        is_among(session, Tweet.created_at, times), *_outside_of_chats(), is_earlier(known)
    )

    return {
        post_id
        for post_id, user_id, source_id, time, text in await session.execute(
            query.limit(_MOST_COMPARED)
        )
        for post in by_time[time]
        if _is_reading(post, user_id, source_id, time, text)
    }


def _is_reading(
    post: Reread, user_id: int, source_id: str | None, time: datetime | None, text: str
) -> bool:
    is_part = bool(text) and (text in post.text or post.text in text)
    is_own = user_id == post.user_id
    have_ids = source_id and post.source_id
    if have_ids and _bare(source_id or "") == _bare(post.source_id or ""):
        return is_part
    if time and (time.hour, time.minute, time.second) == (0, 0, 0):
        # Many posts of one day share words, so that only whole lines count.
        part, whole = sorted((text.strip(' "'), post.text.strip(' "')), key=len)
        is_line = part == whole or whole.endswith(f"\n{part}") or whole.startswith(f"{part}\n")
        return is_own and not have_ids and is_line
    if have_ids:
        return is_own and text == post.text
    return text == post.text or (is_own and is_part)


async def _rooms_before(session: AsyncSession, group: Sequence[Reread]) -> set[int]:
    reference = group[0].reference
    if not isinstance(reference, FileRoom):
        return set()
    times = {post.time for post in group if post.time}
    has_seconds = any(time.second for time in times)
    # The same chat under another name has nine tenths of the times of the file.
    fewest = max(FEWEST if has_seconds else 3, 0.9 * len(times))
    query = (
        select(Tweet.room_id)
        .join(Room, Room.id == Tweet.room_id)
        .where(is_among(session, Tweet.created_at, times), Room.platform == reference.platform)
        .group_by(Tweet.room_id)
        .having(func.count(Tweet.created_at.distinct()) >= fewest)
    )
    if reference.external_id is not None:
        query = query.where(Room.external_id.is_(None))
    of_times = [room_id for room_id in await session.scalars(query) if room_id is not None]
    return {*await rooms_of_title(session, reference), *of_times}


def may_be_read_as(time: datetime | None, stored: datetime | None, dated: datetime | None) -> bool:
    """Return whether two times can be readings of one written time.

    Readings differ in zone, order of day and month, calendar, or in whether a time is read. dated:
    the stored time of a time ahead.
    """
    if time is None or stored is None or dated is not None:
        return True
    between_calendars = timedelta(days=40 * 365)
    if abs(time - stored) <= _MOST_OF_ZONES or abs(time - stored) >= between_calendars:
        return True
    with suppress(ValueError):
        swapped = time.replace(month=time.day, day=time.month)
        return abs(swapped - stored) <= _MOST_OF_ZONES
    return False


async def _by_texts(
    session: AsyncSession, group: Sequence[Reread], is_here: ColumnElement[bool]
) -> Overlap:
    counts = Counter(post.text for post in group)
    once = {post.text: post for post in group if post.text and counts[post.text] == 1}
    times = (func.min(Tweet.created_at), func.min(Tweet.dated_at))
    query = select(Tweet.text, *times).where(is_here, is_among(session, Tweet.text, once))
    rows = await session.execute(query.group_by(Tweet.text).having(func.count() == 1))
    here = [once[text] for text, *times in rows if may_be_read_as(once[text].time, *times)]
    return Overlap(len(here), sum(post.is_found for post in here))


async def _by_times(
    session: AsyncSession, group: Sequence[Reread], is_here: ColumnElement[bool]
) -> Overlap:
    counts = Counter(post.time for post in group if post.time)
    found = Counter(post.time for post in group if post.time and post.is_found)
    query = select(Tweet.created_at, func.count()).where(
        is_here, is_among(session, Tweet.created_at, counts)
    )
    rows = await session.execute(query.group_by(Tweet.created_at))
    both = [(min(count, counts[time]), found[time]) for time, count in rows if time is not None]
    return Overlap(sum(count for count, _ in both), sum(min(pair) for pair in both))


async def _by_likeness(
    session: AsyncSession, group: Sequence[Reread], is_here: ColumnElement[bool]
) -> Overlap:
    """Compare messages by time and the text's ASCII letters.

    A wrong encoding keeps these letters; a wrongly read name adds some before them.
    """
    times = {post.time for post in group if post.time}
    query = select(Tweet.created_at, Tweet.text).where(
        is_here, is_among(session, Tweet.created_at, times)
    )
    plain_by_time: dict[datetime | None, list[str]] = defaultdict(list)
    for time, text in await session.execute(query.limit(_MOST_COMPARED)):
        plain_by_time[time].append(_plain(text))
    here = [
        post
        for post in group
        if (plain := _plain(post.text))
        and any(other and other.endswith(plain) for other in plain_by_time[post.time])
    ]
    if 2 * len({post.text for post in here}) < len(here):
        return Overlap(0, 0)  # Two chats may repeat the same few texts.
    return Overlap(len(here), sum(post.is_found for post in here))


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isalnum())


class StoredReading(NamedTuple):
    """A post of the file, and a stored post that may be another reading of it."""

    post: Reread
    id: int
    user_id: int
    import_id: int | None


async def _check_posts(session: AsyncSession, group: Sequence[Reread]) -> None:
    """Raise ReadBeforeError if the posts are stored with other times or authors."""
    async for readings, compared in _readings(session, group):
        authors = is_among(session, User.id, {reading.user_id for reading in readings})
        count = select(func.sum(User.tweet_count)).where(authors)
        smaller = min(compared, int(await session.scalar(count) or 0)) if readings else 0
        overlap = Overlap(len(readings), sum(reading.post.is_found for reading in readings))
        if readings and overlap.is_read_otherwise(smaller):
            raise ReadBeforeError(POSTS_READ_BEFORE)
    by_id = await _readings_by_id(session, group)
    smaller = min(len(group), len(by_id))
    overlap = Overlap(len(by_id), sum(reading.post.is_found for reading in by_id))
    if overlap.is_read_otherwise(smaller, fewest=1):
        raise ReadBeforeError(POSTS_READ_BEFORE)


async def _readings(
    session: AsyncSession, group: Sequence[Reread]
) -> AsyncIterator[tuple[list[StoredReading], int]]:
    """Yield stored posts with author and text of these posts, and with time and text, each with the
    number of compared texts.
    """
    backend, columns = backend_of(session), (Tweet.user_id, Tweet.text)
    # A column of ids may have been taken for the texts.
    words = ((post, text) for post in group for text in (post.text, post.source_id) if text)
    by_author = _once((post.user_id, text, post) for post, text in words)
    pairs = select(backend.listed([*by_author], *columns))
    authors = is_among(session, Tweet.user_id, {post.user_id for post in group})
    own = select(*columns, *_STORED).where(authors, tuple_(*columns).in_(pairs))
    yield await _readings_of(session, own, by_author), len(by_author)
    by_time = _once((post.time, post.text, post) for post in group if post.time)
    moments = backend.listed([*by_time], Tweet.created_at, Tweet.text)
    is_same = and_(Tweet.created_at == moments.c.created_at, Tweet.text == moments.c.text)
    equal = select(Tweet.created_at, Tweet.text, *_STORED).join(moments, is_same)
    yield await _readings_of(session, equal, by_time), len(by_time)


async def _readings_by_id(session: AsyncSession, group: Sequence[Reread]) -> list[StoredReading]:
    """Return stored posts with another author, or more or fewer words.

    Such posts have the same id but for a prefix, and the same time or none.
    """
    by_id: dict[str, list[Reread]] = defaultdict(list)
    for post in group:
        # Other files have short numbers of rows, too.
        is_row = post.source_id and len(post.source_id) <= 6 and post.source_id.isdigit()
        if post.source_id and post.text and not is_row:
            by_id[_bare(post.source_id)].append(post)
    times = {post.time for posts in by_id.values() for post in posts if post.time}
    ids = {post.source_id for posts in by_id.values() for post in posts}
    is_timeless = and_(Tweet.created_at.is_(None), is_among(session, Tweet.source_id, ids))
    is_likely = or_(is_timeless, is_among(session, Tweet.created_at, times))
    query = select(Tweet.text, *_STORED).where(
        is_likely, *_outside_of_chats(), Tweet.source_id.is_not(None)
    )
    rows = await session.execute(query.limit(_MOST_COMPARED))
    return [
        StoredReading(post, post_id, user_id, import_id)
        for text, user_id, time, _, source_id, post_id, import_id in rows
        for post in by_id.get(_bare(source_id or ""), ())
        if time in {None, post.time} and text and (text in post.text or post.text in text)
    ]


def _outside_of_chats() -> list[ColumnElement[bool]]:
    is_alive = Tweet.user_id.in_(select(User.id).where(User.deleted_at.is_(None)))
    return [Tweet.room_id.is_(None), is_alive]


def _bare(source_id: str) -> str:
    return source_id.rpartition("_")[2]


def _once(posts: Iterable[tuple[Any, str, Reread]]) -> dict[tuple[Any, str], Reread]:
    listed = [((key, text), post) for key, text, post in posts if text]
    counts = Counter(pair for pair, _ in listed)
    return {pair: post for pair, post in listed if counts[pair] == 1}


async def _readings_of(
    session: AsyncSession, query: Select[*tuple[Any, ...]], posts: Mapping[tuple[Any, str], Reread]
) -> list[StoredReading]:
    """Compare posts that are stored once with a property and text.

    The query returns property, text, and `_STORED`.
    """
    rows = (await session.execute(query.where(*_outside_of_chats()))).all()
    counts = Counter((row[0], row[1]) for row in rows)
    readings: list[StoredReading] = []
    for key, text, user_id, stored, dated, source_id, post_id, import_id in rows:
        post = posts.get((key, text))
        if post is None or counts[key, text] > 1:
            continue
        if post.source_id != source_id and None not in {post.source_id, source_id}:
            continue  # Posts of two ids are two.
        if may_be_read_as(post.time, stored, dated):
            readings.append(StoredReading(post, post_id, user_id, import_id))
    return readings
