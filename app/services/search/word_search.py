"""Search by words: the index proposes posts, `compute.queries` matches, this module ranks.

Posts must have all words. If none has, unknown words count as typing errors, then one known word;
then some words suffice. Of very many matches the newest are ranked first.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.queries import QueryPart, Scorer, TermFrequencies, parse_query, split_phrase
from app.compute.words import tags_in
from app.db.backend import All, Either, Expression, backend_of, is_among, searched_text
from app.models import MAX_ID, Tweet, User
from app.runtime.work_pool import Runner, Turns
from app.services.posts.selection import AnySelect, Conditions
from app.services.posts.tweets import AnyRow
from app.services.search.corrections import corrected, with_one_slip
from app.services.search.index_terms import (
    CANDIDATES,
    UNCOUNTED,
    any_of,
    exact,
    in_any_way,
    term_frequencies,
)

MOST_COUNTED: Final = 10_000
"""Matches stored last, counted or ordered by time or likes."""
Sort = Literal["best", "newest", "likes"]
ResultOrder = Sort | Literal["oldest"]
"""A list's order; a chat is read from its beginning."""
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
MOST_PAGES: Final = 10
"""Pages of candidates until the first match; the next search continues."""
_SEARCHED: Final = (Tweet.text, Tweet.media)
Result = TypeVar("Result")


class SearchWork(NamedTuple):
    """Where a search works, so that many hold up nothing else."""

    run: Runner = asyncio.to_thread
    """Runs scoring in a thread."""
    turns: Turns | None = None
    """Turns of searches for words that no post has together."""


ALONE: Final = SearchWork()
"""The work of a search beside which nothing waits, such as a command's."""
Scored = tuple[float, int]
"""Score and ID."""


class ResultKey(NamedTuple):
    """The candidates, and the number of shown ones."""

    before: int = MAX_ID + 1
    """Candidates have lower IDs."""
    offset: int = 0
    is_any: bool = False
    """Whether some words suffice, since no post has all."""


@dataclass(frozen=True, slots=True)
class Matches:
    """All posts that match the index and the conditions."""

    scorer: Scorer
    expression: Expression | None
    """None for filters alone."""
    without: list[Expression]
    conditions: Conditions
    user_id: int | None
    run: Runner = asyncio.to_thread
    """Runs scoring in a thread."""

    def select(self, session: AsyncSession, *columns: Any, before: int = MAX_ID + 1) -> AnySelect:
        return self._select(session, self.expression, *columns, before=before)

    async def next_matchable(self, session: AsyncSession, before: int) -> int | None:
        """Return the highest possible ID below `before`; scoring decides, since the index has pairs
        of long words.
        """
        may_match = Either(tuple(in_any_way(part, UNCOUNTED) for part in self.scorer.wanted))
        expression = All((self.expression, may_match)) if self.expression else may_match
        return await session.scalar(self._select(session, expression, before=before).limit(1))

    def _select(
        self, session: AsyncSession, expression: Expression | None, *columns: Any, before: int
    ) -> AnySelect:
        query = select(Tweet.id, *columns).join(User, User.id == Tweet.user_id)
        query = query.where(*self.conditions)
        if expression is None:
            return query.where(Tweet.id < before).order_by(Tweet.id.desc())
        matching = backend_of(session).words.matching(
            expression, self.without, user_id=self.user_id, before=before
        )
        return query.join(matching, matching.c.id == Tweet.id).order_by(matching.c.id.desc())


@dataclass(frozen=True, slots=True)
class WordResults:
    page: Sequence[tuple[float | None, int]]
    """Scores (None without words) and IDs."""
    next: ResultKey | None
    matches: Matches
    is_any: bool
    whole: list[Scored] | None
    """All matches, if ranked together."""

    @property
    def is_empty(self) -> bool:
        return not self.page and self.next is None


