"""Search by words: the index proposes posts, `compute.search` matches, and here they are ranked.

Posts must have all words of a query; if no post has, posts with some of them are found. Of very
many matches the newest are ranked first, then the next ones.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.search import Part, Scorer, Statistics, parse_query, split_phrase
from app.db.backend import backend_of
from app.db.indexes import All, Either, Expression, Terms, searched_text
from app.models import MAX_ID, Tweet, User
from app.services.posts.tweets import AnyRow, AnySelect
from app.services.search.vocabulary import statistics
from app.services.selection import Conditions

CANDIDATES: Final = 1_000
"""Posts that are ranked together."""
MOST_COUNTED: Final = 10_000
"""Matches that are counted or ordered by time, of those stored last."""
_SEARCHED: Final = (Tweet.text, Tweet.media)


Scored = tuple[float, int]
"""The score and the id of a post."""


class Place(NamedTuple):
    """A place in the results: the candidates, and how many of their ranking were shown."""

    before: int = MAX_ID + 1
    """Candidates have lower ids."""
    offset: int = 0
    is_any: bool = False
    """Whether candidates have any of the words: no post has all."""


@dataclass(frozen=True, slots=True)
class Matches:
    """All posts that a query matches by the index, under the conditions of a selection."""

    scorer: Scorer
    expression: Expression
    without: list[Expression]
    conditions: Conditions
    user_id: int | None

    def select(self, session: AsyncSession, *columns: Any, before: int = MAX_ID + 1) -> AnySelect:
        """Return a query for the matches with lower ids, the last stored first."""
        found = backend_of(session).words.matching(
            self.expression, self.without, user_id=self.user_id, before=before
        )
        return (
            select(Tweet.id, *columns)
            .join(User, User.id == Tweet.user_id)
            .where(*self.conditions)
            .join(found, found.c.id == Tweet.id)
            .order_by(found.c.id.desc())
        )


@dataclass(frozen=True, slots=True)
class WordResults:
    """A page of the posts that match, and how they were found."""

    shown: list[Scored]
    next: Place | None
    matches: Matches
    is_any: bool
    """Whether posts have any of the words: none has all."""
    whole: list[Scored] | None
    """All posts that match, if they were ranked together."""


async def search_words(
    session: AsyncSession,
    query: str,
    *,
    conditions: Conditions,
    user_id: int | None,
    limit: int,
    place: Place | None = None,
    is_by_time: bool = False,
) -> WordResults | None:
    """Return a page of the posts that match; None for a query without words.

    `conditions` restrict the posts; `user_id` restricts them to one author's.
    """
    parts = parse_query(query)
    if all(part.is_excluded for part in parts):
        return None
    results = None
    for tried in [place] if place else [Place(), Place(is_any=True)]:
        expressions = await _expressions(session, parts, is_any=tried.is_any)
        matches = Matches(*expressions, conditions, user_id)
        results = await (_newest if is_by_time else _best)(session, matches, tried, limit)
        if results.shown or results.next:
            break
    return results


async def _best(session: AsyncSession, matches: Matches, place: Place, limit: int) -> WordResults:
    is_first = place == Place(is_any=place.is_any)
    while True:
        query = matches.select(session, *_SEARCHED, before=place.before).limit(CANDIDATES)
        rows: Sequence[AnyRow] = (await session.execute(query)).all()
        scored = sorted(await _scored(matches.scorer, rows), reverse=True)
        rest = Place(rows[-1].id, 0, place.is_any) if len(rows) == CANDIDATES else None
        if scored or rest is None:
            break
        is_first, place = False, rest
    end = place.offset + limit
    following = _after(place, rows[0].id, end) if end < len(scored) else rest
    whole = scored if is_first and rest is None else None
    return WordResults(scored[place.offset : end], following, matches, place.is_any, whole)


async def _newest(session: AsyncSession, matches: Matches, place: Place, limit: int) -> WordResults:
    """Return a page of the matches by time, of the 10,000 that were stored last."""
    some = matches.select(session, before=place.before).limit(MOST_COUNTED).subquery()
    query = (
        select(Tweet.id, *_SEARCHED, func.max(some.c.id).over().label("top"))
        .join(some, some.c.id == Tweet.id)
        .order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
        .offset(place.offset)
        .limit(limit + 1)
    )
    rows: Sequence[AnyRow] = (await session.execute(query)).all()
    scored = await _scored(matches.scorer, rows[:limit])
    following = None
    if len(rows) > limit:
        following = _after(place, rows[0].top, place.offset + limit)
    whole = scored if place.offset == 0 and following is None else None
    return WordResults(scored, following, matches, place.is_any, whole)


def _after(place: Place, newest: int, offset: int) -> Place:
    """Return a place further on, where posts that arrive meanwhile do not shift the results."""
    return Place(min(place.before, newest + 1), offset, place.is_any)


async def _scored(scorer: Scorer, rows: Sequence[AnyRow]) -> list[Scored]:
    """Return the posts that match, in a thread."""

    def score() -> list[Scored]:
        scores = [(scorer.score(searched_text(row.text, row.media)), row.id) for row in rows]
        return [(score, post_id) for score, post_id in scores if score is not None]

    return await asyncio.to_thread(score)


async def _expressions(
    session: AsyncSession, parts: Sequence[Part], *, is_any: bool
) -> tuple[Scorer, Expression, list[Expression]]:
    """Return what scores posts with all parts, what finds them, and what they must not have.

    With `is_any`, posts need only one of the parts.
    """
    if is_any:
        parts = list(dict.fromkeys(word for part in parts for word in split_phrase(part)))
    asked = {term for part in parts for term in part.terms}
    asked |= {row[0] for part in parts if part.forms for row in part.forms.terms()}
    known = await statistics(session, sorted(asked))
    scorer = Scorer(parts, known)
    if is_any:
        expression = _any_of(scorer.wanted, known)
    else:
        expression = All(tuple(_in_any_way(part, known) for part in scorer.wanted))
    without = [_exact(part) for part in parts if part.is_excluded and not part.is_quoted]
    return scorer, expression, without


def _in_any_way(part: Part, known: Statistics) -> Expression:
    """Return an expression for the part as it was typed, or with another ending."""
    is_open = part.kind == "paired" and not part.is_quoted
    start = _exact(Part(part.kind, part.start) if is_open else part)
    return Either((start, *_forms(part, known)))


def _forms(part: Part, known: Statistics) -> list[Terms]:
    """Return expressions for the forms of a stem of one syllable, without the most frequent.

    These would take the place of posts that have the word as it was typed.
    """
    rows = sorted(part.forms.terms()) if part.forms else []
    rows.sort(key=lambda row: known.frequencies.get(row[0], 0))
    counts = accumulate(known.frequencies.get(row[0], 0) for row in rows)
    return [Terms(row) for row, sum_ in zip(rows, counts, strict=True) if sum_ <= CANDIDATES]


def _any_of(wanted: Sequence[Part], known: Statistics) -> Expression:
    """Return an expression for all quoted phrases, and any of the rarest other terms."""
    required: list[Expression] = [_exact(part) for part in wanted if part.is_quoted]
    weights: dict[Terms, float] = {}
    for part in wanted:
        if not part.is_quoted:
            is_paired = part.kind == "paired"
            ways = [Terms((term,), is_paired and len(term) == 1) for term in part.terms]
            for way in ways + _forms(part, known):
                weights[way] = max(map(known.weight, way.terms))
    chosen: list[Expression] = []
    posts = 0.0
    for way, weight in sorted(weights.items(), key=lambda item: -item[1]):
        if posts <= CANDIDATES:
            chosen.append(way)
            # The inverse of the weight: about the number of posts with the term.
            posts += known.posts * math.exp(-weight)
    return All((*required, Either(tuple(chosen)))) if chosen else All(tuple(required))


def _exact(part: Part) -> Expression:
    """Return an expression for the part without its ending."""
    if part.kind == "paired" and len(part.text) == 1:
        return Terms((part.text,), is_prefix=True)
    return Terms(tuple(part.terms))
