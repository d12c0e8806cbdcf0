"""Searching posts by their words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Float, Integer, String, column, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.query import match_expression, parse_query
from app.db.cache import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.tweets import AnySelect, select_posts
from app.services.users import get_user

START: Final = "\x02"
END: Final = "\x03"
"""Marks around a match; no post holds control characters."""
DEEPEST: Final = 10_000
"""Results beyond this place are not listed."""


class Hit(msgspec.Struct, frozen=True):
    """A post that was found."""

    id: int
    username: str
    text: str
    kind: str
    created_at: datetime | None
    lang: str | None
    source_id: str | None
    url: str | None
    score: float
    highlights: list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which posts may be found; `since` is inclusive, `until` exclusive."""

    username: str | None = None
    platform: str | None = None
    lang: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_MATCHES: Final = (
    text(
        'SELECT rowid AS id, -bm25("TweetWords") AS score FROM "TweetWords"'
        ' WHERE "TweetWords" MATCH :expression'
    )
    .columns(column("id", Integer), column("score", Float))
    .subquery("matches")
)
# Only for the posts shown: marking is costlier than finding.
_MARKED: Final = (
    text(
        'SELECT rowid AS id, highlight("TweetWords", 0, :start, :end) AS marked FROM "TweetWords"'
        ' WHERE "TweetWords" MATCH :expression'
        " AND rowid IN (SELECT value FROM json_each(:ids))"
    )
    .bindparams(start=START, end=END)
    .columns(column("id", Integer), column("marked", String))
)


async def search(
    session: AsyncSession, query: str, filters: Filters, *, limit: int, offset: int = 0
) -> tuple[list[Hit], int | None]:
    """Return the posts that hold all words of the query, the best first, and the next place.

    Any query is fine; one without words finds nothing. Raises NotFoundError for an unknown
    author in the filters.
    """
    depends_on(EVERYTHING)
    user = None if filters.username is None else await get_user(session, filters.username)
    # FTS5 reads an expression up to its first NUL; no post holds one.
    expression = match_expression(parse_query(query.replace("\0", " ")))
    if expression is None:
        return [], None
    matching = (
        _filtered(select_posts().add_columns(_MATCHES.c.score), filters, user)
        .join(_MATCHES, _MATCHES.c.id == Tweet.id)
        .order_by(_MATCHES.c.score.desc(), Tweet.id.desc())
        .limit(limit + 1)
        .offset(offset)
    )
    rows = (await session.execute(matching, {"expression": expression})).all()
    ids = msgspec.json.encode([row.id for row in rows[:limit]]).decode()
    marked = await session.execute(_MARKED, {"expression": expression, "ids": ids})
    texts = {row.id: row.marked for row in marked}
    hits = [Hit(**row._asdict(), highlights=marks_in(texts[row.id])) for row in rows[:limit]]
    following = offset + limit if len(rows) > limit and offset + limit < DEEPEST else None
    return hits, following


def _filtered(query: AnySelect, filters: Filters, user: User | None) -> AnySelect:
    if user is not None:
        query = query.where(Tweet.user_id == user.id)
    if filters.platform is not None:
        query = query.where(User.platform == filters.platform)
    if filters.lang is not None:
        query = query.where(Tweet.lang == filters.lang)
    if filters.kind is not None:
        query = query.where(Tweet.kind == filters.kind)
    if filters.since is not None:
        query = query.where(Tweet.created_at >= filters.since)
    if filters.until is not None:
        query = query.where(Tweet.created_at < filters.until)
    return query


def marks_in(marked: str) -> list[tuple[int, int]]:
    """Return where the marks of a text are, [start, end) in code points of the text itself."""
    before, *pieces = marked.split(START)
    spans, place = [], len(before)
    for piece in pieces:
        inside, _, outside = piece.partition(END)
        spans.append((place, place + len(inside)))
        place += len(inside) + len(outside)
    return spans
