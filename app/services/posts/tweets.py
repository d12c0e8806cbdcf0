"""Posts as answers show them: lists, neighbours, and reads by key in batches."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import backend_of, chunks
from app.db.batch import Batch
from app.db.engine import Database
from app.db.feed import Feed
from app.db.result_cache import EVERYTHING, depends_on
from app.errors import NotFoundError
from app.models import ROOM_NAME, Room, Tweet, User
from app.paths import MEDIA
from app.security import digest
from app.services.access.rights import TokenFacts, token_at_once, tokens_by_digest
from app.services.posts.post_content import StoredContent, content_columns, decode, plain_columns
from app.services.posts.selection import (
    IS_NOT_PUBLIC,
    IS_PUBLIC,
    AnySelect,
    Selection,
    field_conditions,
    post_conditions,
)
from app.services.posts.users import Author, authors_by_key, is_called, unknown_user
from saywho.formats.post import Medium, PostContent, ReplyTarget, RoomReference, StoredMedium
from saywho.text import username_key

AnyRow = sa.Row[*tuple[Any, ...]]

TweetKey = tuple[datetime | None, int]
"""A post's place: newest first, equal times by highest id, unknown times last."""


class PostReference(ReplyTarget, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The post that a reply answers, as far as it is known."""

    id: int | None
    """ID of the post here; null if the post is not stored."""


class PostMedium(
    Medium, frozen=True, kw_only=True, forbid_unknown_fields=False, omit_defaults=False
):
    """A picture, video or link of a post."""

    url: str | None
    """URL of the file here; null if the file is not stored."""


class PostRoom(RoomReference, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The chat that a message was written in."""

    id: int
    """ID of the chat here."""


class Post(PostContent[PostReference, PostMedium, PostRoom], frozen=True):
    """A post as answers show it."""

    id: int
    username: str


_PLAIN: Final = ("id", "username", *plain_columns())
_STORED: Final = tuple(column.key for column in content_columns())
POST_COLUMNS: Final = ("id", "username", *_STORED, "reply_to_id", "answered_name", "room_name")
"""Columns of `select_posts`, plain ones first."""
_DECODED: Final = POST_COLUMNS[len(_PLAIN) :]


@cache
def select_posts() -> AnySelect:
    """Return the query for the columns of `as_post`; making it takes 1.4 ms."""
    parent, author = aliased(Tweet), aliased(User)
    answered = (
        sa.select(parent.id)
        .join(author, sa.and_(author.id == parent.user_id, author.deleted_at.is_(None)))
        .where(parent.id == Tweet.reply_to_id)
        .correlate(Tweet)
    )
    # Most posts have neither, and are not looked up: a tenth of a list's time in the database.
    is_linked = Tweet.reply_to_id.is_not(None)
    lacks_name = sa.and_(is_linked, Tweet.reply_to_username.is_(None))
    answered_name = answered.with_only_columns(author.username)
    joined = (
        sa.case((is_linked, answered.scalar_subquery())).label("reply_to_id"),
        sa.case((lacks_name, answered_name.scalar_subquery())).label("answered_name"),
        room_name().label("room_name"),
    )
    return (
        sa.select(Tweet.id, User.username, *content_columns(), *joined)
        .join(User, User.id == Tweet.user_id)
        .where(User.deleted_at.is_(None))
    )


def room_name() -> sa.ColumnElement[str | None]:
    name = sa.select(ROOM_NAME).where(Room.id == Tweet.room_id)
    return sa.case((Tweet.room_id.is_not(None), name.correlate(Tweet).scalar_subquery()))


Page = tuple[list[Post], TweetKey | None]
"""Posts, and the place of the next page; None on the last."""
_named: Final = partial(zip, _PLAIN)
_NOTHING: Final = (None,) * len(_DECODED)
"""Encoded columns of most posts, which are then made in half the time."""
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def as_post(row: AnyRow) -> Post:
    fields, encoded = dict(_named(row)), row[len(_PLAIN) : len(POST_COLUMNS)]
    if encoded != _NOTHING:
        fields |= _references(dict(zip(_DECODED, encoded, strict=True)))
    return Post(**fields)


def is_plain(content: StoredContent) -> bool:
    """Return whether a post of this content shows nothing of other tables."""
    return not (content.reply_to or content.room or content.media or content.counts)


def plain_post(post_id: int, username: str, content: StoredContent) -> Post:
    """Return a new post as `as_post` will, without reading what was just stored."""
    fields = {name: getattr(content, name) for name in plain_columns()}
    return Post(**fields, id=post_id, username=username)


def _references(columns: dict[str, Any]) -> dict[str, Any]:
    fields = decode(columns)
    target, target_id = fields["reply_to"], fields.pop("reply_to_id")
    answered_name = fields.pop("answered_name")
    if target is not None:
        name = target.username or answered_name
        fields["reply_to"] = PostReference(target.source_id, name, id=target_id)
    if (room := fields["room"]) is not None:
        fields["room"] = PostRoom(id=room.id, name=room.name)
    if fields["media"]:
        fields["media"] = tuple(map(_with_address, fields["media"]))
    return fields


def _with_address(medium: StoredMedium) -> PostMedium:
    values = structs.asdict(medium)
    file = values.pop("file")
    return PostMedium(**values, url=file and f"{MEDIA}/{file}")


async def most_liked(
    session: AsyncSession, *conditions: sa.ColumnElement[bool], limit: int
) -> list[Post]:
    """Return the posts with the most likes among those that have some."""
    likes = backend_of(session).likes
    liked = select_posts().where(*conditions, Tweet.counts.is_not(None), likes > 0)
    most = liked.order_by(likes.desc(), Tweet.id.desc()).limit(limit)
    return [as_post(row) for row in await session.execute(most)]


async def find_posts(session: AsyncSession, ids: Sequence[int]) -> dict[int, Post]:
    posts: dict[int, Post] = {}
    for chunk in chunks(ids):
        for row in await session.execute(_posts_by_id(), {"ids": chunk}):
            posts[row.id] = as_post(row)
    return posts


@cache
def _posts_by_id() -> AnySelect:
    return select_posts().where(Tweet.id.in_(sa.bindparam("ids", expanding=True)))


async def get_post(session: AsyncSession, tweet_id: int) -> Post:
    """Raises NotFoundError."""
    query = select_posts().add_columns(Tweet.user_id).where(Tweet.id == tweet_id)
    row = (await session.execute(query)).first()
    if row is None:
        raise NotFoundError("There is no post {tweet_id}", tweet_id=tweet_id)
    depends_on(row.user_id)
    return as_post(row)


async def list_posts(
    session: AsyncSession,
    *,
    user_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: TweetKey | None = None,
    limit: int,
) -> Page:
    """Return up to `limit` posts of an author or all, newest first, and the next place.

    `since` is inclusive, `until` exclusive.
    """
    depends_on(EVERYTHING if user_id is None else user_id)
    conditions = field_conditions(Selection(since=since, until=until))
    if user_id is not None:
        conditions.append(Tweet.user_id == user_id)
    return await read_page(session, conditions, after=after, limit=limit)


async def newest_public(
    session: AsyncSession, *, user_id: int | None = None, limit: int
) -> list[Post]:
    """Return the newest posts, of an author or all, that are known to be public."""
    depends_on(EVERYTHING if user_id is None else user_id)
    conditions = [IS_PUBLIC] if user_id is None else [IS_PUBLIC, Tweet.user_id == user_id]
    return (await read_page(session, conditions, after=None, limit=limit))[0]


async def newest_without(
    session: AsyncSession, usernames: Collection[str], *, limit: int
) -> list[Post]:
    depends_on(EVERYTHING)
    keys = [username_key(username) for username in usernames]
    left_out = sa.select(User.id).where(is_called(keys))
    conditions = [Tweet.user_id.not_in(left_out)] if usernames else []
    return (await read_page(session, conditions, after=None, limit=limit))[0]


async def list_selected(
    session: AsyncSession, selection: Selection, *, after: TweetKey | None = None, limit: int
) -> Page:
    """Return up to `limit` selected posts, newest first, and the next place.

    Raises NotFoundError.
    """
    conditions = await post_conditions(session, selection)
    return await read_page(session, conditions, after=after, limit=limit)


async def count_one_by_one(session: AsyncSession, selection: Selection) -> int:
    """Return how many posts `list_selected` lists, reading each."""
    conditions = await post_conditions(session, selection)
    listed = select_posts().where(*conditions).order_by(None).subquery()
    return await session.scalar(sa.select(sa.func.count()).select_from(listed)) or 0


async def read_page(
    session: AsyncSession,
    conditions: Sequence[sa.ColumnElement[bool]],
    *,
    after: TweetKey | None,
    limit: int,
) -> Page:
    """Return up to `limit` posts by conditions, newest first, and the next place."""
    query = select_posts().where(*conditions)
    if after is not None:
        created_at, tweet_id = after
        is_older = sa.and_(Tweet.created_at.is_(None), Tweet.id < tweet_id)
        if created_at is not None:
            is_before = sa.tuple_(Tweet.created_at, Tweet.id) < sa.tuple_(created_at, tweet_id)
            is_older = sa.or_(is_before, Tweet.created_at.is_(None))
        query = query.where(is_older)
    query = query.order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
    rows = (await session.execute(query.limit(limit + 1))).all()
    return as_page([*map(as_post, rows)], limit)


def as_page(posts: list[Post], limit: int) -> Page:
    """Return the page; longer lists than `limit` have a next page."""
    last = posts[limit - 1] if len(posts) > limit else None
    return posts[:limit], (last.created_at, last.id) if last else None


def _by_author(rows: Iterable[AnyRow]) -> dict[str, tuple[int, list[Post]]]:
    by_key: dict[str, tuple[int, list[tuple[datetime, int, Post]]]] = {}
    for row in rows:
        user_id, key = row[-2:]
        _, posts = by_key.setdefault(key, (user_id, []))
        if row[0] is not None:
            post = as_post(row)
            posts.append((post.created_at or _EARLIEST, post.id, post))
    return {
        key: (user_id, [post for *_, post in sorted(posts, reverse=True)])
        for key, (user_id, posts) in by_key.items()
    }


async def first_pages(
    session: AsyncSession, requests: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], tuple[int, Page]]:
    keys = msgspec.json.encode({key for key, _ in requests}).decode()
    most = max(limit for _, limit in requests)
    newest = select_newest(backend_of(session).newest_of_each)
    rows = await session.execute(newest, {"keys": keys, "limit": most + 1})
    by_key = _by_author(rows.all())  # One by one, each row would take three calls.
    return {
        (key, limit): (by_key[key][0], as_page(by_key[key][1], limit))
        for key, limit in requests
        if key in by_key
    }


