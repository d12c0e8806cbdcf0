"""Storing a batch of posts and authors in the caller's transaction."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import and_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of, is_among
from app.errors import AppError, InvalidInputError, message_of
from app.models import OLD_MESSAGE, Tweet
from app.services.access.rights import Scope
from app.services.deletion import remove_posts
from app.services.event_log import NewEvent, newest_event
from app.services.imports.job_report import ImportReport
from app.services.posts.arrivals import Arrival, ArrivalResult, PostRow, add_arrivals, find_stored
from app.services.posts.meetings import note_met
from app.services.posts.post_content import NewTweet
from app.services.posts.post_rooms import (
    RoomMention,
    SourceKey,
    find_named_rooms,
    is_of_kept_room,
    joined_name_error,
    unknown_to_guests,
)
from app.services.posts.users import (
    BulkAuthor,
    claim_site,
    disclaim_site,
    find_by_keys,
    store_authors,
)
from app.services.rooms.identification import RoomFinder
from app.services.rooms.messages import FileMessage, FileOrder
from saywho.formats.post import RoomReference
from saywho.formats.records import FileRoom
from saywho.text import username_key, without_at

BATCH: Final = 1_000
"""Posts in a transaction: enough to share its cost, few enough not to delay other writers."""

PostIdentity = tuple[int, datetime | None, str]
"""Author, given time and text."""


class BulkPost(msgspec.Struct, kw_only=True):
    """A valid post with its author and its place in the source."""

    place: int
    username: str
    platform: str | None = None
    display_name: str | None = None
    post: NewTweet
    is_exact: bool = False
    """Whether a new author keeps an @ of the name, as in exports of this program."""
    repeat: int = 0
    """Number among equal posts of its room without `source_id`, from 1; 0 always stores it."""
    is_of_chat: bool = False
    """Whether it comes out of a chat, whose people are no authors of a platform."""

    def is_said_by(self, author: "BulkAuthor") -> bool:
        """Return whether its author is a person in a chat: other sources do not tell who is, but
        what was written in a chat. A stored author stays one.
        """
        is_new = author.is_of_chat or (not author.id and author.platform == "local")
        is_said = self.post.room is not None and self.platform in {None, "local"}
        return self.is_of_chat or (is_said and is_new)


@dataclass(slots=True)
class WritersOfFile:
    """Who wrote a file's posts so far: one account, or the several authors of a table."""

    ids: set[int] = field(default_factory=set)
    """Two at most, which tell one from several."""
    claiming: Sequence[int] = ()
    """New authors for whom the site may have been claimed."""

    async def claim(
        self, session: AsyncSession, writers: Iterable[int], new: Sequence[int]
    ) -> None:
        """Make the new author of a file of one account the site's own."""
        self.ids.update(islice((each for each in writers if each not in self.ids), 2))
        if len(self.ids) > 1:
            await disclaim_site(session, self.claiming)
            self.claiming = ()
        elif new:
            await claim_site(session, new)
            self.claiming = new


@dataclass(slots=True)
class ImportMemory:
    rooms: RoomFinder = field(default_factory=RoomFinder)
    import_id: int | None = None
    """The import that brings the posts, if any."""
    scope: Scope = "write"
    """Right of the person or program that imports."""
    mends: bool = False
    """Whether posts that no import brought are stored again with other words."""
    order: FileOrder = field(default_factory=FileOrder)
    writers: WritersOfFile = field(default_factory=WritersOfFile)
    authors: set[int] = field(default_factory=set)
    """Authors who are new with the import."""
    brought: set[int] = field(default_factory=set)
    """Authors who are new with the import, while nobody else changes the site."""
    _event: int = 0
    _is_plain: bool = True
    """Whether all posts so far have neither an id nor a room: else one may equal another."""

    async def begin(self, session: AsyncSession, batch: Sequence[BulkPost]) -> None:
        """Forget which chats and authors are the import's own, if others have changed the site."""
        if self._has_own and await newest_event(session) != self._event:
            self.rooms.made.clear()
            self.brought.clear()
        if self._is_plain:
            posts = [item.post for item in batch]
            self._is_plain = {post.source_id for post in posts} <= {None} and (
                {post.room for post in posts} <= {None}
            )

    async def end(self, session: AsyncSession) -> None:
        if self._has_own:
            self._event = await newest_event(session)

    @property
    def _has_own(self) -> bool:
        return bool(self.rooms.made or self.brought)

    def may_fill(self, user_id: int) -> bool:
        """Return whether the import fills what an author lacks."""
        return self.scope == "admin" or user_id in self.authors

    def is_own(self, outcome: "ResolvedPost") -> bool:
        """Return whether nothing equal can be stored but what the file counts."""
        room = outcome.item.post.room
        is_counted = self._is_plain if room is None else room in self.rooms.made
        return is_counted and outcome.user.id in self.brought

    def places(self, item: BulkPost, import_id: int | None) -> bool:
        """Return whether a post gives its chat to the stored one that it repeats, which has none.

        import_id: of the stored one.
        """
        return import_id == OLD_MESSAGE and item.is_of_chat and self.scope == "admin"


