"""Search by words: the index proposes posts, `compute.scoring` matches, and here they are ranked.

Posts must have all words of a query; if no post has, words that the index does not have are taken
for typing errors, then one that it has; if no post has all then, posts with some are found. Of very
many matches the newest are ranked first, then the next ones.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.mentions import tags_in
from app.compute.scoring import QueryPart, Scorer, TermFrequencies, parse_query, split_phrase
from app.db.backend import backend_of, is_among
from app.db.indexes import All, Expression, searched_text
from app.models import MAX_ID, Tweet, User
from app.runtime.work_pool import Turns, WorkPool
from app.services.posts.selection import Conditions
from app.services.posts.tweets import AnyRow, AnySelect
from app.services.search.corrections import corrected, with_one_slip
from app.services.search.expressions import (
    CANDIDATES,
    UNCOUNTED,
    any_of,
    exact,
    in_any_way,
    matchable,
)
from app.services.search.vocabulary import term_frequencies

MOST_COUNTED: Final = 10_000
"""Matches that are counted or put in order by time or likes, of those stored last."""
Sort = Literal["best", "newest", "likes"]
Order = Sort | Literal["oldest"]
"""How a list may be ordered: a chat is read from its beginning."""
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
MOST_PAGES: Final = 10
"""Pages of candidates that a search looks through for the first match; the next one goes on."""
THREADS: Final = WorkPool(2)
"""The threads that score and mark posts."""
_SEARCHED: Final = (Tweet.text, Tweet.media)
Result = TypeVar("Result")

Scored = tuple[float, int]
"""The score and the id of a post."""


class ResultKey(NamedTuple):
    """The sort key of results: the candidates, and how many of their ranking were shown."""

    before: int = MAX_ID + 1
    """Candidates have lower ids."""
    offset: int = 0
    is_any: bool = False
    """Whether candidates have any of the words: no post has all."""


@dataclass(frozen=True, slots=True)
class Matches:
    """All posts that a query matches by the index, under the conditions of a selection."""

    scorer: Scorer
    expression: Expression | None
    """None where filters alone are searched, so that every post matches."""
    without: list[Expression]
    conditions: Conditions
    user_id: int | None

    def select(self, session: AsyncSession, *columns: Any, before: int = MAX_ID + 1) -> AnySelect:
        """Return a query for the matches with lower ids, the last stored first."""
        return self._select(session, self.expression, *columns, before=before)

    async def next_matchable(self, session: AsyncSession, before: int) -> int | None:
        """Return the highest id below `before` of a match that scoring may accept.

        A post with one pair of a long word is a match of the index, and need not have the word.
        """
        may_match = matchable(self.scorer.wanted)
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
    """A page of the posts that match, and how they were found."""

    page: list[Scored]
    next: ResultKey | None
    matches: Matches
    is_any: bool
    """Whether posts have any of the words: none has all."""
    whole: list[Scored] | None
    """All posts that match, if they were ranked together."""

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
    order: Order = "best",
    corrects: bool = True,
    turns: Turns | None = None,
) -> WordResults | None:
    """Return a page of the posts that match; None for a query without words.

    `conditions` restrict the posts; `user_id` restricts them to one author's. Where `corrects` is
    off, no word of posts elsewhere stands in for a typed one. A page may be empty and have a next
    one. The session must hold nothing: its transaction ends while posts are scored. Where no post
    has all words, the search goes on in its turn of `turns`, since it takes ten times as long.
    Raises UnavailableError if no turn comes soon.
    """
    typed = parse_query(query)
    if all(part.is_excluded for part in typed):
        return None
    conditions = [*conditions, *await has_tags(session, typed, conditions, user_id)]

    async def search(terms: _QueryTerms, tried: ResultKey) -> WordResults:
        matches = Matches(*_expressions(terms, is_any=tried.is_any), conditions, user_id)
        if order == "best":
            return await _best(session, matches, tried, limit)
        return await _in_order(session, matches, tried, limit, order)

    start = after or ResultKey()
    terms = await _count(session, typed)
    results = None if start.is_any else await search(terms, start)
    # Where posts have all words, none is unknown: only other searches look for typing errors.
    if results and not results.is_empty:
        return results
    await session.commit()  # Others use the connection meanwhile.
    async with turns.turn() if turns else nullcontext():
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
    session: AsyncSession, parts: Sequence[QueryPart], conditions: Conditions, user_id: int | None
) -> Conditions:
    """Return the condition that posts which meet the others have all tags of a query, if any.

    The index knows a tag as a word, so the texts are read; of very many only of those stored last,
    and scoring decides about the rest.
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

    found = is_among(session, Tweet.id, await without_connection(session, have_them))
    return [or_(found, Tweet.id < rows[-1].id) if len(rows) > MOST_COUNTED else found]


