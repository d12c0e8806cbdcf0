"""Storing many posts of many authors: a transaction for each batch, and a report."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import and_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.counts import Counts
from app.compute.features import features_of
from app.compute.text import username_key
from app.db.backend import backend_of
from app.errors import AppError, ConflictError, Message, message_of
from app.models import Tweet
from app.services.compare.folding import FOLD_FROM, CountedPost, fold_batch
from app.services.event_log import NewEvent
from app.services.imports.authors import BulkAuthor, find_authors, store_authors
from app.services.posts.media import stored_media
from app.services.posts.new_tweet import NewTweet
from app.services.posts.writer import Arrival, add_arrivals

MAX_ERRORS: Final = 100
MOST_LISTED: Final = 200
"""Authors whose new posts a report counts one by one."""
BATCH: Final = 2_000
"""Posts in one transaction: enough to share its cost, few enough for other writers to wait."""
RESOLVED_AT_ONCE: Final = 200
"""Authors in one step of the event loop."""

Kind = tuple[int, datetime | None, str]
"""What makes two posts equal: the author, the time that was given with them, and the text."""


class BulkError(msgspec.Struct, frozen=True):
    """Why a line or record was not stored."""

    line: Annotated[int, Meta(description="The number of the line, from 1.")]
    detail: str


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
    """For a post without `source_id`: its number among equal posts, from 1; 0 stores it always."""
    is_said: bool = False
    """Whether it is of a chat, whose people are nobody's on any platform."""


class StoredPosts(msgspec.Struct):
    """New posts by the ids of their authors, of whom the first 200 count, and their times."""

    posts: dict[int, int] = {}
    first_at: datetime | None = None
    newest_at: datetime | None = None
    files: int = 0
    """Kept pictures and videos of these posts."""

    def add(self, user_id: int, time: datetime | None, media: str | None) -> None:
        self.files += sum(each.file is not None for each in stored_media(media))
        if user_id in self.posts or len(self.posts) < MOST_LISTED:
            self.posts[user_id] = self.posts.get(user_id, 0) + 1
        if time is not None:
            self.first_at = min(time, self.first_at or time)
            self.newest_at = max(time, self.newest_at or time)