async def search_words(
    session: AsyncSession,
    query: str,
    *,
    conditions: Conditions,
    user_id: int | None,
    limit: int,
    after: ResultKey | None = None,
    order: ResultOrder = "best",
    work: SearchWork = ALONE,
) -> WordResults | None:
    """Return a page of matches, perhaps empty with a next one; None without words.

    The session must hold nothing: its transaction ends while posts are scored. If no post has all
    words, the slower rest waits for its turn. Raises UnavailableError if none comes soon.
    """
    typed = parse_query(query)
    if all(part.is_excluded for part in typed):
        return None
    conditions = [*conditions, *await has_tags(session, typed, conditions, user_id, work.run)]

    async def search(terms: _QueryTerms, tried: ResultKey) -> WordResults:
        matches = Matches(*_expressions(terms, is_any=tried.is_any), conditions, user_id, work.run)
        if order == "best":
            return await _best(session, matches, tried, limit)
        return await _in_order(session, matches, tried, limit, order)

    start = after or ResultKey()
    terms = await _count(session, typed)
    results = None if start.is_any else await search(terms, start)
    # If posts have all words, none is unknown: only other searches look for typing errors.
    if results and not results.is_empty:
        return results
    await session.commit()  # Others use the connection meanwhile.
    async with work.turns.turn() if work.turns else nullcontext():
        # Before words were counted, and in one chat alone, no word is known.
        corrects = terms.frequencies.posts > 0
        parts = await corrected(session, typed) if corrects else typed
        if parts != typed:
            terms = await _count(session, parts)
        if results is None or parts != typed:
            results = await search(terms, start)
        if corrects and results.is_empty and not start.is_any:
            slipped = await with_one_slip(session, parts, terms.frequencies)
            if slipped != parts:
                results = await search(await _count(session, slipped), start)
        if results.is_empty and after is None:
            results = await search(terms, ResultKey(is_any=True))
    return results


async def has_tags(
    session: AsyncSession,
    parts: Sequence[QueryPart],
    conditions: Conditions,
    user_id: int | None,
    run: Runner,
) -> Conditions:
    """Return the condition on all tags, if any: the index has only words, so texts are read.

    Of very many only those stored last are, and scoring decides.
    """
    tags = [part for part in parts if part.kind == "tag" and not part.is_excluded]
    if not tags:
        return []
    signs = [Tweet.text.icontains(_like(tag.text), autoescape=True) for tag in tags]
    expression = All(tuple(exact(tag) for tag in tags))
    matches = Matches(Scorer(tags, UNCOUNTED), expression, [], [*conditions, *signs], user_id)
    query = matches.select(session, Tweet.text).limit(MOST_COUNTED + 1)
    rows: Sequence[AnyRow] = (await session.execute(query)).all()
    wanted = {tag.text for tag in tags}

    def have_them() -> list[int]:
        return [row.id for row in rows if wanted <= tags_in(row.text)]

    found = is_among(session, Tweet.id, await without_connection(session, have_them, run))
    return [or_(found, Tweet.id < rows[-1].id) if len(rows) > MOST_COUNTED else found]


def _like(tag: str) -> str:
    """Return a tag's beginning with #, up to letters whose case SQLite does not know."""
    known = takewhile(lambda char: char.isascii() or char.lower() == char.upper(), tag)
    return "#" + "".join(known)


async def _best(
    session: AsyncSession, matches: Matches, after: ResultKey, limit: int
) -> WordResults:
    is_first = after == ResultKey(is_any=after.is_any)
    scored: list[Scored] = []
    rows: Sequence[AnyRow] = []
    next_key: ResultKey | None = after
    for _ in range(MOST_PAGES):
        query = matches.select(session, *_SEARCHED, before=after.before).limit(CANDIDATES)
        rows = (await session.execute(query)).all()
        scored = sorted(await _scored(session, matches, rows), reverse=True)
        next_key = ResultKey(rows[-1].id, 0, after.is_any) if len(rows) == CANDIDATES else None
        if scored or next_key is None:
            break
        next_id = await matches.next_matchable(session, next_key.before)
        if next_id is None:
            next_key = None
            break
        is_first, after = False, next_key._replace(before=next_id + 1)
    end = after.offset + limit
    following = _key_after(after, rows[0].id, end) if end < len(scored) else next_key
    whole = scored if is_first and next_key is None else None
    return WordResults(scored[after.offset : end], following, matches, after.is_any, whole)


