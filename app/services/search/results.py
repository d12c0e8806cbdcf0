"""Search by words, by filters alone, or by meaning."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, structs
from sqlalchemy import Integer, cast, extract, false, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.queries import Scorer, TypedFilter, parse_query, read_query
from app.db.backend import Sessions
from app.db.result_cache import DERIVED, EVERYTHING, cacheable, depends_on
from app.embedders import EmbedderError
from app.models import Tweet, User
from app.runtime.work_pool import Turns
from app.services.posts.exporting import COLUMNS, Export, begin_export
from app.services.posts.selection import AnySelect, Conditions, Selection, post_conditions
from app.services.posts.tweets import AnyRow, Post, find_posts
from app.services.posts.users import rows_by_name
from app.services.search.embeddings import Embeddings
from app.services.search.index_terms import UNCOUNTED
from app.services.search.typed_filters import TypedConditions, typed_conditions
from app.services.search.word_search import (
    MOST_COUNTED,
    Matches,
    Order,
    ResultKey,
    Scored,
    WordResults,
    columns_of,
    has_tags,
    search_words,
    without_connection,
)

MAX_QUERY_LENGTH: Final = 1_000
"""Limit of pages, which drop further characters."""
DEEPEST: Final = 10_000
_UTC: Final = ZoneInfo("UTC")
Mode = Literal["words", "meaning"]
Spans = list[tuple[int, int]]

logger = logging.getLogger(__name__)


class Hit(Post, frozen=True):
    """A post that was found."""

    score: Annotated[
        float | None, Meta(description="Higher is better; null where filters alone are searched.")
    ]
    highlights: Annotated[Spans, Meta(description="[start, end) of each match, in code points.")]


class Facets(msgspec.Struct, frozen=True):
    """Values and how many of the results have each; posts without a value are in no list."""

    username: Annotated[list[tuple[str, int]], Meta(description="Most frequent first.")]
    year: Annotated[list[tuple[int, int]], Meta(description="Years in UTC, latest first.")]
    lang: Annotated[list[tuple[str, int]], Meta(description="Most frequent first.")]


@dataclass(frozen=True, slots=True)
class ResultPage:
    hits: list[Hit]
    next: ResultKey | None = None
    method: str = "words"
    total: int | None = None
    """None for more than 10,000, and for the nearest by vectors."""
    facets: Facets | None = None
    is_any: bool = False
    """Whether some words suffice, since no post has all."""
    corrections: Sequence[tuple[str, str]] = ()
    """Words without posts, alone or together, each with a known word."""
    filters: Sequence[TypedFilter] = ()


def corrected_words(corrections: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    words: dict[str, list[str]] = {}
    for typed, used in corrections:
        words.setdefault(typed, []).append(used)
    return words


@dataclass(frozen=True, slots=True)
class SearchQuery:
    text: str
    """Words, and filters such as `from:mina`."""
    selection: Selection = field(default_factory=Selection)
    mode: Mode = "words"
    sort: Order = "best"
    """Order, counts and facets exist by words only."""
    with_facets: bool = False
    zone: ZoneInfo = _UTC
    knows_room_alone: bool = False
    """Whether only the selection's chat may be read: other names and words are unknown."""

    @property
    def only_room(self) -> int | None:
        return self.selection.room_id if self.knows_room_alone else None


async def find(
    db: Sessions,
    embeddings: Embeddings | None,
    query: SearchQuery,
    *,
    limit: int,
    after: ResultKey | None = None,
    turns: Turns | None = None,
) -> ResultPage:
    """Return a page of results; by words if no embedder answers.

    turns: for words that no post has together. Raises NotFoundError for an unknown author or chat,
    InvalidInputError for a filter's bad value.
    """
    depends_on(EVERYTHING)
    depends_on(DERIVED)
    page = None
    if embeddings is not None and query.mode == "meaning" and read_query(query.text).words:
        try:
            page = await _by_meaning(db, embeddings, query, limit, after or ResultKey())
            cacheable()
        except EmbedderError as error:
            # Not cached: the embedder may answer the next time, which is no event.
            logger.warning("words are searched instead: %s", error)
    else:
        cacheable()
    if page is None:
        async with db.read() as session:
            page = await _in_database(session, query, limit, after, turns)
    return replace(page, filters=read_query(query.text).filters)


async def _in_database(
    session: AsyncSession,
    query: SearchQuery,
    limit: int,
    after: ResultKey | None,
    turns: Turns | None,
) -> ResultPage:
    typed = read_query(query.text)
    conditions, user_id = await _selected(
        session, query.selection, typed.filters, query.zone, query.only_room
    )
    if typed.filters and not typed.words:
        results = await _by_filters(session, conditions, limit, after, query.sort)
    else:
        found = await search_words(
            session,
            typed.words,
            conditions=conditions,
            user_id=user_id,
            limit=limit,
            after=after,
            order=query.sort,
            corrects=not query.knows_room_alone,
            turns=turns,
        )
        if found is None:
            return ResultPage([], total=0)
        results = found
    scorer = results.matches.scorer
    corrections = [
        (part.text, way.text)
        for part in scorer.wanted
        for way in part.meant
        if way.text != part.text
    ]
    total = await _total(session, results.matches, results.whole)
    facets = await _facets(session, results.matches, results.whole) if query.with_facets else None
    return ResultPage(
        await _marked(session, results.page, scorer),
        results.next,
        total=total,
        facets=facets,
        is_any=results.is_any and len(scorer.wanted) > 1,
        corrections=corrections,
    )


