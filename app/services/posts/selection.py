"""A selection of posts: its only translation into SQL, and its newest posts for analysis.

The database returns a column as one JSON list, much faster than rows; the analysing thread decodes
it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import backend_of
from app.db.result_cache import EVERYTHING, depends_on
from app.models import Tweet, User
from app.models.base import as_counted
from app.services.posts.filters import Chosen, conditions_of
from app.services.posts.local_time import LocalHour, is_at_hour, seconds_of, unix_seconds
from app.services.posts.manners import Shown, shows
from app.services.posts.users import rows_by_name
from saywho.people.times import Said

Conditions = list[sa.ColumnElement[bool]]
Span = tuple[datetime, datetime]
IS_PUBLIC: Final = Tweet.visibility == "public"
"""Condition on a post that is known to be public; it alone goes into websites, files and feeds."""
IS_NOT_PUBLIC: Final = sa.or_(
    # As in the index.
    Tweet.visibility.is_(None),
    Tweet.visibility != sa.literal_column("'public'"),
)
AnySelect = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """An address's filters, `since` to before `until`; counts round both up to quarter hours."""

    usernames: tuple[str, ...] = ()
    platform: str | None = None
    lang: str | None = None
    chosen: Chosen = ()
    """Filters of `FILTERS`."""
    shows: Shown | None = None
    """Style of the posts, applied by `post_conditions` alone."""
    room_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    at: LocalHour | None = None
    of_everyone: bool = False
    """Whether only posts are selected that everyone could see at their source."""

    @property
    def is_narrowed(self) -> bool:
        fields = (self.lang, self.chosen, self.shows, self.room_id, self.since, self.until, self.at)
        return any(fields)