def _like(tag: str) -> str:
    """Return the beginning of a tag with its #, up to letters whose case SQLite does not know."""
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
        scored = sorted(await _scored(session, matches.scorer, rows), reverse=True)
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
    session: AsyncSession, matches: Matches, after: ResultKey, limit: int, sorting: Order
) -> WordResults:
    """Return a page of the matches by time or by likes, of the 10,000 that were stored last."""
    newest = matches.select(session, before=after.before).limit(MOST_COUNTED).subquery()
    order: list[ColumnElement[Any]] = [Tweet.created_at.desc().nulls_last(), Tweet.id.desc()]
    if sorting == "likes":  # Of equally many, and of those without a figure, the newest first.
        order.insert(0, backend_of(session).likes.desc().nulls_last())
    elif sorting == "oldest":
        order = [Tweet.created_at.asc().nulls_last(), Tweet.id.asc()]
    query = (
        select(Tweet.id, *_SEARCHED, func.max(newest.c.id).over().label("top"))
        .join(newest, newest.c.id == Tweet.id)
        .order_by(*order)
        .offset(after.offset)
        .limit(limit + 1)
    )
    rows: Sequence[AnyRow] = (await session.execute(query)).all()
    scored = await _scored(session, matches.scorer, rows[:limit])
    following = None
    if len(rows) > limit:
        following = _key_after(after, rows[0].top, after.offset + limit)
    whole = scored if after.offset == 0 and following is None else None
    return WordResults(scored, following, matches, after.is_any, whole)


def _key_after(after: ResultKey, newest: int, offset: int) -> ResultKey:
    """Return a key further on, where posts that arrive meanwhile do not shift the results."""
    return ResultKey(min(after.before, newest + 1), offset, after.is_any)


async def without_connection(session: AsyncSession, work: Callable[[], Result]) -> Result:
    """Return the result of work in a thread, while others may use the session's connection.

    Two such threads are as fast as more would be, and leave the event loop its share of the time.
    Raises UnavailableError where too much waits already.
    """
    await session.commit()
    return await THREADS.run(work)


async def _scored(session: AsyncSession, scorer: Scorer, rows: Sequence[AnyRow]) -> list[Scored]:
    """Return the posts that match."""

    def score() -> list[Scored]:
        scores = [(scorer.score(searched_text(row.text, row.media)), row.id) for row in rows]
        return [(score, post_id) for score, post_id in scores if score is not None]

    return await without_connection(session, score)


@dataclass(frozen=True, slots=True)
class _QueryTerms:
    """The parts of a query, whole and as single words, and how frequent their terms are."""

    parts: Sequence[QueryPart]
    words: Sequence[QueryPart]
    frequencies: TermFrequencies


async def _count(session: AsyncSession, parts: Sequence[QueryPart]) -> _QueryTerms:
    """Ask for the frequencies of all terms that may be searched, whether posts have all or some."""
    words = list(dict.fromkeys(word for part in parts for word in split_phrase(part)))
    ways = [way for part in {*parts, *words} for way in part.ways]
    terms = {term for way in ways for term in way.terms}
    terms |= {row[0] for way in ways if way.forms for row in way.forms.terms()}
    return _QueryTerms(parts, words, await term_frequencies(session, sorted(terms)))


def _expressions(
    terms: _QueryTerms, *, is_any: bool
) -> tuple[Scorer, Expression, list[Expression]]:
    """Return what scores posts with all parts, what finds them, and what they must not have.

    With `is_any`, posts need only one of the words.
    """
    parts, frequencies = terms.words if is_any else terms.parts, terms.frequencies
    scorer = Scorer(parts, frequencies)
    if is_any:
        expression = any_of(scorer.wanted, frequencies)
    else:
        expression = All(tuple(in_any_way(part, frequencies) for part in scorer.wanted))
    without = [exact(part) for part in parts if part.is_excluded and not part.is_quoted]
    return scorer, expression, without