class EqualPost(NamedTuple):
    id: int
    room_id: int | None
    import_id: int | None
    name_id: int | None


class ResolvedPost(NamedTuple):
    item: BulkPost
    user: BulkAuthor
    room_id: int | None = None
    """None for a post, and for a message that has its room already."""
    name_id: int | None = None
    """Of the joined author of the name in the file."""

    @property
    def key(self) -> SourceKey:
        return self.user.id, self.item.post.source_id

    @property
    def identity(self) -> PostIdentity:
        post = self.item.post
        return self.user.id, post.dated_at or post.created_at, post.text


async def store_batch(
    session: AsyncSession,
    batch: Sequence[BulkPost],
    report: ImportReport,
    *,
    memory: ImportMemory | None = None,
    default_time: datetime | None = None,
    is_bulk: bool = True,
) -> None:
    """Store and count posts and new authors; in bulk, one event announces an author's posts."""
    memory = memory or ImportMemory()
    await memory.begin(session, batch)
    resolved, announced = await _resolve(session, batch, report, memory)
    authors_new = [event.user_id for event in announced if event.kind == "user.created"]
    memory.authors.update(authors_new)
    memory.brought.update(authors_new)
    identities = {
        outcome.identity
        for outcome in resolved
        if outcome.item.repeat and not memory.is_own(outcome)
    }
    stored = await equal_posts(session, identities)
    rows = await find_stored(session, [outcome.key for outcome in resolved])
    if memory.mends:
        resolved = await _mended(session, resolved, rows)
    roomless = {key: row.import_id for key, row in rows.items() if row.content.room is None}
    if any(outcome.item.post.room for outcome in resolved):
        resolved = list(_in_their_places(resolved, rows, roomless, memory))
        in_rooms = rows.keys() - roomless.keys()
        resolved = await _in_rooms(session, memory.rooms, resolved, in_rooms, report)
    known, again = _sorted_out(resolved, stored, memory)
    fresh = [outcome for place, outcome in enumerate(resolved) if place not in known]
    arrivals = [
        Arrival(
            each.user.id,
            each.item.post,
            each.room_id,
            scope=memory.scope,
            is_placed=each.room_id is not None and each.key in roomless,
            name_id=each.name_id,
        )
        for each in fresh
    ]
    added = await add_arrivals(
        session,
        [*arrivals, *again],
        rows,
        default_time=default_time,
        is_bulk=is_bulk,
        announced=announced,
        import_id=memory.import_id,
    )
    await note_met(session, {*known.values()}, memory.import_id)
    messages = list(_messages_of_files(resolved, known, added))
    memory.rooms.share(message.moment[0] for message in messages if not message.is_new)
    may_move = memory.scope == "admin"
    await memory.order.keep(session, messages, {*memory.rooms.made.values()}, may_move=may_move)
    accepted = sum(outcome.is_new for outcome in added)
    report.accepted += accepted
    report.reworded += sum(outcome.is_reworded for outcome in added)
    report.duplicates += len(resolved) - accepted
    report.stored.add_rooms(outcome.room_id for outcome in resolved)
    new = [each for each, outcome in zip(fresh, added, strict=False) if outcome.is_new]
    media = chain.from_iterable([each.item.post.media for each in new])
    report.stored.add((each.user.id for each in new), media)
    # Last, since posts tell a sample from somebody else of its name.
    of_platform = (outcome.user.id for outcome in resolved if not outcome.user.is_of_chat)
    await memory.writers.claim(session, of_platform, authors_new)
    await memory.end(session)


async def _mended(
    session: AsyncSession, resolved: Iterable[ResolvedPost], rows: dict[SourceKey, PostRow]
) -> list[ResolvedPost]:
    """Remove posts that come with other words, also from `rows`; what came keeps their times."""
    mended: list[ResolvedPost] = []
    removed: list[int] = []
    for each in resolved:
        row, post = rows.get(each.key), each.item.post
        if row and row.import_id is None and row.content.text != post.text:
            removed.append(rows.pop(each.key).id)
            post = msgspec.structs.replace(
                post, created_at=post.created_at or row.content.created_at
            )
            each = each._replace(item=msgspec.structs.replace(each.item, post=post))
        mended.append(each)
    await remove_posts(session, is_among(session, Tweet.id, removed))
    return mended