async def author_conditions(session: AsyncSession, selection: Selection) -> Conditions:
    """Return conditions for a query that joins `User`, and record dependencies. Raises
    NotFoundError for an unknown author.
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
    """Return conditions for a query of `User` and `Tweet`. Raises NotFoundError."""
    conditions = [*await author_conditions(session, selection), *field_conditions(selection)]
    if selection.shows is not None:
        conditions.append(shows(session, selection.shows))
    return conditions


def field_conditions(selection: Selection) -> Conditions:
    conditions = conditions_of(selection.chosen)
    if selection.lang is not None:
        conditions.append(Tweet.lang == selection.lang)
    if selection.room_id is not None:
        conditions.append(Tweet.room_id == selection.room_id)
    if selection.since is not None:
        conditions.append(Tweet.created_at >= selection.since)
    if selection.until is not None:
        conditions.append(Tweet.created_at < selection.until)
    if selection.at is not None:
        conditions.append(is_at_hour(seconds_of(Tweet.created_at), selection.at, tick_s=1))
    if selection.of_everyone:
        conditions.append(IS_PUBLIC)
    return conditions


def written_in(span: Span) -> sa.ColumnElement[bool]:
    """Return the condition on a post from the beginning of a span until before its end."""
    return sa.and_(Tweet.created_at >= span[0], Tweet.created_at < span[1])


ScannedColumn = Literal["id", "author", "time", "text", "card", "answered", "to"]
Collected = Callable[[sa.ColumnElement[Any]], sa.ColumnElement[str]]
"""Makes one value of a column (`Backend.collected`)."""

MOST_SCANNED: Final = 20_000
_texts: Final = msgspec.json.Decoder(list[str | None])
_numbers: Final = msgspec.json.Decoder(list[int | None])


def _answered_author(answered: type[Tweet]) -> sa.ScalarSelect[int | None]:
    of_post = sa.select(answered.user_id).where(answered.id == Tweet.reply_to_id)
    return of_post.correlate(Tweet).scalar_subquery()


_COLUMNS: Final[dict[ScannedColumn, sa.ColumnElement[Any]]] = {
    "id": Tweet.id.expression,
    "author": Tweet.user_id.expression,
    "time": unix_seconds(Tweet.created_at),
    "text": Tweet.counted.expression,
    "card": sa.case((Tweet.media.contains('"link"'), Tweet.media)),
    "answered": Tweet.reply_to_username.expression,
    "to": sa.case((Tweet.reply_to_id.is_not(None), _answered_author(aliased(Tweet)))),
}


@dataclass(frozen=True)
class Scan:
    """Posts, newest first; unrequested columns are empty."""

    collected: dict[ScannedColumn, str | None]

    @cached_property
    def id(self) -> list[int]:
        return [post_id or 0 for post_id in self._decoded("id", _numbers)]

    @cached_property
    def author(self) -> list[int]:
        return [author or 0 for author in self._decoded("author", _numbers)]

    @cached_property
    def time(self) -> list[int | None]:
        """Seconds since 1970; None if unknown."""
        return self._decoded("time", _numbers)

    @cached_property
    def text(self) -> list[str]:
        """The texts as they are counted."""
        texts = [text or "" for text in self._decoded("text", _texts)]
        has_handles = r"\u001f" in (self.collected.get("text") or "")
        return [*map(as_counted, texts)] if has_handles else texts

    @cached_property
    def card(self) -> list[str | None]:
        """Media as JSON, if a card in them links to a site."""
        return self._decoded("card", _texts)

    @cached_property
    def answered(self) -> list[str | None]:
        return self._decoded("answered", _texts)

    @cached_property
    def to(self) -> list[int | None]:
        """The author of the answered post, if that is stored."""
        return self._decoded("to", _numbers)

    def _decoded(self, column: ScannedColumn, decoder: msgspec.json.Decoder[Any]) -> list[Any]:
        values: list[Any] = decoder.decode(self.collected.get(column) or "[]")
        return values


class ScanQuery(NamedTuple):
    """A kept query for the newest posts: making it takes longer than running it."""

    columns: tuple[ScannedColumn, ...]
    statement: AnySelect


async def scan(
    session: AsyncSession,
    *conditions: sa.ColumnElement[bool],
    columns: tuple[ScannedColumn, ...],
    limit: int = MOST_SCANNED,
    is_dated: bool | None = None,
) -> Scan:
    """Return the newest posts that meet the conditions; posts without a time count as oldest.

    `is_dated` selects posts with or without a time, by an index.
    """
    query = scanning(backend_of(session).collected, *conditions, columns=columns, is_dated=is_dated)
    return await read_scan(session, query, {"limit": limit})


async def read_scan(session: AsyncSession, query: ScanQuery, values: Mapping[str, Any]) -> Scan:
    """Run a query of `scanning`; `values` are `limit` and the conditions' parameters."""
    row = (await session.execute(query.statement, values)).one()
    return Scan(dict(zip(query.columns, row, strict=True)))


def messages_of(scans: Iterable[Scan]) -> list[Said]:
    """Return each scan's messages in turn, oldest first."""
    return [
        message
        for scan in scans
        for message in [*map(Said, scan.author, scan.time, scan.text)][::-1]
    ]


def scanning(
    collected: Collected,
    *conditions: sa.ColumnElement[bool],
    columns: tuple[ScannedColumn, ...],
    is_dated: bool | None = None,
) -> ScanQuery:
    listed = sa.select(*(_COLUMNS[column].label(column) for column in columns)).where(*conditions)
    order: list[sa.ColumnElement[Any]]
    if is_dated is None:
        order = [Tweet.created_at.desc().nulls_last(), Tweet.id.desc()]
    elif is_dated:
        listed = listed.where(Tweet.created_at.is_not(None))
        order = [Tweet.created_at.desc(), Tweet.place.desc(), Tweet.id.desc()]
    else:
        listed = listed.where(Tweet.created_at.is_(None))
        order = [Tweet.id.desc()]
    newest = listed.order_by(*order).limit(sa.bindparam("limit", type_=sa.Integer)).subquery()
    return ScanQuery(columns, sa.select(*map(collected, newest.c)))
