"""Search by words: the index proposes candidates, `compute.ranking` decides.

Posts must have all words of a query; if no post has, posts with some of them are found. A word
that no post has is replaced by known words one typing error away. Of very many candidates the
newest are ranked first, then the next ones.
"""

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.query import Part, parse_query, split_phrase
from app.compute.ranking import QueryPart, Scorer, Statistics
from app.db.backend import backend_of
from app.db.word_index import All, Either, Expression, Terms
from app.models import MAX_ID, Tweet, User
from app.services.off_loop import worked_on
from app.services.posts.tweets import AnyRow, AnySelect
from app.services.search.vocabulary import known_neighbours, statistics
from app.services.selection import Conditions

CANDIDATES: Final = 1_000
"""Posts that are ranked together."""
MOST_COUNTED: Final = 10_000
"""Matches that are counted or ordered by time, of those stored last."""
INLINE_CHARACTERS: Final = 30_000
"""Most characters of posts that are ranked on the loop: those of about a hundred posts."""
MOST_TRIED: Final = 100
"""Results that are searched for corrections."""
MOST_MENDED: Final = 16
MOST_MENDED_LETTERS: Final = 160
"""Words of a query that are corrected, and their letters in all: each letter has 54 neighbours."""
KNOWN_FACTOR: Final = 0.5
"""Factor of the weight of a correction if posts have the typed word too."""


class Place(NamedTuple):
    """A place in the results: the candidates, and how many of their ranking were shown."""

    before: int = MAX_ID + 1
    """Candidates have lower ids."""
    offset: int = 0
    is_any: bool = False
    """Whether they have any of the words, not all."""


class Ranked(NamedTuple):
    """A post that was found."""

    score: float
    id: int
    text: str


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
            .where(User.deleted_at.is_(None), *self.conditions)
            .join(found, found.c.id == Tweet.id)
            .order_by(found.c.id.desc())
        )


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
        matches = await _match(session, parts, conditions, user_id, is_any=tried.is_any)
        if newest:
            results = await _newest(session, matches, tried, newest)
        else:
            results = await _best(session, matches, tried)
        if results.ranked or results.rest:
            break
    return results


async def _match(
    session: AsyncSession,
    parts: Sequence[Part],
    conditions: Conditions,
    user_id: int | None,
    *,
    is_any: bool,
) -> Matches:
    if is_any:
        parts = list(dict.fromkeys(word for part in parts for word in split_phrase(part)))
    known = await statistics(session, sorted({term for part in parts for term in part.terms}))
    wanted, known = await _with_alternatives(session, parts, known, is_loose=is_any)
    scorer = Scorer(wanted, known)
    if is_any:
        expression = _any_of(scorer.wanted, known)
    else:
        expression = All(tuple(map(_in_any_way, scorer.wanted)))
    without = [_exact(part) for part in parts if part.is_excluded and not part.is_quoted]
    return Matches(scorer, expression, without, conditions, user_id)


async def _best(session: AsyncSession, matches: Matches, place: Place) -> WordResults:
    is_first = place == Place(is_any=place.is_any)
    while True:
        query = matches.select(session, Tweet.text, before=place.before).limit(CANDIDATES)
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
        select(Tweet.id, Tweet.text, func.max(some.c.id).over().label("top"))
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
        (row.text for row in rows),
        functools.partial(_ranked, scorer, rows),
        inline_characters=INLINE_CHARACTERS,
    )


def _ranked(scorer: Scorer, rows: Sequence[AnyRow]) -> list[Ranked]:
    return [
        Ranked(fit.score, row.id, row.text)
        for row in rows
        if (fit := scorer.fit(row.text)) is not None
    ]


async def _with_alternatives(
    session: AsyncSession, parts: Sequence[Part], known: Statistics, *, is_loose: bool
) -> tuple[list[QueryPart], Statistics]:
    """Return the parts with their corrections, and statistics of these too.

    Words that posts have are corrected only if `is_loose`.
    """
    doubtful = [
        part
        for part in parts
        if _can_be_mended(part)
        and (is_loose or not all(term in known.frequencies for term in part.terms))
    ]
    letters = accumulate(len(part.text) for part in doubtful)
    mended = [
        part for part, sum_ in zip(doubtful, letters, strict=True) if sum_ <= MOST_MENDED_LETTERS
    ]
    near = await known_neighbours(session, mended[:MOST_MENDED])
    frequencies = dict(known.frequencies)
    for word in chain.from_iterable(near.values()):
        frequencies |= word.frequencies
    wanted = []
    for part in parts:
        is_known = all(term in known.frequencies for term in part.terms)
        factor = KNOWN_FACTOR if is_known else 1.0
        others = {each.word: factor * each.nearness for each in near.get(part, ())}
        wanted.append(QueryPart(part, others))
    return wanted, replace(known, frequencies=frequencies)


def _can_be_mended(part: Part) -> bool:
    return part.kind in {"word", "paired"} and not (part.is_excluded or part.is_quoted)


def _in_any_way(wanted: QueryPart) -> Expression:
    """Return an expression for the part as it was typed, with another ending, or corrected."""
    part = wanted.part
    ways = [part]
    if part.kind == "paired" and not part.is_quoted:
        ways = [Part(part.kind, way) for way in part.ways]
    ways += [Part(part.kind, other) for other in wanted.alternatives]
    return Either(tuple(map(_exact, ways)))


def _any_of(wanted: Sequence[QueryPart], known: Statistics) -> Expression:
    """Return an expression for all quoted phrases, and any of the rarest other terms."""
    required = [_exact(each.part) for each in wanted if each.part.is_quoted]
    ways: dict[Expression, float] = {}
    for each in wanted:
        if each.part.is_quoted:
            continue
        for term in each.part.terms:
            is_letter = each.part.kind == "paired" and len(term) == 1
            ways[Terms((term,), is_prefix=is_letter)] = known.weight(term)
        for other in each.alternatives:
            alternative = Part(each.part.kind, other)
            ways[_exact(alternative)] = max(map(known.weight, alternative.terms))
    if not ways:
        return All(tuple(required))
    chosen, posts = [], 0.0
    for way, weight in sorted(ways.items(), key=lambda item: -item[1]):
        chosen.append(way)
        # The inverse of the weight: about the number of posts with the term.
        posts += known.posts * math.exp(-weight)
        if posts > CANDIDATES:
            break
    return All((*required, Either(tuple(chosen))))


def _exact(part: Part) -> Expression:
    """Return an expression for the part without its ending."""
    if part.kind == "paired" and len(part.text) == 1:
        return Terms((part.text,), is_prefix=True)
    return Terms(tuple(part.terms))
