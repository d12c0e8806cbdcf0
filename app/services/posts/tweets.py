"""Posts as answers show them: one, or a page of a list."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    TextualSelect,
    and_,
    bindparam,
    cast,
    extract,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import backend_of, chunks
from app.errors import NotFoundError
from app.formats.records import MediumKind, Reactions
from app.memo import EVERYTHING, depends_on
from app.models import Tweet, User
from app.models.derived import EPOCH_S
from app.paths import MEDIA
from app.services.posts.media import stored_media
from app.services.posts.post_counts import HOUR_S, in_zone
from app.services.posts.statistics import WEEK_H
from app.services.selection import Selection, field_conditions, post_conditions

AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]

TweetKey = tuple[datetime | None, int]
"""A post's place in a list: newest first, equal times by highest id, unknown times last."""


class PostReference(msgspec.Struct, frozen=True):
    """The post that a reply answers, as far as it is known."""

    source_id: str | None
    username: str | None
    id: Annotated[int | None, Meta(description="Its id here; null where it is not kept.")]


class PostMedium(msgspec.Struct, frozen=True):
    """A picture, video or link of a post."""

    kind: MediumKind
    url: Annotated[str | None, Meta(description="Its address here; null where it is not kept.")]
    source_url: str | None
    alt: str | None
    width: int | None
    height: int | None


class Post(msgspec.Struct, frozen=True):
    """A post as answers show one."""

    id: int
    username: str
    text: str
    kind: str
    created_at: Annotated[datetime | None, Meta(description="UTC; null where it is not known.")]
    lang: str | None
    source_id: str | None
    url: str | None
    reply_to: PostReference | None
    media: list[PostMedium]
    counts: Annotated[Reactions | None, Meta(description="The newest figures that were seen.")]


FIELDS: Final = (
    Tweet.text,
    Tweet.kind,
    Tweet.created_at,
    Tweet.lang,
    Tweet.source_id,
    Tweet.url,
    Tweet.reply_to_source_id,
    Tweet.reply_to_username,
)
"""The columns that answers and exports show as they are stored."""


@cache
def select_posts() -> AnySelect:
    """Return a query for the columns of `as_post`, made once: that takes 1.4 ms."""
    parent = aliased(Tweet)
    answered = (
        select(parent.id)
        .join(User, and_(User.id == parent.user_id, User.deleted_at.is_(None)))
        .where(parent.id == Tweet.reply_to_id)
        .correlate(Tweet)
        .scalar_subquery()
    )
    return (
        select(
            Tweet.id,
            User.username,
            *FIELDS,
            answered.label("reply_to_id"),
            Tweet.media,
            Tweet.counts,
        )
        .join(User, User.id == Tweet.user_id)
        .where(User.deleted_at.is_(None))
    )


Page = tuple[list[Post], TweetKey | None]
"""Posts, and the place of the next page; None on the last."""
NEWEST: Final = f"""
    SELECT "Tweet".id, "Users".username, {", ".join(f'"Tweet".{each.key}' for each in FIELDS)}, (
            SELECT parent.id FROM "Tweet" AS parent
            JOIN "Users" AS author ON author.id = parent.user_id AND author.deleted_at IS NULL
            WHERE parent.id = "Tweet".reply_to_id
        ) AS reply_to_id, "Tweet".media, "Tweet".counts,
        "Users".id AS user_id, "Users".username_key
"""  # noqa: S608 - names of ours
"""The columns of `select_posts`, and the author's."""
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def as_post(row: AnyRow) -> Post:
    """Return the post whose columns begin the row."""
    source_id, username, tweet_id, media, counts = row[8:13]
    answered = None
    if source_id is not None or username is not None:
        answered = PostReference(source_id, username, tweet_id)
    shown = [
        PostMedium(m.kind, m.file and f"{MEDIA}/{m.file}", m.source_url, m.alt, m.width, m.height)
        for m in (stored_media(media) if media is not None else ())
    ]
    seen = None if counts is None else msgspec.json.decode(counts, type=Reactions)
    return Post(*(*row[:8], answered, shown, seen))


