"""Storing a batch of posts of many authors, in the transaction of the caller."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, cast

import msgspec
from msgspec import structs
from sqlalchemy import and_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.counts import Counts
from app.compute.features import features_of
from app.compute.text import username_key
from app.db.backend import backend_of
from app.errors import AppError, message_of
from app.formats.post import RoomReference
from app.models import Tweet
from app.services.compare.profiles import FOLD_FROM, CountedPost, fold_batch
from app.services.event_log import NewEvent
from app.services.imports.bulk_authors import BulkAuthor, find_by_keys, store_authors
from app.services.imports.report import ImportReport
from app.services.posts.arrivals import Arrival, add_arrivals
from app.services.posts.new_tweet import NewTweet
from app.services.posts.own_author import claim_site
from app.services.rooms.message_counts import Membership, put_into_rooms
from app.services.rooms.recognition import RoomFinder, RoomSample

BATCH: Final = 1_000
"""Posts in one transaction: enough to share its cost, few enough for other writers to wait."""

PostIdentity = tuple[int, datetime | None, str]
"""What makes two posts equal: the author, the time that was given with them, and the text."""


class BulkPost(msgspec.Struct, kw_only=True):
    """A valid post, its author, and its place in its source."""

    place: int
    username: str
    platform: str | None = None
    display_name: str | None = None
    post: NewTweet
    counts: Counts | None = None
    """The text's features, where they were counted beforehand."""
    repeat: int = 0
    """For a post without `source_id`: its number among equal posts of its room, from 1; 0 stores
    it always."""
    is_said: bool = False
    """Whether it is of a chat, whose people are nobody's on any platform."""


def count(batch: Sequence[BulkPost]) -> None:
    """Count the features of the posts that will be folded at once; runs in a thread."""
    of_each = Counter(item.username for item in batch)
    counted = [item for item in batch if of_each[item.username] >= FOLD_FROM]
    counts = features_of([item.post.text for item in counted])
    for item, features in zip(counted, counts, strict=True):
        item.counts = features


@dataclass(slots=True)
class EqualPost:
    """A stored post without `source_id`."""

    id: int
    room_id: int | None


class Resolved(NamedTuple):
    """A post and its author."""

    item: BulkPost
    user: BulkAuthor

    @property
    def identity(self) -> PostIdentity:
        post = self.item.post
        return self.user.id, post.dated_at or post.created_at, post.text


async def store_batch(
    session: AsyncSession,
    batch: Sequence[BulkPost],
    report: ImportReport,
    *,
    rooms: RoomFinder | None = None,
    default_time: datetime | None = None,
    is_bulk: bool = True,
) -> None:
    """Store the posts and the authors that are new, and count them in the report.

    In bulk one event announces all new posts of an author, else each has its own.
    """
    resolved, announced = await _resolve(session, batch, report)
    identities = {outcome.identity for outcome in resolved if outcome.item.repeat}
    stored = await _equal_posts(session, identities)
    await _find_rooms(session, rooms or RoomFinder(), resolved, stored)
    fresh, memberships = _sorted_out(resolved, stored)
    added = await add_arrivals(
        session,
        [Arrival(user.id, item.post) for item, user in fresh],
        default_time=default_time,
        is_bulk=is_bulk,
        announced=announced,
    )
    await put_into_rooms(session, memberships)
    accepted = sum(outcome.is_new for outcome in added)
    report.accepted += accepted
    report.duplicates += len(resolved) - accepted
    report.stored.add_rooms(item.post.room.id for item, _ in resolved if item.post.room)
    new: dict[int, list[CountedPost]] = defaultdict(list)
    for (item, user), outcome in zip(fresh, added, strict=True):
        if outcome.is_new and outcome.event_id is not None:
            report.stored.add(user.id, item.post.media)
            new[user.id].append(CountedPost(outcome.event_id, item.post.text, item.counts))
    if is_bulk:
        await fold_batch(session, new)
    # Last, since posts tell a sample from somebody else of its name.
    authors_new = [event.user_id for event in announced if event.kind == "user.created"]
    await claim_site(session, authors_new)


