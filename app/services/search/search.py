"""Searching posts, by words or by meaning."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Annotated, Final, Literal

from msgspec import Meta, structs
from sqlalchemy import false, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.query import parse_query
from app.compute.ranking import QueryPart, Scorer, Statistics
from app.compute.text import username_key
from app.db.backend import Sessions
from app.embedders import EmbedderError
from app.memo import DERIVED, EVERYTHING, cacheable, depends_on
from app.models import Tweet, User
from app.services.compare.contenders import contenders_by_name
from app.services.posts.exporting import COLUMNS, Export, begin_export
from app.services.posts.tweets import AnyRow, AnySelect, Post, find_posts
from app.services.search.embeddings import Embeddings
from app.services.search.word_search import (
    INLINE_CHARACTERS,
    Facets,
    Place,
    count_facets,
    count_results,
    search_words,
)
from app.services.selection import Conditions, Selection, field_conditions
from app.tasks import worked_on

DEEPEST: Final = 10_000
"""Results beyond this place are not listed."""
Mode = Literal["words", "meaning"]
Sort = Literal["best", "newest"]

logger = logging.getLogger(__name__)


Spans = list[tuple[int, int]]


class Hit(Post, frozen=True):
    """A post that was found."""

    score: Annotated[float, Meta(description="Higher is better.")]
    highlights: Annotated[
        Spans, Meta(description="Matches in the text, [start, end) in code points.")
    ]


@dataclass(frozen=True, slots=True)
class ResultPage:
    """A page of results, and how they were found."""

    hits: list[Hit]
    next: Place | None = None
    method: str = "words"
    alt_highlights: Mapping[int, list[Spans]] = field(default_factory=dict)
    """Matches in the descriptions of each medium, by the post's id."""
    corrections: Sequence[tuple[str, str]] = ()
    """Typed words that no post has, each with the word that was searched instead."""
    total: int | None = None
    """How many posts match; None for more than 10,000, and for the nearest by vectors."""
    facets: Facets | None = None
    is_any: bool = False
    """Whether no post had all the words, so that posts with some are listed."""


async def find(
    db: Sessions,
    embeddings: Embeddings | None,
    query: str,
    selection: Selection,
    *,
    limit: int,
    place: Place | None = None,
    mode: Mode = "words",
    sort: Sort = "best",
    with_facets: bool = False,
) -> ResultPage:
    """Return a page of results in the mode, or by words if no embedder answers.

    Only results by words are sorted by time, counted and have facets.

    No session is open while the embedder is asked, since that may take seconds. Raises
    NotFoundError for an unknown author in the selection.
    """
    near = None
    if embeddings is not None and mode == "meaning" and query.strip():
        count = min((place.offset if place else 0) + limit, DEEPEST) + 1
        among = None if selection == Selection() else _among(selection)
        try:
            vector = await embeddings.vector_for(query)
            near = await embeddings.nearest(vector, count, among=among)
            cacheable()
        except EmbedderError as error:
            # Not kept: the embedder may answer the next time, which is no event.
            logger.warning("words are searched instead: %s", error)
    else:
        cacheable()
    async with db.read() as session:
        return await search(
            session,
            query,
            selection,
            limit=limit,
            place=place,
            near=near,
            sort=sort,
            with_facets=with_facets,
        )


async def search(
    session: AsyncSession,
    query: str,
    selection: Selection,
    *,
    limit: int,
    place: Place | None = None,
    near: Sequence[tuple[float, int]] | None = None,
    sort: Sort = "best",
    with_facets: bool = False,
) -> ResultPage:
    """Return posts that match the query, the best first, from the place on.

    A query without words matches nothing. `near` are the posts nearest by vectors; without, words
    are searched.
    Raises NotFoundError for an unknown author in the selection.
    """
    depends_on(EVERYTHING)
    depends_on(DERIVED)
    conditions, user_id = await _selected(session, selection)
    if near is not None:
        return await _by_vectors(session, query, near, limit, place or Place())
    results = await search_words(
        session,
        query,
        conditions=conditions,
        user_id=user_id,
        place=place,
        newest=limit if sort == "newest" else 0,
    )
    if results is None:
        return ResultPage([], total=0)
    start = 0 if sort == "newest" else results.place.offset
    shown = results.ranked[start : start + limit]
    following = results.rest
    if start + limit < len(results.ranked):
        following = results.place._replace(offset=start + limit)
    scored = [(post.score, post.id) for post in shown]
    hits, alt_highlights = await _marked(session, scored, results.scorer)
    return ResultPage(
        hits,
        following,
        alt_highlights=alt_highlights,
        corrections=await results.corrections(),
        total=await count_results(session, results),
        facets=await count_facets(session, results) if with_facets else None,
        is_any=results.place.is_any and len(results.scorer.wanted) > 1,
    )


