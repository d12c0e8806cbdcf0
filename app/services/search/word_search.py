"""Search by words: the index proposes candidates, `compute.ranking` decides.

Posts must have all words of a query; if no post has, posts with some of them are found. Of very
many candidates the newest are ranked first, then the next ones.
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.query import parse_query
from app.compute.ranking import Scorer
from app.db.word_index import searched_text
from app.models import MAX_ID, Tweet
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


class Stage(IntEnum):
    """What the candidates have of the query."""

    ALL = 0
    """All words; only unknown ones may be mistyped."""
    ANY = 1
    """Any of the words; at first also, whatever their age, all words if any may be mistyped."""
    REST = 2
    """Any of the words, without those of all words."""


class Place(NamedTuple):
    """A place in the results: the candidates, and how many of their ranking were shown."""

    before: int = MAX_ID + 1
    """Candidates have lower ids."""
    offset: int = 0
    stage: Stage = Stage.ALL


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
    for tried in [place] if place else [Place(), Place(stage=Stage.ANY)]:
        is_any = tried.stage != Stage.ALL
        matches = await match_words(session, parts, conditions, user_id, is_any=is_any)
        if newest:
            results = await _newest(session, matches, tried, newest)
        else:
            results = await _best(session, matches, tried)
        if results.ranked or results.rest:
            break
    return results


async def _best(session: AsyncSession, matches: Matches, place: Place) -> WordResults:
    is_first = place == Place(stage=place.stage)
    whole: Sequence[AnyRow] = []
    if matches.whole is not None:
        query = matches.select(session, *_SEARCHED, expression=matches.whole)
        whole = (await session.execute(query.limit(CANDIDATES))).all()
    while True:
        query = matches.select(session, *_SEARCHED, before=place.before).limit(CANDIDATES)
        rows: Sequence[AnyRow] = (await session.execute(query)).all()
        last = rows[-1].id if rows else 0
        if place.stage == Stage.ANY:
            ranked_rows = [*rows, *(row for row in whole if row.id < last)]
        else:
            shown = {row.id for row in whole}
            ranked_rows = [row for row in rows if row.id not in shown]
        ranked = sorted(await _fitting(matches.scorer, ranked_rows), reverse=True)
        following = Stage.REST if place.stage == Stage.ANY else place.stage
        rest = Place(last, 0, following) if len(rows) == CANDIDATES else None
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
        Ranked(fit.score, row.id, text)
        for row in rows
        if (fit := scorer.fit(text := searched_text(row.text, row.media))) is not None
    ]
