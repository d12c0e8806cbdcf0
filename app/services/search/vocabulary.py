"""The vocabulary: renewed from the word index when so many posts have come or gone."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.neighbours import neighbours
from app.compute.query import Part
from app.compute.ranking import Statistics
from app.compute.words import WORDS_RECIPE
from app.db.backend import Sessions, backend_of, chunks
from app.db.word_index import AUTHOR_MARK, TermCount
from app.models import Event, User, Vocabulary, Word
from app.services.events import newest_event

PAGE: Final = 2_000
CHANGED_SHARE: Final = 0.05
"""Words are counted anew when so large a share of the posts has come or gone."""
MOST_NEIGHBOURS: Final = 8
TOLERANCE: Final = 1.1
"""A count that is wrong by no more stays as it is."""
USUAL_TERMS: Final = 20.0
"""Of a post, as long as nobody has counted."""
MOVING: Final = ("tweet.created", "tweets.imported", "tweet.deleted", "rows.removed")
"""Events after which posts have other words."""
ONLY: Final = 1
"""Id of the one row, which is made with the table."""
_Near = tuple[str, float, list[str]]
"""A word, how near it is to one that was typed, and its terms."""


async def statistics(session: AsyncSession, terms: Sequence[str]) -> Statistics:
    """Return how often the terms occur; those that are not counted yet are left out."""
    query = select(Vocabulary.tweets, Vocabulary.terms, Word.word, Word.tweets.label("known"))
    is_asked = backend_of(session).words.among(Word.word, terms)
    rows = (await session.execute(query.outerjoin(Word, is_asked))).all()
    frequencies = {row.word: row.known for row in rows if row.word is not None}
    tweets, counted = rows[0].tweets, rows[0].terms
    return Statistics(tweets, counted / tweets if tweets else USUAL_TERMS, frequencies)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A known word next to one that was typed."""

    word: str
    nearness: float
    frequencies: dict[str, int]
    """Of its terms, in posts."""


async def known_neighbours(
    session: AsyncSession, parts: Sequence[Part]
) -> dict[Part, list[Neighbour]]:
    """Return the known words one typing error from each of the words, the likeliest first."""
    if not parts:
        return {}
    near, every = await asyncio.to_thread(_near, parts)
    query = select(Word.word, Word.tweets).where(backend_of(session).words.among(Word.word, every))
    found = {row.word: row.tweets for row in await session.execute(query)}
    return {part: _known(words, found) for part, words in near.items()}


def _near(parts: Sequence[Part]) -> tuple[dict[Part, list[_Near]], list[str]]:
    """Return the words next to each of some words, and all terms of them."""
    near = {
        part: [
            (word, nearness, [word] if part.kind == "word" else Part(part.kind, word).terms)
            for word, nearness in neighbours(part.text).items()
        ]
        for part in parts
    }
    return near, sorted(
        {term for words in near.values() for _, _, terms in words for term in terms}
    )


def _known(near: Sequence[_Near], found: Mapping[str, int]) -> list[Neighbour]:
    known = [
        Neighbour(word, nearness, {term: found[term] for term in terms})
        for word, nearness, terms in near
        if all(term in found for term in terms)
    ]
    return sorted(known, key=_likelihood, reverse=True)[:MOST_NEIGHBOURS]


def _likelihood(neighbour: Neighbour) -> float:
    return neighbour.nearness * math.log(2 + min(neighbour.frequencies.values()))


async def is_vocabulary_old(session: AsyncSession) -> bool:
    """Return whether so much has changed that the words should be counted anew."""
    newest = select(func.coalesce(func.max(Event.id), 0)).scalar_subquery()
    query = select(Vocabulary.recipe, Vocabulary.as_of_event, Vocabulary.tweets, newest)
    recipe, as_of_event, tweets, newest_id = (await session.execute(query)).one()
    if recipe != WORDS_RECIPE:
        return True
    if as_of_event == newest_id:
        return False
    changed = select(func.sum(Event.count)).where(Event.id > as_of_event, Event.kind.in_(MOVING))
    return bool((await session.scalar(changed) or 0) >= max(1, CHANGED_SHARE * tweets))


