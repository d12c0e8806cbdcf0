"""Exporting posts page by page, in the order of their ids, with a session for each page.

So a slow reader holds no transaction, and memory does not grow with the posts.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import json
from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.indexes import searched_text
from app.formats.records import ExportedPost, Medium, Reactions, ReplyTarget, Writer
from app.models import Tweet, User
from app.services.posts.tweets import FIELDS, AnyRow, AnySelect
from app.services.posts.users import get_user
from app.services.selection import Conditions

PAGE: Final = 200
"""Posts in a page: each may have 25,000 characters, and many exports may run at once."""


COLUMNS: Final = (
    User.username,
    User.platform,
    *FIELDS,
    Tweet.media,
    Tweet.counts,
    Tweet.event_id,
    User.deleted_at,
)
"""What a part has of a post beside its id."""

SelectPosts = Callable[[AsyncSession, AnyRow | None], AnySelect]
"""Returns the query for the posts after a row, or for the first ones."""


@dataclass(slots=True)
class Export:
    """The posts to export: up to the newest at the start, of one author or of all."""

    newest: int
    username: str | None
    select: SelectPosts
    has: Callable[[str], bool] = lambda _: True
    """Returns whether a post that was selected belongs to it, by its text."""
    posts: int = 0
    """Number of those that are in the file so far."""


async def begin_export(
    session: AsyncSession, username: str | None, *, conditions: Conditions | None = None
) -> Export:
    """Return the export of the posts as of now. Raises NotFoundError for an unknown author."""
    user = None if username is None else await get_user(session, username)
    newest = await session.scalar(select(func.max(Tweet.id))) or 0
    # One author's posts are found by the index on their events, which rise as ids do.
    order = (Tweet.id,) if user is None else (Tweet.event_id, Tweet.id)
    query = select(Tweet.id, *COLUMNS).join(User, User.id == Tweet.user_id)
    query = query.where(Tweet.id <= newest, *(conditions or ())).order_by(*order)
    if user is not None:
        query = query.where(Tweet.user_id == user.id)

    def select_after(_: AsyncSession, last: AnyRow | None) -> AnySelect:
        place = [getattr(last, column.key) if last else 0 for column in order]
        return query.where(tuple_(*order) > place)

    return Export(newest, user.username if user else None, select_after)


async def exported(db: Database, export: Export, writer: Writer) -> AsyncGenerator[bytes, None]:
    """Yield the file; posts deleted since the start are left out."""
    if writer.heading:
        yield writer.heading
    last: AnyRow | None = None
    while True:
        async with db.read() as session:
            page = (await session.execute(export.select(session, last).limit(PAGE))).all()
        # In a thread, since posts may be long.
        if part := await asyncio.to_thread(_part, export, writer, page):
            yield part
        if len(page) < PAGE:
            return
        last = page[-1]


def _part(export: Export, writer: Writer, page: Sequence[AnyRow]) -> bytes:
    posts = {
        found.id: _post(found)
        for found in page
        if found.deleted_at is None and export.has(searched_text(found.text, found.media))
    }
    export.posts += len(posts)
    return writer.encode(posts) if posts else b""


class _Medium(Medium, frozen=True, forbid_unknown_fields=False, omit_defaults=True):
    """A medium without its kept file, which only this installation has."""


def _post(found: AnyRow) -> ExportedPost:
    target = ReplyTarget(found.reply_to_source_id, found.reply_to_username)
    has_target = target.source_id or target.username
    media = json.decode(found.media, type=tuple[_Medium, ...]) if found.media else ()
    counts = json.decode(found.counts, type=Reactions) if found.counts else None
    return ExportedPost(*(*found[1:9], target if has_target else None, media, counts))
