"""Search by words: the index proposes candidates, `compute.ranking` decides.

Posts must have all words of a query; if no post has, posts with some of them are found. Of very
many candidates the newest are ranked first, then the next ones.
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, Integer, Subquery, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.query import parse_query
from app.compute.ranking import Scorer
from app.db.indexes import searched_text
from app.models import MAX_ID, Tweet, User
from app.services.posts.tweets import AnyRow
from app.services.search.matching import CANDIDATES, Matches, match_words
from app.services.selection import Conditions
from app.tasks import worked_on

MOST_COUNTED: Final = 10_000
"""Matches that are counted or ordered by time, of those stored last."""
INLINE_CHARACTERS: Final = 30_000
"""Most characters of posts that are ranked on the loop: those of about a hundred posts."""
MOST_TRIED: Final = 100
"""Results that are searched for corrections."""
_SEARCHED: Final = (Tweet.text, Tweet.media)


class Place(NamedTuple):
    """A place in the results: the candidates, and how many of their ranking were shown."""

    before: int = MAX_ID + 1
    """Candidates have lower ids."""
    offset: int = 0
    is_any: bool = False
    """Whether candidates have any of the words: no post has all."""


class Ranked(NamedTuple):
    """A post that was found."""

    score: float
    id: int
    text: str
    """With the descriptions of its media."""


@dataclass(frozen=True, slots=True)
class WordResults:
    """The posts that were ranked together, in their order, and how they were found."""

    ranked: list[Ranked]
    matches: Matches
    place: Place
    rest: Place | None
    """The place of the posts that were not ranked yet."""
    is_whole: bool
    """Whether `ranked` holds all posts that match."""

    @property
    def scorer(self) -> Scorer:
        return self.matches.scorer

    async def corrections(self) -> list[tuple[str, str]]:
        """Return the typed words that no result has, each with the word found instead."""
        if not any(each.alternatives for each in self.scorer.wanted):
            return []
        texts = [post.text for post in self.ranked[:MOST_TRIED]]

        def count() -> list[tuple[str, str]]:
            used: dict[str, Counter[str]] = defaultdict(Counter)
            for text in texts:
                for part, other in self.scorer.alternatives_in(text):
                    used[part.text][other] += 1
            return [
                (typed, others.most_common(1)[0][0])
                for typed, others in used.items()
                if others.total() == len(texts)
            ]

        return await worked_on(texts, count, inline_characters=INLINE_CHARACTERS)


async def search_words(
    session: AsyncSession,
    query: str,
    *,
    conditions: Conditions,
    user_id: int | None = None,
    place: Place | None = None,
    newest: int = 0,
) -> WordResults | None:
    """Return the posts of the next window that has any; None for a query without words.

    `conditions` restrict the posts; `user_id` restricts them to one author's. With `newest`, so
    many posts are returned by their time, from the place on.
    """
    parts = parse_query(query)
    if all(part.is_excluded for part in parts):
        return None
    results = None
    for tried in [place] if place else [Place(), Place(is_any=True)]:
        matches = await match_words(session, parts, conditions, user_id, is_any=tried.is_any)
        if newest:
            results = await _newest(session, matches, tried, newest)
        else:
            results = await _best(session, matches, tried)
        if results.ranked or results.rest:
            break
    return results


async def _best(session: AsyncSession, matches: Matches, place: Place) -> WordResults:
    is_first = place == Place(is_any=place.is_any)
    while True:
        query = matches.select(session, *_SEARCHED, before=place.before).limit(CANDIDATES)
        rows: Sequence[AnyRow] = (await session.execute(query)).all()
        ranked = sorted(await _fitting(matches.scorer, rows), reverse=True)
        rest = Place(rows[-1].id, 0, place.is_any) if len(rows) == CANDIDATES else None
        if ranked or rest is None:
            # Posts that arrive between two pages do not shift the results.
            top = min(place.before, rows[0].id + 1) if rows else place.before
            return WordResults(
                ranked, matches, place._replace(before=top), rest, is_first and rest is None
            )
        is_first, place = False, rest


async def _newest(session: AsyncSession, matches: Matches, place: Place, count: int) -> WordResults:
    """Return a page of the matches by time, of the 10,000 that were stored last."""
    some = matches.select(session, before=place.before).limit(MOST_COUNTED).subquery()
    query = (
        select(Tweet.id, *_SEARCHED, func.max(some.c.id).over().label("top"))
        .join(some, some.c.id == Tweet.id)
        .order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
        .offset(place.offset)
        .limit(count + 1)
    )
    rows: Sequence[AnyRow] = (await session.execute(query)).all()
    ranked = await _fitting(matches.scorer, rows[:count])
    here = place._replace(before=min(place.before, rows[0].top + 1)) if rows else place
    rest = here._replace(offset=place.offset + count) if len(rows) > count else None
    return WordResults(ranked, matches, here, rest, place.offset == 0 and rest is None)


async def _fitting(scorer: Scorer, rows: Sequence[AnyRow]) -> list[Ranked]:
    return await worked_on(
        (each for row in rows for each in (row.text, row.media or "")),
        functools.partial(_ranked, scorer, rows),
        inline_characters=INLINE_CHARACTERS,
    )


def _ranked(scorer: Scorer, rows: Sequence[AnyRow]) -> list[Ranked]:
    return [
        Ranked(score, row.id, text)
        for row in rows
        if (score := scorer.score(text := searched_text(row.text, row.media))) is not None
    ]


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