async def _in_rooms(
    session: AsyncSession,
    rooms: RoomFinder,
    resolved: Sequence[ResolvedPost],
    stored_in_rooms: Iterable[SourceKey],
    report: ImportReport,
) -> list[ResolvedPost]:
    """Return the posts with their rooms; reject lines whose room needs more than a name."""
    people = _people(resolved)
    by_people = {room: names for room, names in people.items() if rooms.knows_by_people(room)}
    found = await rooms.find(session, by_people) if by_people else {}
    mentions = [
        RoomMention(outcome.key, room)
        for outcome in resolved
        if (room := outcome.item.post.room) and room not in by_people
    ]
    places = iter(await find_named_rooms(session, mentions, stored_in_rooms))
    placed: list[ResolvedPost] = []
    for outcome in resolved:
        room = outcome.item.post.room
        if room is None or room in by_people:
            placed.append(outcome._replace(room_id=found[room]) if room else outcome)
            continue
        place = next(places)
        try:
            if place is not None and rooms.trusts_ids:
                place.check(room.name)
        except InvalidInputError as error:
            report.refuse(outcome.item.place, message_of(error))
            continue
        if place is not None and not rooms.trusts_ids:
            await rooms.check_named(session, room, place)
        placed.append(outcome._replace(room_id=place and place.room_id))
    return await _without_unknown(session, placed, report)


async def _without_unknown(
    session: AsyncSession, placed: list[ResolvedPost], report: ImportReport
) -> list[ResolvedPost]:
    """Return the posts; reject those by which guests of their chat would learn another name."""
    members = {(each.room_id or 0, each.user.id) for each in placed if each.name_id}
    if not members:
        return placed
    members -= {(each.room_id or 0, each.user.id) for each in placed if not each.name_id}
    unknown, known = await unknown_to_guests(session, members), list[ResolvedPost]()
    for each in placed:
        if each.name_id and each.room_id and (each.room_id, each.user.id) in unknown:
            error = joined_name_error(each.item.username, each.room_id)
            report.refuse(each.item.place, message_of(error))
        else:
            known.append(each)
    return known


def _in_their_places(
    resolved: Iterable[ResolvedPost],
    rows: Mapping[SourceKey, PostRow],
    roomless: Mapping[SourceKey, int | None],
    memory: ImportMemory,
) -> Iterator[ResolvedPost]:
    """Yield the posts; those that repeat a post, which is no message, without their chat."""
    posts = dict(roomless)
    for outcome in resolved:
        key, item = outcome.key, outcome.item
        if item.post.room is None:
            if key[1] is not None and key not in rows:
                posts.setdefault(key, None)
        elif key in posts and not memory.places(item, posts[key]):
            post = msgspec.structs.replace(item.post, room=None)
            outcome = outcome._replace(item=msgspec.structs.replace(item, post=post))
        yield outcome


def _people(resolved: Iterable[ResolvedPost]) -> dict[RoomReference, dict[int, str]]:
    """Return the names of who writes in each chat."""
    people: dict[RoomReference, dict[int, str]] = defaultdict(dict)
    for item, user, *_ in resolved:
        if item.post.room is not None:
            people[item.post.room][user.id] = user.display_name or user.username
    return people


def _sorted_out(
    resolved: Iterable[ResolvedPost],
    stored: Mapping[PostIdentity, Sequence[EqualPost]],
    memory: ImportMemory,
) -> tuple[dict[int, int], list[Arrival]]:
    """Return repeated posts by place, and those that may bring media, reactions or a room.

    A message is repeated in its own room, or in none, as earlier versions stored it.
    """
    known: dict[int, int] = {}
    rooms: dict[int, int] = {}
    again: list[Arrival] = []
    for place, outcome in enumerate(resolved):
        item, user, room_id, name_id = outcome
        if not item.repeat:
            continue
        equal = [
            post._replace(room_id=rooms.get(post.id, post.room_id))
            for post in stored.get(outcome.identity, ())
        ]
        equal = [
            post
            for post in equal
            if room_id in {None, post.room_id}
            or (post.room_id is None and memory.places(item, post.import_id))
        ]
        # What this import brought under another name of the person is another message.
        is_of_import = memory.import_id is not None
        equal = [
            post
            for post in equal
            if not (is_of_import and post.import_id == memory.import_id) or post.name_id == name_id
        ]
        if item.repeat > len(equal):
            continue
        # Those that have their room come first, so that each number means another post.
        post = sorted(
            equal, key=lambda post: (post.room_id is None, post.name_id != name_id, post.id)
        )[item.repeat - 1]
        known[place] = post.id
        is_placed = room_id is not None and post.room_id is None
        if room_id is not None:
            rooms[post.id] = room_id
        has_files = any(medium.file for medium in item.post.media)
        if is_placed or has_files or item.post.counts is not None:
            again.append(Arrival(user.id, item.post, room_id, post.id, memory.scope, is_placed))
    return known, again


