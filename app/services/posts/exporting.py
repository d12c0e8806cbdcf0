"""Exporting posts in pages, each with its own session, so that slow readers hold no transaction.

Memory does not grow with the posts.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from msgspec import convert
from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.db.backend import searched_text
from app.db.engine import Database
from app.models import Tweet, User
from app.runtime.work_pool import Runner
from app.services.posts.post_content import content_columns, decode, table_columns
from app.services.posts.selection import AnySelect, Conditions
from app.services.posts.tweets import AnyRow, room_name
from app.services.posts.users import get_user
from saywho.formats.post import Medium
from saywho.formats.records import ExportedPost, Writer

PAGE: Final = 200
"""Posts in a page: up to 25,000 characters each, in many simultaneous exports."""


COLUMNS: Final = (
    *(User.username, User.platform, *content_columns(), room_name().label("room_name")),
    *(Tweet.event_id, User.deleted_at),
)

SelectPosts = Callable[[AsyncSession, AnyRow | None], AnySelect]
"""Returns the query for posts after a row, or for the first."""


@dataclass(slots=True)
class Export:
    """The posts to export, up to the newest at the start."""

    newest: int
    username: str | None
    selects: tuple[SelectPosts, ...]
    has: Callable[[str], bool] = lambda _: True
    """Returns whether a selected post is exported, by its text."""
    posts: int = 0


async def begin_export(
    session: AsyncSession, username: str | None, *, conditions: Conditions | None = None
) -> Export:
    """Return the export of posts as of now. Raises NotFoundError for an unknown author."""
    user = None if username is None else await get_user(session, username)
    newest = await session.scalar(select(func.max(Tweet.id))) or 0
    # One author's posts are found by the index on their events, which rise as ids do.
    order = (Tweet.id,) if user is None else (Tweet.event_id, Tweet.id)
    query = select(Tweet.id, *COLUMNS).join(User, User.id == Tweet.user_id)
    query = query.where(Tweet.id <= newest, *(conditions or ()))
    if user is not None:
        query = query.where(Tweet.user_id == user.id)
    # Messages in another order than their ids come first, so that an import of the file keeps it.
    is_moved = and_(Tweet.place < 0, Tweet.room_id.is_not(None), Tweet.created_at.is_not(None))
    moved = query.add_columns(Tweet.place).where(is_moved)
    in_chat = (Tweet.room_id, Tweet.created_at, Tweet.place, Tweet.id)
    selects = (
        partial(_select_after, moved, in_chat),
        partial(_select_after, query.where(~is_moved), order),
    )
    return Export(newest, user.username if user else None, selects)


def _select_after(
    query: AnySelect,
    order: Sequence[InstrumentedAttribute[Any]],
    _: AsyncSession,
    last: AnyRow | None,
) -> AnySelect:
    if last is not None:
        query = query.where(tuple_(*order) > [getattr(last, column.key) for column in order])
    return query.order_by(*order)


async def count_posts_to_export(session: AsyncSession, username: str | None) -> int:
    """Return an approximate number, since posts come and go during the export."""
    if username is not None:
        return (await get_user(session, username)).tweet_count
    counted = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    return await session.scalar(counted) or 0


async def exported(
    db: Database, export: Export, writer: Writer, run: Runner = asyncio.to_thread
) -> AsyncGenerator[bytes, None]:
    """Yield the file without posts deleted since the start."""
    if writer.heading:
        yield writer.heading
    for select_after in export.selects:
        last: AnyRow | None = None
        is_more = True
        while is_more:
            async with db.read() as session:
                page = (await session.execute(select_after(session, last).limit(PAGE))).all()
            # In a thread, since posts may be long.
            if part := await run(_part, export, writer, page):
                yield part
            is_more = len(page) == PAGE
            last = page[-1] if is_more else None


def _part(export: Export, writer: Writer, page: Sequence[AnyRow]) -> bytes:
    posts = {
        row.id: _post(row)
        for row in page
        if row.deleted_at is None and export.has(searched_text(row.text, row.media))
    }
    export.posts += len(posts)
    return writer.encode(posts) if posts else b""


class _Medium(Medium, frozen=True, forbid_unknown_fields=False, omit_defaults=True):
    """A medium without its kept file, which only this installation has."""


def _post(row: AnyRow) -> ExportedPost:
    values = row._asdict()
    names = ("username", "platform", *table_columns(), "room_name")
    fields = decode({name: values[name] for name in names})
    fields["media"] = convert(fields["media"], tuple[_Medium, ...], from_attributes=True)
    return ExportedPost(**fields)
