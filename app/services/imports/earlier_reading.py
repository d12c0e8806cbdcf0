"""Repeated imports: files that another version read differently, and the order of messages.

Each post of a file that is read differently would be stored twice, so its import stops. If only few
are, the report counts the messages that the file lacks. A second export may contain messages
between stored messages of the same minute, which have lower ids, so the file gives the order of a
time's messages.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of, is_among, update_by_id
from app.errors import ImportFileError, Message
from app.formats.post import RoomReference
from app.formats.records import FileRoom
from app.models import Room, RoomPerson, Tweet, User
from app.services.event_log import NewEvent, append_events
from app.services.rooms.identity import rooms_of_title

FEWEST: Final = 2
"""Repeated posts before an import stops; a person may repeat a text."""
_MOST_OF_ZONES: Final = timedelta(hours=26)
"""Difference of the first and the last time zone."""
_MOST_COMPARED: Final = 20_000
_STORED: Final = (Tweet.user_id, Tweet.created_at, Tweet.dated_at, Tweet.source_id)
CHAT_READ_BEFORE: Final = Message(
    "this file was read differently before: its messages are here with other times, names or texts,"
    " so the import stops. Delete the chat here and import the file again, or keep both readings"
    " (on the page, or by --keep-earlier). If only the times differ, --timezone or --dates can say"
    " how they were read"
)
POSTS_READ_BEFORE: Final = Message(
    "this file was read differently before: its posts are here with other times or authors, so the"
    " import stops. Delete these posts here and import the file again, or keep both readings (on"
    " the page, or by --keep-earlier)"
)
READ_BEFORE: Final = frozenset({CHAT_READ_BEFORE, POSTS_READ_BEFORE})


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

    settled: set[int | None] = field(default_factory=set)
    """Chats that are new or read as before; None stands for posts outside of chats."""

    async def check(
        self, session: AsyncSession, posts: Sequence[Reread], made: Collection[int]
    ) -> None:
        """Raise ReadBeforeError if under half of the stored posts are unchanged.

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
                raise ReadBeforeError(CHAT_READ_BEFORE)


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


async def _check_posts(session: AsyncSession, group: Sequence[Reread]) -> None:
    """Raise ReadBeforeError if the posts are stored with other times or authors."""
    backend, columns = backend_of(session), (Tweet.user_id, Tweet.text)
    # A column of ids may have been taken for the texts.
    words = ((post, text) for post in group for text in (post.text, post.source_id) if text)
    by_author = _once((post.user_id, text, post) for post, text in words)
    pairs = select(backend.listed([*by_author], *columns))
    authors = is_among(session, Tweet.user_id, {post.user_id for post in group})
    own = select(*columns, *_STORED).where(authors, tuple_(*columns).in_(pairs))
    await _check_by(session, own, by_author)
    by_time = _once((post.time, post.text, post) for post in group if post.time)
    moments = backend.listed([*by_time], Tweet.created_at, Tweet.text)
    is_same = and_(Tweet.created_at == moments.c.created_at, Tweet.text == moments.c.text)
    equal = select(Tweet.created_at, Tweet.text, *_STORED).join(moments, is_same)
    await _check_by(session, equal, by_time)
    await _check_by_id(session, group)


async def _check_by_id(session: AsyncSession, group: Sequence[Reread]) -> None:
    """Raise ReadBeforeError if posts have another author, or more or fewer words.

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
    query = select(Tweet.source_id, Tweet.created_at, Tweet.text).where(
        is_likely, *_outside_of_chats(), Tweet.source_id.is_not(None)
    )
    here = [
        post
        for source_id, time, text in await session.execute(query.limit(_MOST_COMPARED))
        for post in by_id.get(_bare(source_id or ""), ())
        if time in {None, post.time} and text and (text in post.text or post.text in text)
    ]
    smaller = min(len(group), len(here))
    if Overlap(len(here), sum(post.is_found for post in here)).is_read_otherwise(smaller, fewest=1):
        raise ReadBeforeError(POSTS_READ_BEFORE)


def _outside_of_chats() -> list[ColumnElement[bool]]:
    is_alive = Tweet.user_id.in_(select(User.id).where(User.deleted_at.is_(None)))
    return [Tweet.room_id.is_(None), is_alive]


def _bare(source_id: str) -> str:
    return source_id.rpartition("_")[2]


def _once(posts: Iterable[tuple[Any, str, Reread]]) -> dict[tuple[Any, str], Reread]:
    listed = [((key, text), post) for key, text, post in posts if text]
    counts = Counter(pair for pair, _ in listed)
    return {pair: post for pair, post in listed if counts[pair] == 1}


async def _check_by(
    session: AsyncSession, query: Select[*tuple[Any, ...]], posts: Mapping[tuple[Any, str], Reread]
) -> None:
    """Compare posts that are stored once with a property and text.

    The query returns property, text, author, times and id.
    """
    rows = (await session.execute(query.where(*_outside_of_chats()))).all()
    counts = Counter((row[0], row[1]) for row in rows)
    here, authors = [], set()
    for key, text, user_id, stored, dated, source_id in rows:
        post = posts.get((key, text))
        if post is None or counts[key, text] > 1:
            continue
        if post.source_id != source_id and None not in {post.source_id, source_id}:
            continue  # Posts of two ids are two.
        if may_be_read_as(post.time, stored, dated):
            here.append(post)
            authors.add(user_id)
    overlap = Overlap(len(here), sum(post.is_found for post in here))
    count = select(func.sum(User.tweet_count)).where(is_among(session, User.id, authors))
    smaller = min(len(posts), int(await session.scalar(count) or 0)) if here else 0
    if here and overlap.is_read_otherwise(smaller):
        raise ReadBeforeError(POSTS_READ_BEFORE)


MOST_ORDERED: Final = 1_000
"""Ordered messages of one time; more would be compared again in each batch, and are ordered by id.
"""

Moment = tuple[int, datetime]


class FileMessage(NamedTuple):
    moment: Moment
    user_id: int
    id: int
    is_new: bool


class MomentOfFile(msgspec.Struct):
    """The messages of a chat's file that have one time, in the order of the file."""

    user_id: int
    """One of its people."""
    is_first: bool
    """Whether the file has no earlier message, so that others of this time may be missing."""
    ids: list[int] = []
    new: set[int] = set()

    def merged(self, here: Sequence[int], *, is_last: bool) -> list[int]:
        """Return the ids of all messages of the time in order; `here` are the stored ones.

        Messages that the file lacks stay behind the message that they follow. `is_last`: the file
        has no later messages so far.
        """
        of_file = set(self.ids)
        others = [post_id for post_id in here if post_id not in of_file]
        known = [post_id for post_id in self.ids if post_id not in self.new]
        if not known:
            is_before = is_last and not self.is_first
            return [*self.ids, *others] if is_before else [*others, *self.ids]
        merged = list(takewhile(lambda post_id: post_id not in of_file, here))
        following: dict[int, list[int]] = defaultdict(list)
        before = 0
        for post_id in here[len(merged) :]:
            if post_id in of_file:
                before = post_id if post_id not in self.new else before
            else:
                following[before].append(post_id)
        before = 0
        for post_id in self.ids:
            if post_id not in self.new:
                merged += following[before]
                before = post_id
            merged.append(post_id)
        return [*merged, *following[before]]


