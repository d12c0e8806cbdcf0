"""Searching posts: by words, by meaning, or both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.ranking import Scorer
from app.db.cache import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.tweets import AnySelect, as_post, select_posts
from app.services.users import get_user
from app.services.word_search import Place, Ranked, search_words

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


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results, and how they were found."""

    hits: list[Hit]
    next: Place | None = None
    method: str = "words"
    corrections: Sequence[tuple[str, str]] = ()
    """What was typed and found nowhere, and the word that was taken for it."""
    is_any: bool = False
    """Whether no post had all the words, so that those with some are listed."""


async def search(
    session: AsyncSession,
    query: str,
    filters: Filters,
    *,
    limit: int,
    place: Place | None = None,
) -> Found:
    """Return posts that fit the query, the best first, from the place on.

    Any query is fine; one without words finds nothing. Raises NotFoundError for an unknown
    author in the filters.
    """
    depends_on(EVERYTHING)
    user = None if filters.username is None else await get_user(session, filters.username)

    def narrow(posts: AnySelect) -> AnySelect:
        return _filtered(posts, filters, user)

    results = await search_words(
        session, query, narrow=narrow, user_id=user.id if user else None, place=place
    )
    if results is None:
        return Found([])
    start = results.place.offset
    shown = results.ranked[start : start + limit]
    following = results.rest
    if start + limit < len(results.ranked):
        following = results.place._replace(offset=start + limit)
    return Found(
        await _hits(session, shown, results.scorer),
        following,
        corrections=results.corrections(),
        is_any=results.place.is_any and len(results.scorer.wanted) > 1,
    )


async def _hits(session: AsyncSession, shown: Sequence[Ranked], scorer: Scorer | None) -> list[Hit]:
    ids = [ranked.id for ranked in shown]
    rows = await session.execute(select_posts().where(Tweet.id.in_(ids)))
    posts = {row.id: as_post(row) for row in rows}
    return [
        Hit(
            **msgspec.structs.asdict(posts[ranked.id]),
            score=ranked.score,
            highlights=scorer.highlights(ranked.text) if scorer else [],
        )
        for ranked in shown
    ]


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