async def _by_filters(
    session: AsyncSession, conditions: Conditions, limit: int, after: ResultKey | None, order: Order
) -> WordResults:
    """Return a page of the first 10,000 posts, or by likes, of those stored last."""
    matches = Matches(Scorer([], UNCOUNTED), None, [], conditions, None)
    before, offset, _ = after or ResultKey((await session.scalar(func.max(Tweet.id)) or 0) + 1)
    if order == "likes":
        stored_last = matches.select(session, before=before).limit(MOST_COUNTED).subquery()
        query = select(Tweet.id).join(stored_last, stored_last.c.id == Tweet.id)
    else:
        query = select(Tweet.id).join(User, User.id == Tweet.user_id)
        query = query.where(*conditions, Tweet.id < before)
    count = min(limit, max(MOST_COUNTED - offset, 0))
    query = query.order_by(*columns_of(session, order)).offset(min(offset, MOST_COUNTED))
    ids = list(await session.scalars(query.limit(count + 1)))
    end = offset + count
    following = ResultKey(before, end) if len(ids) > count and end < MOST_COUNTED else None
    page = [(None, post_id) for post_id in ids[:count]]
    return WordResults(page, following, matches, is_any=False, whole=None)


async def _by_meaning(
    db: Sessions, embeddings: Embeddings, query: SearchQuery, limit: int, after: ResultKey
) -> ResultPage:
    """Return the nearest posts with marked words; no session is open while the embedder answers."""
    among, end = None, min(after.offset + limit, DEEPEST)
    typed = read_query(query.text)
    parts = parse_query(typed.words)
    is_narrowed = query.selection != Selection() or typed.filters
    if is_narrowed or any(part.kind == "tag" for part in parts):
        async with db.read() as session:
            conditions, user_id = await _selected(
                session, query.selection, typed.filters, query.zone, query.only_room
            )
            conditions += await has_tags(session, parts, conditions, user_id)
        among = select(Tweet.id).join(User, User.id == Tweet.user_id).where(*conditions)
    near = await embeddings.nearest(await embeddings.vector_for(typed.words), end + 1, among=among)
    scorer = Scorer(parts, UNCOUNTED)  # It still marks the words of the query.
    following = after._replace(offset=end) if len(near) > end and end < DEEPEST else None
    async with db.read() as session:
        hits = await _marked(session, near[after.offset : end], scorer)
    return ResultPage(hits, following, "meaning")


async def begin_found_export(
    session: AsyncSession, query: str, selection: Selection, zone: ZoneInfo = _UTC
) -> Export:
    """Return the export of matching posts, or without words of the conditions. Raises what a search
    raises.
    """
    typed = read_query(query)
    conditions, user_id = await _selected(session, selection, typed.filters, zone)
    username = selection.usernames[0] if selection.usernames else None
    if not typed.words:
        return await begin_export(session, username, conditions=conditions)
    # A query without words finds nothing.
    export = await begin_export(session, username, conditions=[false()])
    results = await search_words(
        session, typed.words, conditions=conditions, user_id=user_id, limit=1
    )
    if results is None:
        return export
    matches = results.matches

    def select_found(session: AsyncSession, last: AnyRow | None) -> AnySelect:
        return matches.select(session, *COLUMNS, before=last.id if last else export.newest + 1)

    def has(text: str) -> bool:
        return matches.scorer.score(text) is not None

    return replace(export, selects=(select_found,), has=has)


async def _selected(
    session: AsyncSession,
    selection: Selection,
    filters: Sequence[TypedFilter],
    zone: ZoneInfo,
    only_room: int | None = None,
) -> TypedConditions:
    users = await rows_by_name(session, selection.usernames)
    conditions = await post_conditions(session, selection)
    typed = await typed_conditions(session, filters, zone, only_room)
    user_id = users[0].id if len(users) == 1 else typed.user_id
    return TypedConditions([*conditions, *typed.conditions], user_id)


async def _marked(
    session: AsyncSession, scored: Sequence[tuple[float | None, int]], scorer: Scorer
) -> list[Hit]:
    posts = await find_posts(session, [post_id for _, post_id in scored])

    def mark() -> list[Hit]:
        return [
            Hit(**structs.asdict(post), score=score, highlights=scorer.highlights(post.text))
            for score, post_id in scored
            if (post := posts.get(post_id))
        ]

    return await without_connection(session, mark)


async def _total(
    session: AsyncSession, matches: Matches, whole: Sequence[Scored] | None
) -> int | None:
    if whole is not None:
        return len(whole)
    counted = matches.select(session).limit(MOST_COUNTED + 1).subquery()
    count = await session.scalar(select(func.count()).select_from(counted)) or 0
    return count if count <= MOST_COUNTED else None


async def _facets(
    session: AsyncSession, matches: Matches, whole: Sequence[Scored] | None
) -> Facets:
    matching = matches.select(session).limit(MOST_COUNTED)
    if whole is not None:
        matching = matching.where(Tweet.id.in_([post_id for _, post_id in whole]))
    counted, year = matching.subquery(), cast(extract("year", Tweet.created_at), Integer)
    values = (User.username, year, Tweet.lang)
    query = select(*values, func.count()).join(User, User.id == Tweet.user_id)
    rows = await session.execute(query.join(counted, counted.c.id == Tweet.id).group_by(*values))
    names, years, languages = Counter[str](), Counter[int](), Counter[str]()
    for name, written, lang, posts in rows:
        names[name] += posts
        if written is not None:
            years[written] += posts
        if lang is not None:
            languages[lang] += posts
    return Facets(_most(names), sorted(years.items(), reverse=True), _most(languages))


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:20]