class FileOrder:
    def __init__(self) -> None:
        self._begun: set[int] = set()
        self._ids: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))
        """Messages of the file by their chats."""
        self._spans: dict[int, tuple[datetime, datetime]] = {}
        self._last: dict[Moment, MomentOfFile] = {}
        """Times at the end of the previous batch, which may continue."""

    async def keep(self, session: AsyncSession, messages: Iterable[FileMessage]) -> None:
        moments: dict[Moment, MomentOfFile] = {}
        last: dict[int, Moment] = {}
        for moment, user_id, post_id, is_new in messages:
            room_id, time = last[moment[0]] = moment
            self._ids[room_id].append(post_id)
            first, newest = self._spans.get(room_id, (time, time))
            self._spans[room_id] = min(first, time), max(newest, time)
            if moment not in moments:
                known = self._last.get(moment)
                is_first = room_id not in self._begun
                moments[moment] = known or MomentOfFile(user_id, is_first)
                self._begun.add(room_id)
            of_file = moments[moment]
            if len(of_file.ids) <= MOST_ORDERED:
                of_file.ids.append(post_id)
                of_file.new.update([post_id] if is_new else [])
        self._last = {moment: moments[moment] for moment in last.values()}
        moments = {moment: of_file for moment, of_file in moments.items() if of_file.new}
        few = {key: value for key, value in moments.items() if len(value.ids) <= MOST_ORDERED}
        await self._move(session, few)

    async def count_lacking(self, session: AsyncSession, import_id: int | None) -> int:
        """Return the number of messages in the chats of the file that no import has brought since
        imports have numbers, and that the file lacks: within its time, or with a text that this
        import has added. An earlier version imported them, or a program sent them.
        """
        lacking = 0
        for room_id, ids in self._ids.items():
            first, last = self._spans[room_id]
            added = select(Tweet.text).where(
                Tweet.import_id == import_id, Tweet.room_id == room_id, Tweet.text != ""
            )
            # Of the first and the last minute, the file may hold a part.
            is_within = and_(Tweet.created_at > first, Tweet.created_at < last)
            query = select(Tweet.id).where(
                Tweet.room_id == room_id,
                Tweet.import_id.is_(None),
                or_(is_within, Tweet.text.in_(added)) if import_id else is_within,
            )
            lacking += len({*await session.scalars(query)} - {*ids})
        return lacking

    async def _move(self, session: AsyncSession, moments: Mapping[Moment, MomentOfFile]) -> None:
        moved: list[dict[str, Any]] = []
        for moment, here in (await _here(session, [*moments])).items():
            if len(here) > MOST_ORDERED:
                continue
            order = moments[moment].merged(here, is_last=moment in self._last)
            if order != here:
                # Below 0, so that messages that come later follow.
                places = range(-len(order), 0)
                moved += [{"changed": of, "place": n} for of, n in zip(order, places, strict=True)]
        if moved:
            await session.execute(update_by_id(Tweet), moved)
            user_id = next(iter(moments.values())).user_id
            await append_events(session, [NewEvent("room.updated", user_id)])


async def _here(session: AsyncSession, moments: Sequence[Moment]) -> dict[Moment, list[int]]:
    here: dict[Moment, list[int]] = defaultdict(list)
    if moments:
        listed = backend_of(session).listed(moments, Tweet.room_id, Tweet.created_at)
        is_then = and_(Tweet.room_id == listed.c.room_id, Tweet.created_at == listed.c.created_at)
        query = select(listed.c.room_id, listed.c.created_at, Tweet.id).join(Tweet, is_then)
        for *moment, post_id in await session.execute(query.order_by(Tweet.place, Tweet.id)):
            here[moment[0], moment[1]].append(post_id)
    return here
