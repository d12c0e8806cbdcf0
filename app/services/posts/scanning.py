"""The newest posts of a selection as columns for analysis.

The database returns a column as one JSON list, much faster than rows; the analysing thread decodes
it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Integer, bindparam, case, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.models import Tweet
from app.services.posts.post_counts import unix_seconds
from app.services.posts.tweets import AnySelect

ScannedColumn = Literal["author", "time", "text", "card", "answered"]
Collected = Callable[[ColumnElement[Any]], ColumnElement[str]]
"""Makes one value of a column (`Backend.collected`)."""

MOST_SCANNED: Final = 20_000
_texts: Final = msgspec.json.Decoder(list[str | None])
_numbers: Final = msgspec.json.Decoder(list[int | None])


@dataclass(frozen=True)
class Scan:
    """Posts, newest first; unrequested columns are empty."""

    collected: dict[ScannedColumn, str | None]

    @cached_property
    def author(self) -> list[int]:
        return [author or 0 for author in self._decoded("author", _numbers)]

    @cached_property
    def time(self) -> list[int | None]:
        """Seconds since 1970; None if unknown."""
        return self._decoded("time", _numbers)

    @cached_property
    def text(self) -> list[str]:
        return [text or "" for text in self._decoded("text", _texts)]

    @cached_property
    def card(self) -> list[str | None]:
        """Media as JSON, if a card in them links to a site."""
        return self._decoded("card", _texts)

    @cached_property
    def answered(self) -> list[str | None]:
        return self._decoded("answered", _texts)

    def _decoded(self, column: ScannedColumn, decoder: msgspec.json.Decoder[Any]) -> list[Any]:
        values: list[Any] = decoder.decode(self.collected.get(column) or "[]")
        return values


class ScanQuery(NamedTuple):
    """A kept query for the newest posts: making it takes longer than running it."""

    columns: tuple[ScannedColumn, ...]
    statement: AnySelect


async def scan(
    session: AsyncSession,
    *conditions: ColumnElement[bool],
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


def scanning(
    collected: Collected,
    *conditions: ColumnElement[bool],
    columns: tuple[ScannedColumn, ...],
    is_dated: bool | None = None,
) -> ScanQuery:
    listed = select(*(_expression(column).label(column) for column in columns)).where(*conditions)
    order: list[ColumnElement[Any]]
    if is_dated is None:
        order = [Tweet.created_at.desc().nulls_last(), Tweet.id.desc()]
    elif is_dated:
        listed = listed.where(Tweet.created_at.is_not(None))
        order = [Tweet.created_at.desc(), Tweet.place.desc(), Tweet.id.desc()]
    else:
        listed = listed.where(Tweet.created_at.is_(None))
        order = [Tweet.id.desc()]
    newest = listed.order_by(*order).limit(bindparam("limit", type_=Integer)).subquery()
    return ScanQuery(columns, select(*map(collected, newest.c)))


def _expression(column: ScannedColumn) -> ColumnElement[Any]:
    expressions: dict[ScannedColumn, ColumnElement[Any]] = {
        "author": Tweet.user_id.expression,
        "time": unix_seconds(Tweet.created_at),
        "text": Tweet.text.expression,
        "card": case((Tweet.media.contains('"link"'), Tweet.media)),
        "answered": Tweet.reply_to_username.expression,
    }
    return expressions[column]
