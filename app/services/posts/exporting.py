"""Exporting posts page by page, in the order of their ids, with a session for each page.

So a slow reader holds no transaction, and memory does not grow with the posts.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from msgspec import json
from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.formats.format import PostRow, Writer
from app.formats.records import Medium, Reactions, ReplyTarget
from app.models import Tweet, User
from app.services.posts.tweets import AnyRow, AnySelect
from app.services.posts.users import get_user

PAGE: Final = 200
"""Posts in a page: each may have 25,000 characters, and many exports may run at once."""


@dataclass(frozen=True, slots=True)
class Export:
    """The posts to export: up to the newest at the start, of one author or of all."""

    newest: int
    posts: int
    """About their number."""
    user_id: int | None
    username: str | None


@dataclass(frozen=True, slots=True)
class ExportPart:
    """A part of the file, and the number of posts in it."""

    data: bytes
    posts: int


async def begin_export(session: AsyncSession, username: str | None) -> Export:
    """Return the export of the posts as of now. Raises NotFoundError for an unknown author."""
    newest = await session.scalar(select(func.max(Tweet.id))) or 0
    if username is not None:
        user = await get_user(session, username)
        return Export(newest, user.tweet_count, user.id, user.username)
    total = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    return Export(newest, int(await session.scalar(total) or 0), None, None)


async def exported(
    db: Database, export: Export, writer: Writer
) -> AsyncGenerator[ExportPart, None]:
    """Yield the file; posts deleted since the start are left out."""
    if writer.heading:
        yield ExportPart(writer.heading, 0)
    event_id, tweet_id = 0, 0
    while True:
        async with db.read() as session:
            page = (await session.execute(_page(export, event_id, tweet_id))).all()
        rows = [_row(found) for found in page if found.deleted_at is None]
        if rows:
            # In a thread, since posts may be long.
            yield ExportPart(await asyncio.to_thread(writer.encode, rows), len(rows))
        if len(page) < PAGE:
            return
        event_id, tweet_id = page[-1].event_id, page[-1].id


def _row(found: AnyRow) -> PostRow:
    target = ReplyTarget(found.reply_to_source_id, found.reply_to_username)
    has_target = target.source_id or target.username
    media = json.decode(found.media, type=tuple[Medium, ...]) if found.media else ()
    counts = json.decode(found.counts, type=Reactions) if found.counts else None
    return PostRow(*(*found[:9], target if has_target else None, media, counts))


def _page(export: Export, event_id: int, tweet_id: int) -> AnySelect:
    query = (
        select(
            Tweet.id,
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
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.id <= export.newest)
        .limit(PAGE)
    )
    if export.user_id is None:
        return query.where(Tweet.id > tweet_id).order_by(Tweet.id)
    # One author's posts are found by the index on their events, which rise as ids do.
    after = tuple_(Tweet.event_id, Tweet.id) > tuple_(event_id, tweet_id)
    query = query.where(Tweet.user_id == export.user_id, after)
    return query.order_by(Tweet.event_id, Tweet.id)
