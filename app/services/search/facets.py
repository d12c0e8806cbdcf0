"""How many posts a search finds: in all, by author, by year, and by language."""

from collections import Counter
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, Integer, Subquery, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Tweet, User
from app.services.search.word_search import MOST_COUNTED, WordResults

MOST_VALUES: Final = 20
"""Authors and languages that are listed, those with the most posts."""


class Facets(msgspec.Struct, frozen=True):
    """Values and how many of the results have each; posts without a value are in no list."""

    username: Annotated[list[tuple[str, int]], Meta(description="The most frequent first.")]
    year: Annotated[list[tuple[int, int]], Meta(description="In UTC, the latest first.")]
    lang: Annotated[list[tuple[str, int]], Meta(description="The most frequent first.")]


async def count_results(session: AsyncSession, results: WordResults) -> int | None:
    """Return how many posts match, by the index; None for more than 10,000."""
    if results.is_whole:
        return len(results.ranked)
    some = results.matches.select(session).limit(MOST_COUNTED + 1).subquery()
    count = await session.scalar(select(func.count()).select_from(some)) or 0
    return count if count <= MOST_COUNTED else None


async def count_facets(session: AsyncSession, results: WordResults) -> Facets:
    """Count the posts that match by author, year and language, up to the 10,000 stored last."""
    rows = await session.execute(
        select(User.username, _year(), Tweet.lang, func.count())
        .join(User, User.id == Tweet.user_id)
        .join(some := _counted(session, results), some.c.id == Tweet.id)
        .group_by(User.username, _year(), Tweet.lang)
    )
    by_name, by_year, by_lang = Counter[str](), Counter[int](), Counter[str]()
    for name, year, lang, count in rows:
        by_name[name] += count
        if year is not None:
            by_year[year] += count
        if lang is not None:
            by_lang[lang] += count
    return Facets(_most(by_name), sorted(by_year.items(), reverse=True), _most(by_lang))


def _year() -> ColumnElement[int]:
    return cast(extract("year", Tweet.created_at), Integer)


def _counted(session: AsyncSession, results: WordResults) -> Subquery:
    query = results.matches.select(session).limit(MOST_COUNTED)
    if results.is_whole:
        query = query.where(Tweet.id.in_([post.id for post in results.ranked]))
    return query.subquery()


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_VALUES]