async def _in_order(
    session: AsyncSession, matches: Matches, after: ResultKey, limit: int, order: ResultOrder
) -> WordResults:
    newest = matches.select(session, before=after.before).limit(MOST_COUNTED).subquery()
    query = (
        select(Tweet.id, *_SEARCHED, func.max(newest.c.id).over().label("top"))
        .join(newest, newest.c.id == Tweet.id)
        .order_by(*columns_of(session, order))
        .offset(after.offset)
        .limit(limit + 1)
    )
    rows: Sequence[AnyRow] = (await session.execute(query)).all()
    scored = await _scored(session, matches, rows[:limit])
    following = None
    if len(rows) > limit:
        following = _key_after(after, rows[0].top, after.offset + limit)
    whole = scored if after.offset == 0 and following is None else None
    return WordResults(scored, following, matches, after.is_any, whole)


def columns_of(session: AsyncSession, order: ResultOrder) -> list[ColumnElement[Any]]:
    """Return columns of an order by time or likes, equal likes newest first."""
    if order == "oldest":
        return [Tweet.created_at.asc().nulls_last(), Tweet.id.asc()]
    newest: list[ColumnElement[Any]] = [Tweet.created_at.desc().nulls_last(), Tweet.id.desc()]
    likes = [backend_of(session).likes.desc().nulls_last()] if order == "likes" else []
    return [*likes, *newest]


def _key_after(after: ResultKey, newest: int, offset: int) -> ResultKey:
    """Return a key further on, which later posts do not shift."""
    return ResultKey(min(after.before, newest + 1), offset, after.is_any)


async def without_connection(
    session: AsyncSession, work: Callable[[], Result], run: Runner
) -> Result:
    """Return a thread's result, while others may use the session's connection.

    Raises UnavailableError if too much is waiting.
    """
    await session.commit()
    result: Result = await run(work)
    return result


async def _scored(session: AsyncSession, matches: Matches, rows: Sequence[AnyRow]) -> list[Scored]:
    scorer = matches.scorer

    def score() -> list[Scored]:
        scores = [(scorer.score(searched_text(row.text, row.media)), row.id) for row in rows]
        return [(score, post_id) for score, post_id in scores if score is not None]

    return await without_connection(session, score, matches.run)


@dataclass(frozen=True, slots=True)
class _QueryTerms:
    parts: Sequence[QueryPart]
    words: Sequence[QueryPart]
    frequencies: TermFrequencies


async def _count(session: AsyncSession, parts: Sequence[QueryPart]) -> _QueryTerms:
    words = list(dict.fromkeys(word for part in parts for word in split_phrase(part)))
    ways = [way for part in {*parts, *words} for way in part.ways]
    terms = {term for way in ways for term in way.terms}
    terms |= {row[0] for way in ways if way.forms for row in way.forms.terms()}
    return _QueryTerms(parts, words, await term_frequencies(session, sorted(terms)))


def _expressions(
    terms: _QueryTerms, *, is_any: bool
) -> tuple[Scorer, Expression, list[Expression]]:
    parts, frequencies = terms.words if is_any else terms.parts, terms.frequencies
    scorer = Scorer(parts, frequencies)
    if is_any:
        expression = any_of(scorer.wanted, frequencies)
    else:
        expression = All(tuple(in_any_way(part, frequencies) for part in scorer.wanted))
    without = [exact(part) for part in parts if part.is_excluded and not part.is_quoted]
    return scorer, expression, without