@cache
def select_newest(statement: str) -> sa.TextualSelect:
    """Return the query for each author's newest posts, by what a backend reads them from."""
    key: sa.Label[str] = sa.literal_column("asked.value").label("username_key")
    newest = select_posts().add_columns(User.id.label("user_id"), key)
    columns, _, _ = str(newest).rpartition("\nFROM ")
    return sa.text(columns + statement).columns(*newest.selected_columns)


def newest_first(created_at: datetime | None, tweet_id: int) -> tuple[bool, float, int]:
    return created_at is None, -(created_at or _EARLIEST).timestamp(), -tweet_id


class Neighbours(NamedTuple):
    newer: Post | None
    older: Post | None


async def neighbours_of(session: AsyncSession, selection: Selection, post: Post) -> Neighbours:
    """Raises NotFoundError."""
    conditions = await post_conditions(session, selection)
    older, _ = await read_page(session, conditions, after=(post.created_at, post.id), limit=1)
    # Posts without a time come last.
    is_newer = sa.and_(Tweet.created_at.is_(None), Tweet.id > post.id)
    is_newer = sa.or_(is_newer, Tweet.created_at.is_not(None))
    if post.created_at is not None:
        is_newer = sa.tuple_(Tweet.created_at, Tweet.id) > sa.tuple_(post.created_at, post.id)
    query = select_posts().where(*conditions, is_newer)
    query = query.order_by(Tweet.created_at.asc().nulls_first(), Tweet.id).limit(1)
    row = (await session.execute(query)).first()
    return Neighbours(as_post(row) if row else None, older[0] if older else None)


Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class BatchedReads:
    def __init__(self, db: Database, feed: Feed) -> None:
        self._db, self._feed = db, feed
        self._tokens = self._batch(tokens_by_digest)
        self._authors = self._batch(authors_by_key)
        self._pages = self._batch(first_pages)

    def _batch(
        self, find: Callable[[AsyncSession, Sequence[Key]], Awaitable[Mapping[Key, Found]]]
    ) -> Batch[Key, Found | None]:
        async def run(keys: Sequence[Key]) -> list[Found | None]:
            async with self._db.read() as session:
                values = await find(session, keys)
            return [values.get(key) for key in keys]

        return Batch(run, max_size=200, max_waiting=5_000, timeout_s=30)

    async def close(self) -> None:
        for batch in (self._tokens, self._authors, self._pages):
            await batch.close()

    async def token(self, secret: str) -> TokenFacts | None:
        sha256 = digest(secret)
        found = token_at_once(self._feed, sha256)
        return await self._tokens(sha256) if found is None else found.get(sha256)

    async def author(self, username: str) -> Author:
        """Raises NotFoundError."""
        author = await self._authors(username_key(username))
        if author is None:
            raise unknown_user(username)
        depends_on(author.id)
        return author

    async def newest_posts(self, username: str, *, limit: int) -> Page:
        """Return an author's newest posts and the next place. Raises NotFoundError."""
        entry = await self._pages((username_key(username), limit))
        if entry is None:
            raise unknown_user(username)
        user_id, page = entry
        depends_on(user_id)
        return page


async def count_limited(session: AsyncSession) -> int:
    """Return the number of posts outside of chats that are not known to be public."""
    query = sa.select(sa.func.count()).select_from(Tweet).join(User, User.id == Tweet.user_id)
    query = query.where(IS_NOT_PUBLIC, Tweet.room_id.is_(None), User.deleted_at.is_(None))
    return await session.scalar(query) or 0