async def begin_found_export(session: AsyncSession, query: str, selection: Selection) -> Export:
    """Return the export of the posts that match by words; of a blank query, of all selected.

    It has as many of the words as the results of a search: all, else some. Raises NotFoundError
    for an unknown author in the selection.
    """
    conditions, user_id = await _selected(session, selection)
    username = selection.usernames[0] if selection.usernames else None
    if not query.strip():
        return await begin_export(session, username, conditions=_conditions(selection))
    # A query without words finds nothing.
    export = await begin_export(session, username, conditions=[false()])
    found = await search_words(session, query, conditions=conditions, user_id=user_id)
    if found is None:
        return export
    matches = found.matches

    def select_found(session: AsyncSession, last: AnyRow | None) -> AnySelect:
        return matches.select(session, *COLUMNS, before=last.id if last else export.newest + 1)

    return replace(export, select=select_found, has=matches.has)


async def _selected(session: AsyncSession, selection: Selection) -> tuple[Conditions, int | None]:
    """Return the conditions of a selection, and its author if it has one."""
    users = await contenders_by_name(session, selection.usernames)
    conditions = _conditions(selection)
    if users:
        conditions.append(Tweet.user_id.in_([user.id for user in users]))
    return conditions, users[0].id if len(users) == 1 else None


async def _by_vectors(
    session: AsyncSession, query: str, near: Sequence[tuple[float, int]], limit: int, place: Place
) -> ResultPage:
    """Return a page of the nearest posts, with the words of the query marked."""
    # Without frequencies of the terms it still marks the words of the query.
    scorer = Scorer([QueryPart(part) for part in parse_query(query)], Statistics(0, 1.0, {}))
    end = place.offset + limit
    following = place._replace(offset=end) if len(near) > end and end < DEEPEST else None
    hits, alt_highlights = await _marked(session, near[place.offset : end], scorer)
    return ResultPage(hits, following, "meaning", alt_highlights)


def _among(selection: Selection) -> AnySelect:
    posts = select(Tweet.id).join(User, User.id == Tweet.user_id).where(User.deleted_at.is_(None))
    if selection.usernames:
        posts = posts.where(User.username_key.in_(map(username_key, selection.usernames)))
    return posts.where(*_conditions(selection))


def _conditions(selection: Selection) -> Conditions:
    """Return the conditions on posts and the platform of their authors, whose names are apart."""
    conditions = field_conditions(selection)
    if selection.platform is not None:
        conditions.append(User.platform == selection.platform)
    return conditions


async def _marked(
    session: AsyncSession, shown: Sequence[tuple[float, int]], scorer: Scorer
) -> tuple[list[Hit], dict[int, list[Spans]]]:
    """Return the posts with these scores and ids, and the matches in descriptions by post."""
    posts = await find_posts(session, [post_id for _, post_id in shown])
    alts = {post.id: [medium.alt or "" for medium in post.media] for post in posts.values()}

    def mark() -> tuple[list[Hit], dict[int, list[Spans]]]:
        hits = [
            Hit(**structs.asdict(post), score=score, highlights=scorer.highlights(post.text))
            for score, post_id in shown
            if (post := posts.get(post_id))
        ]
        return hits, {hit.id: list(map(scorer.highlights, alts[hit.id])) for hit in hits}

    texts = [*(post.text for post in posts.values()), *chain.from_iterable(alts.values())]
    return await worked_on(texts, mark, inline_characters=INLINE_CHARACTERS)
