"""The vocabulary: in how many posts each term is; counted again when the posts have changed."""

import asyncio
import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import ColumnElement, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.korean import is_ending
from app.compute.query import Part, neighbours
from app.compute.ranking import Statistics
from app.compute.words import WORDS_RECIPE
from app.db.backend import Sessions, backend_of, insert_rows, is_among
from app.db.indexes import AUTHOR_MARK, TermCount
from app.memo import DERIVED
from app.models import User, Vocabulary, Word
from app.services.event_log import PRUNED, append_event, newest_event, posts_since

PAGE: Final = 2_000
CHANGED_SHARE: Final = 0.05
"""Share of posts added or deleted from which the terms are counted again."""
MOST_NEIGHBOURS: Final = 8
TOLERANCE: Final = 1.1
"""Largest factor between a stored count and the true one."""
USUAL_TERMS: Final = 20.0
"""Assumed length of a post before the first count."""
MOVING: Final = ("tweet.created", "tweets.imported", "tweet.deleted", "rows.removed", PRUNED)
"""Kinds of events that change the index, or may have."""
ONLY: Final = 1
"""Id of the only row, which the migration inserts."""
_Near = tuple[str, float, list[str]]
"""A word, its nearness to a typed one, and its terms."""


async def statistics(session: AsyncSession, terms: Sequence[str]) -> Statistics:
    """Return how often the terms occur, without those that are not counted yet."""
    query = select(Vocabulary.tweets, Vocabulary.terms, Word.word, Word.tweets.label("known"))
    is_asked = is_among(session, Word.word, terms)
    rows = (await session.execute(query.outerjoin(Word, is_asked))).all()
    frequencies = {row.word: row.known for row in rows if row.word is not None}
    tweets, counted = rows[0].tweets, rows[0].terms
    return Statistics(tweets, counted / tweets if tweets else USUAL_TERMS, frequencies)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A known word one typing error from a typed one."""

    word: str
    nearness: float
    frequencies: dict[str, int]
    """Number of posts with each of its terms."""


async def known_neighbours(
    session: AsyncSession, parts: Sequence[Part]
) -> dict[Part, list[Neighbour]]:
    """Return the known words one typing error from each of the words, the likeliest first."""
    if not parts:
        return {}
    near, every = await asyncio.to_thread(_near, parts)
    query = select(Word.word, Word.tweets).where(is_among(session, Word.word, every))
    found = {row.word: row.tweets for row in await session.execute(query)}
    return {part: _known(words, found) for part, words in near.items()}


def _near(parts: Sequence[Part]) -> tuple[dict[Part, list[_Near]], list[str]]:
    """Return the neighbours of each word, and the terms of all of them."""
    near = {
        part: [
            (word, nearness, [word] if part.kind == "word" else Part(part.kind, word).terms)
            for word, nearness in neighbours(part.text).items()
            if not is_ending(word)
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


async def is_vocabulary_old(session: AsyncSession, *, share: float = CHANGED_SHARE) -> bool:
    """Return whether such a share of the posts has come or gone since the terms were counted."""
    query = select(Vocabulary.recipe, Vocabulary.as_of_event, Vocabulary.tweets)
    recipe, as_of_event, tweets = (await session.execute(query)).one()
    if recipe != WORDS_RECIPE:
        return True
    totals = await posts_since(session, as_of_event)
    return sum(totals[kind] for kind in MOVING) >= max(1, share * tweets)


async def is_index_current(session: AsyncSession) -> bool:
    """Return whether the index holds the terms of this program; else it is about to be rebuilt."""
    return await session.scalar(select(Vocabulary.recipe)) == WORDS_RECIPE


async def renew_vocabulary(db: Sessions) -> None:
    """Count the terms of the index, in pages so that others can write in between.

    An index of another recipe is rebuilt first. The event at the end invalidates what was found by
    the counts of before.
    """
    async with db.read() as session:
        state = await session.get_one(Vocabulary, ONLY)
        as_of_event = await newest_event(session)
        written = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
        tweets = await session.scalar(written) or 0
        index = backend_of(session).words
    if state.recipe != WORDS_RECIPE:
        async with db.write() as session:
            await index.rebuild(session)
    total = 0
    async with aclosing(_pages(db)) as pages:
        async for rows, stored in pages:
            total += sum(row.cnt for row in rows if not row.term.startswith(AUTHOR_MARK))
            await _store(db, _counted(rows), stored)
    async with db.write() as session:
        values = {
            "recipe": WORDS_RECIPE,
            "as_of_event": as_of_event,
            "tweets": tweets,
            "terms": total,
        }
        await session.execute(update(Vocabulary).values(**values))
        await append_event(session, "words.counted", user_id=DERIVED, count=0)


async def find_word_faults(db: Sessions) -> list[str]:
    """Compare the counts with the index, unless posts were added or deleted since."""
    if not await _is_up_to_date(db):
        return []
    is_wrong = False
    async with aclosing(_pages(db)) as pages:
        async for rows, stored in pages:
            counted = _counted(rows)
            is_wrong |= counted.keys() != stored.keys() or any(
                _is_far(count, stored[word]) for word, count in counted.items()
            )
    # There may be new posts by now.
    if is_wrong and await _is_up_to_date(db):
        return ["the counts of words do not agree with the posts"]
    return []


async def _is_up_to_date(db: Sessions) -> bool:
    async with db.read() as session:
        return not await is_vocabulary_old(session, share=0)


async def _pages(db: Sessions) -> AsyncGenerator[tuple[list[TermCount], dict[str, int]], None]:
    """Yield pages of the index's terms, each with the stored counts of the same range."""
    async with db.read() as session:
        index = backend_of(session).words
    after = ""
    async with aclosing(index.vocabulary(db.read, PAGE)) as pages:
        async for rows in pages:
            yield rows, await _stored(db, Word.word > after, Word.word <= rows[-1].term)
            after = rows[-1].term
    yield [], await _stored(db, Word.word > after)


async def _stored(db: Sessions, *conditions: ColumnElement[bool]) -> dict[str, int]:
    async with db.read() as session:
        rows = await session.execute(select(Word.word, Word.tweets).where(*conditions))
        return {row.word: row.tweets for row in rows}


def _counted(rows: Sequence[TermCount]) -> dict[str, int]:
    """Return the counts of terms worth a row; long ones with digits, such as links, are rare."""
    return {
        row.term: row.doc
        for row in rows
        if not row.term.startswith(AUTHOR_MARK)
        and (len(row.term) <= 4 or not any(map(str.isdigit, row.term)))
    }


def _is_far(count: int, stored: int) -> bool:
    return not 1 / TOLERANCE <= count / max(stored, 1) <= TOLERANCE


async def _store(db: Sessions, counted: dict[str, int], stored: dict[str, int]) -> None:
    new = [word for word in counted if word not in stored]
    gone = [word for word in stored if word not in counted]
    moved = [
        word for word, count in counted.items() if word in stored and _is_far(count, stored[word])
    ]
    if not (new or gone or moved):
        return
    async with db.write() as session:
        # Rows are deleted first, since another process may be counting too.
        old = backend_of(session).listed([(word,) for word in (*new, *gone, *moved)], Word.word)
        await session.execute(delete(Word).where(Word.word.in_(select(old))))
        rows = [{"word": word, "tweets": counted[word]} for word in (*new, *moved)]
        await insert_rows(session, cast(Table, Word.__table__), rows)