async def find_posts(session: AsyncSession, ids: Sequence[int]) -> dict[int, Post]:
    """Return the posts of these ids."""
    found: dict[int, Post] = {}
    for some in chunks(ids):
        for row in await session.execute(_posts_by_id(), {"ids": some}):
            found[row.id] = as_post(row)
    return found


@cache
def _posts_by_id() -> AnySelect:
    return select_posts().where(Tweet.id.in_(bindparam("ids", expanding=True)))


async def get_post(session: AsyncSession, tweet_id: int) -> Post:
    """Return the post of that id. Raises NotFoundError."""
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
    """Return up to `limit` posts, the newest first, of one author or of all, and the next place.

    `since` is inclusive, `until` exclusive.
    """
    depends_on(EVERYTHING if user_id is None else user_id)
    conditions = field_conditions(Selection(since=since, until=until))
    if user_id is not None:
        conditions.append(Tweet.user_id == user_id)
    return await read_page(session, conditions, after=after, limit=limit)


async def list_selected(
    session: AsyncSession,
    selection: Selection,
    *,
    hour: int | None = None,
    zone: ZoneInfo,
    after: TweetKey | None = None,
    limit: int,
) -> Page:
    """Return up to `limit` posts, the newest first, and the next place.

    `hour` is one of the 168 of the week, from Monday, in the time zone. Raises NotFoundError.
    """
    conditions = await post_conditions(session, selection)
    if hour is not None:
        seconds = cast(extract("epoch", Tweet.created_at), BigInteger) + EPOCH_S
        conditions.append(in_zone(seconds, zone, tick_s=1) // HOUR_S % WEEK_H == hour)
    return await read_page(session, conditions, after=after, limit=limit)


async def read_page(
    session: AsyncSession,
    conditions: Sequence[ColumnElement[bool]],
    *,
    after: TweetKey | None,
    limit: int,
) -> Page:
    """Return up to `limit` posts that fit the conditions, the newest first, and the next place."""
    query = select_posts().where(*conditions)
    if after is not None:
        created_at, tweet_id = after
        is_older = and_(Tweet.created_at.is_(None), Tweet.id < tweet_id)
        if created_at is not None:
            is_before = tuple_(Tweet.created_at, Tweet.id) < tuple_(created_at, tweet_id)
            is_older = or_(is_before, Tweet.created_at.is_(None))
        query = query.where(is_older)
    query = query.order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
    return as_page([as_post(row) for row in await session.execute(query.limit(limit + 1))], limit)


def as_page(posts: list[Post], limit: int) -> Page:
    """Return the page of a list that has one more post if another page follows."""
    last = posts[limit - 1] if len(posts) > limit else None
    return posts[:limit], (last.created_at, last.id) if last else None


async def first_pages(
    session: AsyncSession, asked: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], tuple[int, Page]]:
    """Return authors' ids and first pages, by the case-folded name and the limit of the page."""
    found: dict[str, tuple[int, list[Post]]] = {}
    keys = msgspec.json.encode({key for key, _ in asked}).decode()
    most = max(limit for _, limit in asked)
    newest = select_newest(backend_of(session).newest_of_each)
    for row in await session.execute(newest, {"keys": keys, "limit": most + 1}):
        *_, user_id, key = row
        if key not in found:
            found[key] = (user_id, [])
        if row[0] is not None:
            found[key][1].append(as_post(row))
    for _, posts in found.values():
        posts.sort(key=lambda post: (post.created_at or _EARLIEST, post.id), reverse=True)
    return {
        (key, limit): (found[key][0], as_page(found[key][1], limit))
        for key, limit in asked
        if key in found
    }


@cache
def select_newest(statement: str) -> TextualSelect:
    """Return a query for the newest posts of each author; a backend's statement finds them."""
    user = (User.id.label("user_id"), User.username_key)
    return text(NEWEST + statement).columns(*select_posts().add_columns(*user).selected_columns)


def newest_first(created_at: datetime | None, tweet_id: int) -> tuple[bool, float, int]:
    """Return the sort key of a post in lists."""
    return created_at is None, -(created_at or _EARLIEST).timestamp(), -tweet_id