@dataclass(slots=True)
class PostCounts:
    """How many posts were stored, and how many were not, by the reason."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reposts: int = 0
    restricted: int = 0
    skipped: int = 0

    def add(self, other: "PostCounts") -> None:
        for count in fields(PostCounts):
            setattr(self, count.name, getattr(self, count.name) + getattr(other, count.name))


@dataclass(slots=True)
class ImportReport(PostCounts):
    """Counts of the posts so far, and the first errors."""

    errors: list[BulkError] = field(default_factory=list)
    stored: StoredPosts = field(default_factory=StoredPosts)
    event_id: int | None = None
    broken: Message | None = None
    """The reason why the source could not be read to its end."""

    def reject(self, place: int, detail: str) -> None:
        """Count a post that was not stored; the first errors are kept."""
        self.rejected += 1
        self.note(place, detail)

    def note(self, place: int, detail: str) -> None:
        """Report what was left out of a post that was stored."""
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(BulkError(place, detail))

    def merge(self, other: "ImportReport") -> None:
        """Add what was found in reading further posts."""
        self.add(other)
        self.errors += other.errors[: MAX_ERRORS - len(self.errors)]
        self.broken = self.broken or other.broken

    def in_order(self) -> list[BulkError]:
        """Return the errors by place: reading and storing report them at different times."""
        return sorted(self.errors, key=lambda error: error.line)

    def saw(self, event_id: int | None) -> None:
        if event_id is not None:
            self.event_id = max(self.event_id or 0, event_id)


def count(batch: Sequence[BulkPost]) -> None:
    """Count the features of the posts that will be folded at once; runs in a thread."""
    of_each = Counter(item.username for item in batch)
    some = [item for item in batch if of_each[item.username] >= FOLD_FROM]
    counts = features_of([item.post.text for item in some])
    for item, each in zip(some, counts, strict=True):
        item.counts = each


async def store_batch(
    session: AsyncSession,
    batch: Sequence[BulkPost],
    report: ImportReport,
    *,
    default_time: datetime | None = None,
    is_bulk: bool = True,
) -> None:
    """Store the posts and the authors that are new, and count them in the report.

    In bulk one event announces all new posts of an author, else each has its own.
    """
    resolved, announced = await _resolve(session, batch, report)
    fresh = await _without_stored(session, resolved)
    added = await add_arrivals(
        session,
        [Arrival(user.id, item.post) for item, user in fresh],
        default_time=default_time,
        is_bulk=is_bulk,
        announced=announced,
    )
    accepted = sum(added.is_new)
    report.accepted += accepted
    report.duplicates += len(resolved) - accepted
    report.saw(added.newest_event)
    new: dict[int, list[CountedPost]] = defaultdict(list)
    for (item, user), event_id, is_new in zip(fresh, added.event_ids, added.is_new, strict=True):
        if is_new and event_id is not None:
            report.stored.add(user.id, item.post.created_at or default_time, item.post.media)
            new[user.id].append(CountedPost(event_id, item.post.text, item.counts))
    if is_bulk:
        await fold_batch(session, new)


async def _resolve(
    session: AsyncSession, batch: Sequence[BulkPost], report: ImportReport
) -> tuple[list[tuple[BulkPost, BulkAuthor]], list[NewEvent]]:
    """Return the posts with their authors, and events of new and changed authors.

    Posts of another platform than their author are rejected.
    """
    keys = {name: username_key(name) for name in {item.username for item in batch}}
    authors = await find_authors(session, keys.values())
    groups: dict[tuple[str, str | None], list[BulkPost]] = defaultdict(list)
    for item in batch:
        groups[keys[item.username], item.platform].append(item)
    resolved: list[tuple[BulkPost, BulkAuthor]] = []
    for number, ((key, platform), items) in enumerate(groups.items(), 1):
        if number % RESOLVED_AT_ONCE == 0:
            await asyncio.sleep(0)
        first, name = items[0], next((i.display_name for i in items if i.display_name), None)
        author = authors.get(key) or BulkAuthor(0, first.username, platform or "local")
        try:
            if first.is_said:
                _check_person(author)
            author.complete(platform=platform, display_name=name, is_of_chat=first.is_said)
        except AppError as error:
            for item in items:
                report.reject(item.place, message_of(error))
            continue
        authors[key] = author
        resolved += ((item, author) for item in items)
    announced = await store_authors(session, authors.values())
    resolved.sort(key=lambda pair: pair[0].place)
    return resolved, announced


def _check_person(author: BulkAuthor) -> None:
    """Raise ConflictError if somebody of a chat would be taken for an author of a platform."""
    if author.platform != "local":
        raise ConflictError(
            "'{username}' is known from {known}, and may be somebody else;"
            " --rename {username}=NAME names who is in the chat",
            username=author.username,
            known=author.platform,
        )


async def _without_stored(
    session: AsyncSession, resolved: Sequence[tuple[BulkPost, BulkAuthor]]
) -> list[tuple[BulkPost, BulkAuthor]]:
    """Return the posts that are not stored yet; equal ones, by time and text, are counted."""
    kinds = {_kind(item, user) for item, user in resolved if item.repeat}
    stored = await _count_stored(session, kinds)
    return [
        (item, user)
        for item, user in resolved
        if not item.repeat or item.repeat > stored[_kind(item, user)]
    ]


def _kind(item: BulkPost, user: BulkAuthor) -> Kind:
    return user.id, item.post.dated_at or item.post.created_at, item.post.text


async def _count_stored(session: AsyncSession, kinds: set[Kind]) -> Counter[Kind]:
    """Count the stored posts of each kind by one statement; one dated ahead has two times."""
    if not kinds:
        return Counter()
    backend = backend_of(session)
    moments = {(user_id, time) for user_id, time, _ in kinds}
    dated = backend.listed([each for each in moments if each[1]], Tweet.user_id, Tweet.created_at)
    undated = backend.listed([each[:1] for each in moments if not each[1]], Tweet.user_id)
    # By text too: all posts of an author may be of one time, or of none.
    texts = backend.listed(list({(text,) for _, _, text in kinds}), Tweet.text)
    columns = select(Tweet.user_id, Tweet.text).where(Tweet.text.in_(select(texts)))
    queries = [
        columns.add_columns(time).join(
            dated, and_(Tweet.user_id == dated.c.user_id, time == dated.c.created_at)
        )
        for time in (Tweet.created_at, Tweet.dated_at)
    ]
    has_no_time = and_(Tweet.user_id.in_(select(undated)), Tweet.created_at.is_(None))
    queries.append(columns.add_columns(Tweet.created_at).where(has_no_time))
    rows = await session.execute(union_all(*queries))
    return Counter((user_id, time, text) for user_id, text, time in rows)
