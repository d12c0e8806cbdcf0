"""A selection of posts, and its one translation into SQL."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.result_cache import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.posts.showing import Shown, showing
from app.services.posts.user_rows import rows_by_name

Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The filters of an address; `since` is inclusive, `until` exclusive.

    Counts round both up to the next quarter of an hour.
    """

    usernames: tuple[str, ...] = ()
    platform: str | None = None
    lang: str | None = None
    kind: str | None = None
    is_: str | None = None
    """`reply` for what answers another post."""
    has: str | None = None
    """`media` for posts with pictures, videos or links beside the text."""
    shows: Shown | None = None
    """How its posts are written; lists by `post_conditions` alone know it."""
    room_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether the selection leaves out some posts of its authors."""
        fields = (self.lang, self.kind, self.is_, self.has, self.shows, self.room_id)
        return any((*fields, self.since, self.until))


async def author_conditions(session: AsyncSession, selection: Selection) -> Conditions:
    """Return the conditions of a query that joins `User`; record what its answer depends on.

    Raises NotFoundError for an unknown author.
    """
    conditions: Conditions = [User.deleted_at.is_(None)]
    if selection.usernames:
        users = await rows_by_name(session, selection.usernames)
        for user in users:
            depends_on(user.id)
        conditions.append(User.id.in_([user.id for user in users]))
    else:
        depends_on(EVERYTHING)
    if selection.platform is not None:
        conditions.append(User.platform == selection.platform)
    return conditions


async def post_conditions(session: AsyncSession, selection: Selection) -> Conditions:
    """Return the conditions of a query that joins `User` and `Tweet`, likewise."""
    conditions = [*await author_conditions(session, selection), *field_conditions(selection)]
    if selection.shows is not None:
        conditions.append(showing(session, selection.shows))
    return conditions


def field_conditions(selection: Selection) -> Conditions:
    """Return the conditions on posts, without those on their authors."""
    conditions: Conditions = []
    if selection.lang is not None:
        conditions.append(Tweet.lang == selection.lang)
    if selection.kind is not None:
        conditions.append(Tweet.kind == selection.kind)
    if selection.is_ == "reply":
        has_target = or_(
            Tweet.reply_to_source_id.is_not(None), Tweet.reply_to_username.is_not(None)
        )
        conditions.append(or_(Tweet.kind == "reply", has_target))
    if selection.has == "media":
        conditions.append(Tweet.media.is_not(None))
    if selection.room_id is not None:
        conditions.append(Tweet.room_id == selection.room_id)
    if selection.since is not None:
        conditions.append(Tweet.created_at >= selection.since)
    if selection.until is not None:
        conditions.append(Tweet.created_at < selection.until)
    return conditions