async def renew_vocabulary(db: Sessions) -> None:
    """Count the words of the index, some at a time so that others can write in between.

    An index of another recipe is built anew first.
    """
    async with db.read() as session:
        state = await session.get_one(Vocabulary, ONLY)
        as_of_event = await newest_event(session)
        index = backend_of(session).words
    if state.recipe != WORDS_RECIPE:
        async with db.write() as session:
            await index.rebuild(session)
    total, after = 0, ""
    async with aclosing(index.vocabulary(db, PAGE)) as pages:
        async for rows in pages:
            total += sum(row.cnt for row in rows if not row.term.startswith(AUTHOR_MARK))
            await _replace(db, rows, after, rows[-1].term)
            after = rows[-1].term
    await _replace(db, [], after, None)
    async with db.write() as session:
        written = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
        values = {
            "recipe": WORDS_RECIPE,
            "as_of_event": as_of_event,
            "tweets": await session.scalar(written) or 0,
            "terms": total,
        }
        await session.execute(update(Vocabulary).values(**values))


async def find_word_faults(db: Sessions) -> list[str]:
    """Compare the counts with the index, unless posts have come or gone since they were made."""
    if not await _is_counted_to_the_end(db):
        return []
    after, is_wrong = "", False
    async with db.read() as session:
        index = backend_of(session).words
    async with aclosing(index.vocabulary(db, PAGE)) as pages:
        async for rows in pages:
            is_wrong = is_wrong or await _differs(db, rows, after, rows[-1].term)
            after = rows[-1].term
    is_wrong = is_wrong or await _differs(db, [], after, None)
    # Somebody may have posted meanwhile.
    if is_wrong and await _is_counted_to_the_end(db):
        return ["the counts of words do not agree with the posts"]
    return []


async def _is_counted_to_the_end(db: Sessions) -> bool:
    async with db.read() as session:
        state = await session.get_one(Vocabulary, ONLY)
        since = exists().where(Event.id > state.as_of_event, Event.kind.in_(MOVING))
        return state.recipe == WORDS_RECIPE and not await session.scalar(select(since))


async def _differs(db: Sessions, rows: Sequence[TermCount], after: str, up_to: str | None) -> bool:
    """Return whether other terms are stored than the rows, after one and up to another."""
    async with db.read() as session:
        stored = await _stored_between(session, after, up_to)
    counted = {row.term: row.doc for row in rows if _is_counted(row.term)}
    return counted.keys() != stored.keys() or any(
        _is_far(count, stored[word]) for word, count in counted.items()
    )


def _is_far(count: int, stored: int) -> bool:
    return not 1 / TOLERANCE <= count / max(stored, 1) <= TOLERANCE


async def _replace(db: Sessions, rows: Sequence[TermCount], after: str, up_to: str | None) -> None:
    """Let the rows be what is stored of the terms after one and up to another."""
    async with db.read() as session:
        stored = await _stored_between(session, after, up_to)
    counted = {row.term: row.doc for row in rows if _is_counted(row.term)}
    await _store(db, counted, stored)


def _is_counted(term: str) -> bool:
    """Return whether a term is worth a row: names of links and the like are rare in any case."""
    return not term.startswith(AUTHOR_MARK) and (
        len(term) <= 4 or not any(char.isdigit() for char in term)
    )


async def _stored_between(session: AsyncSession, after: str, up_to: str | None) -> dict[str, int]:
    query = select(Word.word, Word.tweets).where(Word.word > after)
    if up_to is not None:
        query = query.where(Word.word <= up_to)
    return {row.word: row.tweets for row in await session.execute(query)}


async def _store(db: Sessions, counted: dict[str, int], stored: dict[str, int]) -> None:
    new = [word for word in counted if word not in stored]
    gone = [word for word in stored if word not in counted]
    moved = [
        word for word, count in counted.items() if word in stored and _is_far(count, stored[word])
    ]
    if not (new or gone or moved):
        return
    async with db.write() as session:
        # Another process that counts at the same time is no harm: what is there goes first.
        for some in chunks([*new, *gone, *moved]):
            await session.execute(delete(Word).where(Word.word.in_(some)))
        rows = [{"word": word, "tweets": counted[word]} for word in (*new, *moved)]
        if rows:
            await session.execute(insert(Word), rows)
