"""Exporting posts page by page, in the order of their ids, with a session for each page.

So a slow reader holds no transaction, and memory does not grow with the posts.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from msgspec import json
from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.indexes import searched_text
from app.formats.format import PostRow, Writer
from app.formats.records import Medium, Reactions, ReplyTarget
from app.models import Tweet, User
from app.services.posts.tweets import AnyRow, AnySelect
from app.services.posts.users import get_user
from app.services.selection import Conditions

PAGE: Final = 200
"""Posts in a page: each may have 25,000 characters, and many exports may run at once."""


class Matching(Protocol):
    """The posts that a query matches."""

    def select(self, session: AsyncSession, *columns: Any, before: int) -> AnySelect:
        """Return a query for those with lower ids, the last stored first, their ids beside."""

    def has(self, text: str) -> bool:
        """Return whether a post that the query found matches."""


@dataclass(frozen=True, slots=True)
class Export:
    """The posts to export: up to the newest at the start, of one author or of all."""

    newest: int
    posts: int
    """About their number, without the conditions and the query."""
    user_id: int | None
    username: str | None
    conditions: Sequence[ColumnElement[bool]] = ()
    matching: Matching | None = None
    """Only the posts that a query matches, the last stored first, under its own conditions."""


@dataclass(frozen=True, slots=True)
class ExportPart:
    """A part of the file, and the number of posts in it."""

    data: bytes
    posts: int


async def begin_export(
    session: AsyncSession,
    username: str | None,
    *,
    conditions: Conditions | None = None,
    matching: Matching | None = None,
) -> Export:
    """Return the export of the posts as of now. Raises NotFoundError for an unknown author."""
    user = None if username is None else await get_user(session, username)
    newest = await session.scalar(select(func.max(Tweet.id))) or 0
    all_posts = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    posts = user.tweet_count if user else await session.scalar(all_posts)
    return Export(
        newest,
        int(posts or 0),
        user.id if user else None,
        user.username if user else None,
        conditions or (),
        matching,
    )


async def exported(
    db: Database, export: Export, writer: Writer
) -> AsyncGenerator[ExportPart, None]:
    """Yield the file; posts deleted since the start are left out."""
    if writer.heading:
        yield ExportPart(writer.heading, 0)
    after = (0, 0)
    while True:
        async with db.read() as session:
            page = (await session.execute(_page(session, export, *after).limit(PAGE))).all()
        # In a thread, since posts may be long.
        part = await asyncio.to_thread(_part, export, writer, page)
        if part.posts:
            yield part
        if len(page) < PAGE:
            return
        after = page[-1].event_id, page[-1].id


def _part(export: Export, writer: Writer, page: Sequence[AnyRow]) -> ExportPart:
    has = export.matching.has if export.matching else (lambda _: True)
    rows = [
        _row(found)
        for found in page
        if found.deleted_at is None and has(searched_text(found.text, found.media))
    ]
    return ExportPart(writer.encode(rows) if rows else b"", len(rows))


class _Medium(Medium, frozen=True, forbid_unknown_fields=False, omit_defaults=True):
    """A medium without its kept file, which only this installation has."""


def _row(found: AnyRow) -> PostRow:
    target = ReplyTarget(found.reply_to_source_id, found.reply_to_username)
    has_target = target.source_id or target.username
    media = json.decode(found.media, type=tuple[_Medium, ...]) if found.media else ()
    counts = json.decode(found.counts, type=Reactions) if found.counts else None
    return PostRow(*(*found[:9], target if has_target else None, media, counts))


_COLUMNS: Final = (
    User.username,
    User.platform,
    Tweet.text,
    Tweet.kind,
    Tweet.created_at,
    Tweet.lang,
    Tweet.source_id,
    Tweet.url,
    Tweet.reply_to_source_id,
    Tweet.reply_to_username,
    Tweet.media,
    Tweet.counts,
    Tweet.event_id,
    User.deleted_at,
)
"""What a part has of a post beside its id."""


def _page(session: AsyncSession, export: Export, event_id: int, tweet_id: int) -> AnySelect:
    if export.matching is not None:
        before = tweet_id or export.newest + 1
        return export.matching.select(session, *_COLUMNS, before=before)
    query = (
        select(Tweet.id, *_COLUMNS)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.id <= export.newest, *export.conditions)
    )
    if export.user_id is None:
        return query.where(Tweet.id > tweet_id).order_by(Tweet.id)
    # One author's posts are found by the index on their events, which rise as ids do.
    after = tuple_(Tweet.event_id, Tweet.id) > tuple_(event_id, tweet_id)
    query = query.where(Tweet.user_id == export.user_id, after)
    return query.order_by(Tweet.event_id, Tweet.id)
