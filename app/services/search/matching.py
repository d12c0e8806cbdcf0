"""What posts match the words of a query: expressions for the index, and the rule that decides.

A word that no post has is replaced by known words one typing error away.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.query import Part, split_phrase
from app.compute.ranking import QueryPart, Scorer, Statistics
from app.db.backend import backend_of
from app.db.indexes import All, Either, Expression, Terms
from app.models import MAX_ID, Tweet, User
from app.services.posts.tweets import AnySelect
from app.services.search.vocabulary import known_neighbours, statistics
from app.services.selection import Conditions

CANDIDATES: Final = 1_000
"""Posts that are ranked together."""
MOST_MENDED_LETTERS: Final = 160
"""Letters of all the words of a query that are corrected: each letter has 54 neighbours."""
KNOWN_FACTOR: Final = 0.5
"""Factor of the weight of a correction if posts have the typed word too."""


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

    def has(self, text: str) -> bool:
        """Return whether the text of a post that the index proposed matches."""
        return self.scorer.score(text) is not None


async def match_words(
    session: AsyncSession,
    parts: Sequence[Part],
    conditions: Conditions,
    user_id: int | None,
    *,
    is_any: bool,
) -> Matches:
    """Return the posts with all parts, as typed or corrected, or with `is_any` those with any."""
    if is_any:
        parts = list(dict.fromkeys(word for part in parts for word in split_phrase(part)))
    asked = {term for part in parts for term in part.terms}
    asked |= {row[0] for part in parts if part.forms for row in part.forms.terms()}
    known = await statistics(session, sorted(asked))
    wanted, known = await _with_alternatives(session, parts, known, is_loose=is_any)
    scorer = Scorer(wanted, known)
    if is_any:
        expression = _any_of(scorer.wanted, known)
    else:
        expression = All(tuple(_in_any_way(each, known) for each in scorer.wanted))
    without = [_exact(part) for part in parts if part.is_excluded and not part.is_quoted]
    return Matches(scorer, expression, without, conditions, user_id)


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
    near = await known_neighbours(session, mended)
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
    # Of a stem of one syllable any other would be another word.
    is_whole = part.is_excluded or part.is_quoted or part.forms is not None
    return part.kind in {"word", "paired"} and not is_whole


def _in_any_way(wanted: QueryPart, known: Statistics) -> Expression:
    """Return an expression for the part as it was typed, with another ending, or corrected."""
    part = wanted.part
    ways = [part]
    if part.kind == "paired" and not part.is_quoted:
        ways = [Part(part.kind, way) for way in part.ways]
    ways += [Part(part.kind, other) for other in wanted.alternatives]
    return Either((*map(_exact, ways), *_forms(part, known)))


def _forms(part: Part, known: Statistics) -> list[Terms]:
    """Return expressions for the forms of a stem of one syllable, without the most frequent.

    These would take the place of posts that have the word as it was typed.
    """
    rows = sorted(part.forms.terms()) if part.forms else []
    rows.sort(key=lambda row: known.frequencies.get(row[0], 0))
    counts = accumulate(known.frequencies.get(row[0], 0) for row in rows)
    return [Terms(row) for row, sum_ in zip(rows, counts, strict=True) if sum_ <= CANDIDATES]


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
        for form in _forms(each.part, known):
            ways[form] = max(map(known.weight, form.terms))
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