async def _find_rooms(
    session: AsyncSession,
    rooms: RoomFinder,
    resolved: Iterable[Resolved],
    stored: Mapping[PostIdentity, Sequence[EqualPost]],
) -> None:
    """Replace what names the rooms of posts by their ids here."""
    samples: dict[RoomReference, RoomSample] = defaultdict(RoomSample)
    in_rooms = [outcome for outcome in resolved if outcome.item.post.room]
    for outcome in in_rooms:
        item, user = outcome
        sample = samples[cast(RoomReference, item.post.room)]
        sample.names[user.id] = user.display_name or user.username
        if item.repeat:
            sample.messages += 1
            posts = stored.get(outcome.identity, ())
            for room_id in {post.room_id for post in posts if post.room_id}:
                sample.equal.setdefault(room_id, Counter())[user.id] += 1
    ids = await rooms.find(session, samples) if samples else {}
    for item, _ in in_rooms:
        room_id = ids[cast(RoomReference, item.post.room)]
        item.post = structs.replace(item.post, room=RoomReference(id=room_id, name=""))


def _sorted_out(
    resolved: Iterable[Resolved], stored: Mapping[PostIdentity, Sequence[EqualPost]]
) -> tuple[list[Resolved], dict[int, Membership]]:
    """Return the posts that are to be added, and the rooms of stored ones that had none.

    A message is the same only in its own room, or in none, as those of before have it.
    """
    fresh: list[Resolved] = []
    memberships: dict[int, Membership] = {}
    for outcome in resolved:
        item, user = outcome
        room_id = item.post.room.id if item.post.room else None
        equal = [
            post
            for post in stored.get(outcome.identity, ())
            if room_id is None or post.room_id in {None, room_id}
        ]
        if not item.repeat or item.repeat > len(equal):
            fresh.append(outcome)
            continue
        # Those that have their room come first, so that each number means another post.
        post = sorted(equal, key=lambda post: (post.room_id is None, post.id))[item.repeat - 1]
        if room_id is not None and post.room_id is None:
            post.room_id = room_id
            memberships[post.id] = room_id, user.id
    return fresh, memberships


async def _resolve(
    session: AsyncSession, batch: Sequence[BulkPost], report: ImportReport
) -> tuple[list[Resolved], list[NewEvent]]:
    """Return the posts with their authors, and events of new and changed authors.

    Posts of another platform than their author are rejected.
    """
    keys = {name: username_key(name) for name in {item.username for item in batch}}
    authors = await find_by_keys(session, keys.values())
    resolved: list[Resolved] = []
    for item in batch:
        key = keys[item.username]
        author = authors.get(key) or BulkAuthor(0, item.username, item.platform or "local")
        try:
            author.complete(
                platform=item.platform, display_name=item.display_name, is_of_chat=item.is_said
            )
        except AppError as error:
            report.reject(item.place, message_of(error))
        else:
            authors[key] = author
            resolved.append(Resolved(item, author))
    return resolved, await store_authors(session, authors.values())


async def _equal_posts(
    session: AsyncSession, identities: set[PostIdentity]
) -> dict[PostIdentity, list[EqualPost]]:
    """Return the stored posts of each identity by one statement; one dated ahead has two times."""
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
    columns = select(Tweet.id, Tweet.room_id, Tweet.user_id, Tweet.text)
    columns = columns.where(Tweet.text.in_(select(texts)))
    queries = [
        columns.add_columns(time).join(
            dated, and_(Tweet.user_id == dated.c.user_id, time == dated.c.created_at)
        )
        for time in (Tweet.created_at, Tweet.dated_at)
    ]
    has_no_time = and_(Tweet.user_id.in_(select(undated)), Tweet.created_at.is_(None))
    queries.append(columns.add_columns(Tweet.created_at).where(has_no_time))
    posts: dict[PostIdentity, list[EqualPost]] = defaultdict(list)
    for post_id, room_id, user_id, text, time in await session.execute(union_all(*queries)):
        posts[user_id, time, text].append(EqualPost(post_id, room_id))
    return posts
