"""Storing many posts of many authors: a transaction for each batch, and a report."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.counts import Counts
from app.compute.text import username_key
from app.db.backend import chunks
from app.errors import AppError, ConflictError, Message, message_of
from app.models import Tweet, User
from app.services.compare.profiles import fold_batch
from app.services.posts.adding import AddResult, add_posts
from app.services.posts.new_tweet import NewTweet
from app.services.posts.users import add_user, find_user, update_user

MAX_ERRORS: Final = 100
FOLD_FROM: Final = 50
"""New posts of one author in a batch, from which on they are folded into the profile at once."""
MOST_AUTHORS: Final = 100
"""Authors in one transaction: each costs a few statements, during which other writers wait."""
BATCH: Final = 2_000
"""Posts in one transaction: enough to share its cost, few enough for other writers to wait."""
READ_AHEAD: Final = timedelta(minutes=1)
"""Slack between reading an author's first posts and creating the author."""

Kind = tuple[datetime | None, str]
"""What makes two posts of an author equal: the time that was given with them, and the text."""


class BulkError(msgspec.Struct, frozen=True):
    """Why a line or record was not stored."""

    line: Annotated[int, Meta(description="The number of the line, from 1.")]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPost:
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
    twins: int = 0
    """Records before it in its source that are equal, but have a `source_id`."""


@dataclass(slots=True)
class ImportReport:
    """Counts of the posts so far, and the first errors."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reposts: int = 0
    restricted: int = 0
    errors: list[BulkError] = field(default_factory=list)
    event_id: int | None = None
    user_ids: set[int] = field(default_factory=set)
    """Authors of stored posts."""
    broken: Message | None = None
    """The reason why the source could not be read to its end."""

    def reject(self, place: int, detail: str) -> None:
        """Count a post that was not stored; the first errors are kept."""
        self.rejected += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(BulkError(place, detail))

    def in_order(self) -> list[BulkError]:
        """Return the errors by place: reading and storing report them at different times."""
        return sorted(self.errors, key=lambda error: error.line)

    def saw(self, event_id: int | None) -> None:
        if event_id is not None:
            self.event_id = max(self.event_id or 0, event_id)


def in_portions(batch: Sequence[BulkPost]) -> Iterator[list[BulkPost]]:
    """Yield the posts in portions of at most MOST_AUTHORS authors, for a transaction each."""
    portion: list[BulkPost] = []
    authors: set[str] = set()
    for item in batch:
        authors.add(item.username)
        if len(authors) > MOST_AUTHORS:
            yield portion
            portion, authors = [], {item.username}
        portion.append(item)
    if portion:
        yield portion


async def store_batch(
    session: AsyncSession,
    batch: Sequence[BulkPost],
    report: ImportReport,
    *,
    default_time: datetime | None = None,
) -> None:
    """Store the posts and the authors that are new, and count them in the report."""
    by_author: dict[str, list[BulkPost]] = defaultdict(list)
    for item in batch:
        by_author[username_key(item.username)].append(item)
    for items in by_author.values():
        user, good = await _resolve_all(session, items, report)
        if user is None:
            continue
        fresh = await _without_stored(session, user, good)
        report.duplicates += len(good) - len(fresh)
        if not fresh:
            continue
        posts = [item.post for item in fresh]
        added = await add_posts(session, user.id, posts, default_time=default_time)
        accepted = sum(added.is_new)
        report.accepted += accepted
        report.duplicates += len(fresh) - accepted
        report.saw(added.newest_event)
        if accepted:
            report.user_ids.add(user.id)
            await _fold(session, user, fresh, added)


async def _resolve_all(
    session: AsyncSession, items: Sequence[BulkPost], report: ImportReport
) -> tuple[User | None, list[BulkPost]]:
    """Return the author of the posts, and the posts except those of another platform."""
    by_platform: dict[str | None, list[BulkPost]] = defaultdict(list)
    for item in items:
        by_platform[item.platform].append(item)
    user, good = None, []
    for some in by_platform.values():
        try:
            user, event_id = await resolve_author(session, some[0])
        except AppError as error:
            for item in some:
                report.reject(item.place, message_of(error))
            continue
        report.saw(event_id)
        good += some
    return user, sorted(good, key=lambda item: item.place)


async def _fold(
    session: AsyncSession, user: User, items: Sequence[BulkPost], added: AddResult
) -> None:
    """Fold the new posts into the author's profile if they are many: each fold rewrites it."""
    folded = [
        (item.post.text, item.counts)
        for item, is_new in zip(items, added.is_new, strict=True)
        if is_new and item.counts is not None
    ]
    texts, parts = [text for text, _ in folded], [counts for _, counts in folded]
    if len(parts) >= FOLD_FROM and len(parts) == sum(added.is_new):
        await session.refresh(user)
        brought_by = added.event_ids[added.is_new.index(True)]
        await fold_batch(session, user, texts, parts, brought_by or 0)


async def resolve_author(session: AsyncSession, item: BulkPost) -> tuple[User, int | None]:
    """Return the author of the post, created if new, and the event of a change.

    Raises ConflictError if the name is known from another platform, InvalidInputError for an
    invalid name.
    """
    user = await find_user(session, item.username)
    if user is None:
        return await add_user(
            session,
            item.username,
            display_name=item.display_name,
            platform=item.platform or "local",
        )
    check_platform(user, item.platform)
    event_id = await update_user(
        session, user, platform=item.platform, display_name=item.display_name
    )
    return user, event_id


def check_platform(user: User, platform: str | None) -> None:
    """Raise ConflictError if the author is of another platform; `local` yields to any."""
    if platform in {None, "local", user.platform} or user.platform == "local":
        return
    raise ConflictError(
        "'{username}' is known from {known} already, not from {platform}",
        username=user.username,
        known=user.platform,
        platform=platform,
    )


async def _without_stored(
    session: AsyncSession, user: User, items: Sequence[BulkPost]
) -> list[BulkPost]:
    """Return the posts that are not stored yet; equal ones, by time and text, are counted."""
    kinds = {_kind(item.post) for item in items if item.repeat}
    stored = await _stored_then(session, user, list(kinds))

    def known(item: BulkPost) -> int:
        kind = _kind(item.post)
        return stored[kind, False] + max(0, stored[kind, True] - item.twins)

    return [item for item in items if item.repeat == 0 or item.repeat > known(item)]


def _kind(post: NewTweet) -> Kind:
    return post.dated_at or post.created_at, post.text


async def _stored_then(
    session: AsyncSession, user: User, kinds: Sequence[Kind]
) -> Counter[tuple[Kind, bool]]:
    """Count the author's posts of each time and text, those with a `source_id` apart.

    A post that was dated ahead has two times. It arrived after its author was created, or was read
    just before.
    """
    stored: Counter[tuple[Kind, bool]] = Counter()
    earliest = user.created_at - READ_AHEAD
    maybe_ahead = [kind for kind in kinds if kind[0] is not None and kind[0] > earliest]
    for column, wanted in ((Tweet.created_at, kinds), (Tweet.dated_at, maybe_ahead)):
        for some in chunks(wanted):
            times = {time for time, _ in some}
            is_same_time = column.in_([time for time in times if time is not None])
            # By their text too: all the posts of an author may be without a time.
            query = select(column, Tweet.text, Tweet.source_id.is_not(None)).where(
                Tweet.user_id == user.id,
                or_(is_same_time, column.is_(None)) if None in times else is_same_time,
                Tweet.text.in_([text for _, text in some]),
            )
            among = set(some)
            for time, text, has_id in await session.execute(query):
                if (time, text) in among:
                    stored[(time, text), has_id] += 1
    return stored
