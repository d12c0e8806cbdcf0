"""Terms of the word index: how many posts have each, and a query's parts as its expressions."""

import math
from collections.abc import Sequence
from contextlib import aclosing
from functools import cache
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, TextClause, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import backend
from app.db.result_cache import DERIVED
from app.models import IS_GONE, User, Vocabulary, Word
from app.services.event_log import NewEvent, append_events
from saywho.queries import QueryPart, TermFrequencies
from saywho.words import WORDS_RECIPE, segment_terms

CANDIDATES: Final = 1_000
UNCOUNTED: Final = TermFrequencies(0, 1.0, {})


def any_form(part: QueryPart, frequencies: TermFrequencies) -> backend.Expression:
    """Return an expression for the part as typed, meant, or with another ending."""
    return backend.AnyOf(
        tuple(each for way in part.ways for each in _alternatives(way, frequencies))
    )


def _alternatives(word: QueryPart, frequencies: TermFrequencies) -> list[backend.Terms]:
    if word.stems and (frequencies.has_stems or word.kind == "word"):
        return [backend.Terms((stem,)) for stem in sorted(word.stems)]
    if word.stems:  # Until the index is made again, words whose letters begin with a stem.
        return [exact(QueryPart("paired", stem[1:])) for stem in sorted(word.stems)]
    if word.last_starts:
        *before, _ = word.pieces
        terms = [term for piece in before for term in segment_terms(*piece)]
        return [
            backend.Terms((*terms, start), is_prefix=True) for start in sorted(word.last_starts)
        ]
    is_open = word.kind == "paired" and not word.is_quoted
    return [exact(QueryPart(word.kind, word.start) if is_open else word)]


def any_of(parts: Sequence[QueryPart], frequencies: TermFrequencies) -> backend.Expression:
    """Return an expression for all quoted phrases, and any rarest other term."""
    required: list[backend.Expression] = [exact(part) for part in parts if part.is_quoted]
    weights: dict[backend.Terms, float] = {}
    for word in [way for part in parts if not part.is_quoted for way in part.ways]:
        is_paired = word.kind == "paired"
        single = [backend.Terms((term,), is_paired and len(term) == 1) for term in word.terms]
        for way in _alternatives(word, frequencies) if word.stems else single:
            weights[way] = max(map(frequencies.weight, way.terms))
    chosen: list[backend.Expression] = []
    posts = 0.0
    for way, weight in sorted(weights.items(), key=lambda item: -item[1]):
        if posts <= CANDIDATES:
            chosen.append(way)
            # The inverse of the weight is about the number of posts with the term.
            posts += frequencies.posts * math.exp(-weight)
    return (
        backend.AllOf((*required, backend.AnyOf(tuple(chosen))))
        if chosen
        else backend.AllOf(tuple(required))
    )


def exact(part: QueryPart) -> backend.Terms:
    if part.kind == "paired" and len(part.text) == 1:
        return backend.Terms((part.text,), is_prefix=True)
    return backend.Terms(tuple(part.terms[:20]))  # Scoring compares the rest of a longer row.


async def term_frequencies(session: AsyncSession, terms: Sequence[str]) -> TermFrequencies:
    values = {"texts": msgspec.json.encode(terms).decode()}
    rows = (await session.execute(_counts(backend.backend_of(session).texts), values)).all()
    frequencies = {row.word: row.frequency for row in rows if row.word is not None}
    tweets, counted = rows[0].tweets, rows[0].terms
    # Before the first count, a post is assumed to have 20 terms.
    mean_terms = counted / tweets if tweets else 20.0
    has_stems = rows[0].recipe == WORDS_RECIPE
    return TermFrequencies(tweets, mean_terms, frequencies, has_stems)


@cache
def _counts(texts: str) -> TextClause:
    """Return a query as text, which takes a fifth of the time in each search."""
    return text(
        'SELECT "Vocabulary".tweets, "Vocabulary".terms, recipe, word, "Word".tweets AS frequency'  # noqa: S608
        f' FROM "Vocabulary" LEFT JOIN "Word" ON word IN ({texts})'
    )


async def is_vocabulary_old(session: AsyncSession) -> bool:
    deleted = select(User.id).where(IS_GONE).limit(1)
    if await session.scalar(deleted) is not None:  # Their words would be counted, too.
        return False
    recipe, tweets = (await session.execute(select(Vocabulary.recipe, Vocabulary.tweets))).one()
    change = abs(await _count_indexed(session) - tweets)
    return recipe != WORDS_RECIPE or change >= max(1, 0.05 * tweets)


async def _count_indexed(session: AsyncSession) -> int:
    return await session.scalar(select(func.sum(User.tweet_count))) or 0


async def is_index_current(session: AsyncSession) -> bool:
    """Return whether the index has this program's terms, or will be rebuilt."""
    return await session.scalar(select(Vocabulary.recipe)) == WORDS_RECIPE


async def renew_vocabulary(db: backend.Sessions) -> None:
    """Count the terms in pages, to let others write; first rebuild another recipe's index.

    The last event invalidates earlier results.
    """
    async with db.read() as session:
        is_current = await is_index_current(session)
        tweets = await _count_indexed(session)
        index = backend.backend_of(session).words
    if not is_current:
        async with db.write() as session:
            await index.rebuild(session)
    total, after = 0, ""
    async with aclosing(index.vocabulary(db.read, 2_000)) as pages:
        async for counts in pages:
            words = [count for count in counts if not count.term.startswith(backend.AUTHOR_MARK)]
            total += sum(count.cnt for count in words)
            await _replace(db, words, Word.word > after, Word.word <= counts[-1].term)
            after = counts[-1].term
    await _replace(db, [], Word.word > after)
    counted = update(Vocabulary).values(recipe=WORDS_RECIPE, tweets=tweets, terms=total)
    async with db.write() as session:
        await session.execute(counted)
        await append_events(session, [NewEvent("words.counted", DERIVED, posts=0)])


async def _replace(
    db: backend.Sessions, counts: Sequence[backend.TermCount], *conditions: ColumnElement[bool]
) -> None:
    """Replace a range's words; long ones with digits, such as links, are rare."""
    rows = [
        {"word": word.term, "tweets": word.doc}
        for word in counts
        if len(word.term) <= 4 or not any(map(str.isdigit, word.term))
    ]
    async with db.write() as session:
        await session.execute(delete(Word).where(*conditions))
        await backend.insert_rows(session, Word, rows)