def _messages_of_files(
    resolved: Iterable[ResolvedPost], known: Mapping[int, int], added: Iterable[ArrivalResult]
) -> Iterator[FileMessage]:
    outcomes = iter(added)
    for place, (item, _, room_id, _) in enumerate(resolved):
        post = item.post
        post_id, is_new = (known[place], False) if place in known else next(outcomes)[:2]
        if room_id and isinstance(post.room, FileRoom) and post.created_at and not post.dated_at:
            yield FileMessage((room_id, post.created_at), post_id, is_new)


async def _resolve(
    session: AsyncSession, batch: Sequence[BulkPost], report: ImportReport, memory: ImportMemory
) -> tuple[list[ResolvedPost], list[NewEvent]]:
    """Return the posts with authors, and authors' events; reject posts of another platform than
    their author's.
    """
    keys = {name: username_key(name) for name in {item.username for item in batch}}
    bare_names = {name: without_at(name) for name in keys}
    bare_keys = {name: username_key(bare) for name, bare in bare_names.items()}
    authors = await find_by_keys(session, keys.values())
    resolved: list[ResolvedPost] = []
    known: dict[Hashable, tuple[BulkAuthor, int | None]] = {}
    for item in batch:
        # Most posts are by an author of the batch about whom they say nothing new.
        person = item.username, item.platform, item.display_name
        said = *person, item.is_exact, item.is_of_chat, item.post.room is None
        if found := known.get(said):
            resolved.append(ResolvedPost(item, found[0], name_id=found[1]))
            continue
        username, key, bare = item.username, keys[item.username], keys[item.username]
        if not item.is_exact:
            username, bare = bare_names[username], bare_keys[username]
        author = authors.get(key) or authors.get(bare)
        is_other = author and username_key(author.username) != key and key not in author.names
        if item.is_exact and is_other:
            author = None
        author = author or BulkAuthor(0, username, item.platform or "local")
        name_id = author.names.get(key) or author.names.get(bare_keys[item.username])
        try:
            author.complete(
                platform=item.platform,
                # A joined name is shown as its author.
                display_name=None if name_id else item.display_name,
                is_of_chat=item.is_said_by(author),
                may_fill=memory.may_fill(author.id),
            )
        except AppError as error:
            report.refuse(item.place, message_of(error))
        else:
            authors[key] = author
            if not author.id:
                authors[bare] = author
            known[said] = author, name_id
            resolved.append(ResolvedPost(item, author, name_id=name_id))
    named = {author.username: author for author in authors.values()}
    return resolved, await store_authors(session, named.values())


async def equal_posts(
    session: AsyncSession, identities: set[PostIdentity]
) -> dict[PostIdentity, list[EqualPost]]:
    """Return stored posts by identity, without messages of deleted rooms; posts dated ahead have
    two times.
    """
    if not identities:
        return {}
    backend = backend_of(session)
    moments = {(user_id, time) for user_id, time, _ in identities}
    dated = backend.listed(
        [moment for moment in moments if moment[1]], Tweet.user_id, Tweet.created_at
    )
    undated = backend.listed([moment[:1] for moment in moments if not moment[1]], Tweet.user_id)
    # By text too: all posts of an author may be of one time, or of none.
    texts = backend.listed(list({(text,) for _, _, text in identities}), Tweet.text)
    columns = select(*(getattr(Tweet, name) for name in EqualPost._fields))
    columns = columns.add_columns(Tweet.user_id, Tweet.text).where(
        Tweet.text.in_(select(texts)), is_of_kept_room()
    )
    queries = [
        columns.add_columns(time).join(
            dated, and_(Tweet.user_id == dated.c.user_id, time == dated.c.created_at)
        )
        for time in (Tweet.created_at, Tweet.dated_at)
    ]
    has_no_time = and_(Tweet.user_id.in_(select(undated)), Tweet.created_at.is_(None))
    queries.append(columns.add_columns(Tweet.created_at).where(has_no_time))
    posts: dict[PostIdentity, list[EqualPost]] = defaultdict(list)
    for *post, user_id, text, time in await session.execute(union_all(*queries)):
        posts[user_id, time, text].append(EqualPost(*post))
    return posts
