"""Finding posts by their words: the index proposes, `compute.ranking` decides.

All words of a query must be there; where no post has them all, posts with some of them are found.
Words that no post holds are taken for the known words next to them. Where very many posts fit,
the newest of them are ranked first, then the next ones.
"""

import functools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.query import Part, parse_query, split_phrase
from app.compute.ranking import Scorer, Statistics, Wanted
from app.db.backend import backend_of
from app.db.word_index import All, Either, Expression, Terms
from app.models import MAX_ID, Tweet, User
from app.services.off_loop import worked_on
from app.services.posts.tweets import AnyRow, AnySelect
from app.services.search.vocabulary import known_neighbours, statistics

CANDIDATES: Final = 1_000
"""Posts that are ranked together."""
INLINE_CHARACTERS: Final = 30_000
"""Of posts that are looked through on the loop: as many as a hundred may have."""
MOST_TRIED: Final = 100
"""Results that are looked through for the words that were taken for others."""
MOST_ALTERNATIVES: Final = 8
MOST_MENDED: Final = 16
MOST_MENDED_LETTERS: Final = 160
"""Words of a query, and letters of these, that are taken for others: a letter has 54 of them."""
KNOWN_FACTOR: Final = 0.5
"""How much less another word counts for one that is known itself."""

Narrow = Callable[[AnySelect], AnySelect]


class Place(NamedTuple):
    """A place in the results: posts below an id, so many of them passed, by all words or any."""

    before: int = MAX_ID + 1
    offset: int = 0
    is_any: bool = False


class Ranked(NamedTuple):
    """A post that was found."""

    score: float
    id: int
    text: str


@dataclass(frozen=True, slots=True)
class WordResults:
    """The posts that were ranked together, the best first, and how they were found."""

    ranked: list[Ranked]
    scorer: Scorer
    place: Place
    """Where the posts begin: `offset` of them were passed before."""
    rest: Place | None
    """Where the posts begin that were not ranked yet."""

    async def corrections(self) -> list[tuple[str, str]]:
        """Return what was typed and found nowhere, with the word that was found instead."""
        if not any(each.alternatives for each in self.scorer.wanted):
            return []
        texts = [post.text for post in self.ranked[:MOST_TRIED]]
        return await worked_on(
            texts,
            functools.partial(_corrections, self.scorer, texts),
            inline_characters=INLINE_CHARACTERS,
        )


def _corrections(scorer: Scorer, texts: Sequence[str]) -> list[tuple[str, str]]:
    used: dict[str, Counter[str]] = {}
    for text in texts:
        for part, other in scorer.alternatives_in(text):
            used.setdefault(part.text, Counter())[other] += 1
    return [
        (typed, others.most_common(1)[0][0])
        for typed, others in used.items()
        if others.total() == len(texts)
    ]


async def search_words(
    session: AsyncSession,
    query: str,
    *,
    narrow: Narrow,
    user_id: int | None = None,
    place: Place | None = None,
) -> WordResults | None:
    """Return the posts of the next window that has any; None for a query without words.

    `narrow` keeps the posts that may be found; `user_id` says that they are one author's.
    """
    parts = parse_query(query)
    if all(part.is_excluded for part in parts):
        return None
    place = place or Place()
    results = await _search(session, parts, narrow, user_id, place)
    if place == Place() and not results.ranked:
        results = await _search(session, parts, narrow, user_id, Place(is_any=True))
    return results


async def _search(
    session: AsyncSession, parts: Sequence[Part], narrow: Narrow, user_id: int | None, place: Place
) -> WordResults:
    if place.is_any:
        parts = list(dict.fromkeys(word for part in parts for word in split_phrase(part)))
    known = await statistics(session, sorted({term for part in parts for term in part.terms}))
    wanted, known = await _with_alternatives(session, parts, known, is_loose=place.is_any)
    scorer = Scorer(wanted, known)
    expression = (_any_of if place.is_any else _all_of)(scorer.wanted, known)
    without = [_exact(part) for part in parts if part.is_excluded and not part.is_quoted]
    index = backend_of(session).words
    while True:
        found = index.matching(expression, without, user_id=user_id, before=place.before)
        query = (
            select(Tweet.id, Tweet.text)
            .join(User, User.id == Tweet.user_id)
            .where(User.deleted_at.is_(None))
            .join(found, found.c.id == Tweet.id)
            .order_by(found.c.id.desc())
            .limit(CANDIDATES)
        )
        rows: Sequence[AnyRow] = (await session.execute(narrow(query))).all()
        ranked = await worked_on(
            (row.text for row in rows),
            functools.partial(_ranked, scorer, rows),
            inline_characters=INLINE_CHARACTERS,
        )
        rest = Place(rows[-1].id, 0, place.is_any) if len(rows) == CANDIDATES else None
        if ranked or rest is None:
            # Posts that come while somebody turns the pages do not move the places.
            top = min(place.before, rows[0].id + 1) if rows else place.before
            return WordResults(ranked, scorer, Place(top, place.offset, place.is_any), rest)
        place = rest


def _ranked(scorer: Scorer, rows: Sequence[AnyRow]) -> list[Ranked]:
    ranked = [
        Ranked(fit.score, row.id, row.text)
        for row in rows
        if (fit := scorer.fit(row.text)) is not None
    ]
    ranked.sort(reverse=True)
    return ranked


async def _with_alternatives(
    session: AsyncSession, parts: Sequence[Part], known: Statistics, *, is_loose: bool
) -> tuple[list[Wanted], Statistics]:
    """Return the parts with what they may have been meant for, and statistics of that too.

    Words that posts hold stand for themselves, unless `is_loose`.
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
    for words in near.values():
        for word in words:
            frequencies |= word.frequencies
    wanted = []
    for part in parts:
        is_known = all(term in known.frequencies for term in part.terms)
        factor = KNOWN_FACTOR if is_known else 1.0
        others = {each.word: factor * each.nearness for each in near.get(part, ())}
        wanted.append(Wanted(part, others))
    return wanted, replace(known, frequencies=frequencies)


def _can_be_mended(part: Part) -> bool:
    return part.kind in {"word", "paired"} and not (part.is_excluded or part.is_quoted)


def _all_of(wanted: Sequence[Wanted], _known: Statistics) -> Expression:
    """Return what holds every part, in one way or another."""
    return All(tuple(_in_any_way(each) for each in wanted))


def _in_any_way(each: Wanted) -> Expression:
    part = each.part
    ways = [_exact(part)]
    if part.kind == "paired" and not part.is_quoted:
        ways = [_exact(Part(part.kind, way)) for way in part.ways]
    ways += [_exact(Part(part.kind, other)) for other in each.alternatives]
    return Either(tuple(ways))


def _any_of(wanted: Sequence[Wanted], known: Statistics) -> Expression:
    """Return what holds quoted phrases, and any of the rarest other terms."""
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
        # The inverse of the weight, up to rounding: in how many posts the term is.
        posts += known.posts * math.exp(-weight)
        if posts > CANDIDATES:
            break
    return All((*required, Either(tuple(chosen))))


def _exact(part: Part) -> Expression:
    """Return what holds the part as it was typed, endings aside."""
    if part.kind == "paired" and len(part.text) == 1:
        return Terms((part.text,), is_prefix=True)
    return Terms(tuple(part.terms))
