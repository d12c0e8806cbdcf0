"""The vocabulary: in how many posts each term is; counted again when the posts have changed."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Final, cast

from sqlalchemy import ColumnElement, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

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
TOLERANCE: Final = 1.1
"""Largest factor between a stored count and the true one."""
USUAL_TERMS: Final = 20.0
"""Assumed length of a post before the first count."""
MOVING: Final = ("tweet.created", "tweets.imported", "tweet.deleted", "rows.removed", PRUNED)
"""Kinds of events that change the index, or may have."""
ONLY: Final = 1
"""Id of the only row, which the migration inserts."""


async def statistics(session: AsyncSession, terms: Sequence[str]) -> Statistics:
    """Return how often the terms occur, without those that are not counted yet."""
    query = select(Vocabulary.tweets, Vocabulary.terms, Word.word, Word.tweets.label("known"))
    is_asked = is_among(session, Word.word, terms)
    rows = (await session.execute(query.outerjoin(Word, is_asked))).all()
    frequencies = {row.word: row.known for row in rows if row.word is not None}
    tweets, counted = rows[0].tweets, rows[0].terms
    return Statistics(tweets, counted / tweets if tweets else USUAL_TERMS, frequencies)


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
            total += sum(row.cnt for row in rows)
            await _store(db, _counted(rows), stored)
    counted = update(Vocabulary).values(
        recipe=WORDS_RECIPE, as_of_event=as_of_event, tweets=tweets, terms=total
    )
    async with db.write() as session:
        await session.execute(counted)
        await append_event(session, "words.counted", user_id=DERIVED, count=0)


async def find_word_faults(db: Sessions) -> list[str]:
    """Compare the counts with the index, unless posts were added or deleted since."""
    if await _is_behind(db):
        return []
    is_wrong = False
    async with aclosing(_pages(db)) as pages:
        async for rows, stored in pages:
            is_wrong |= bool(_moved(_counted(rows), stored))
    # There may be new posts by now.
    if is_wrong and not await _is_behind(db):
        return ["the counts of words do not agree with the posts"]
    return []


async def _is_behind(db: Sessions) -> bool:
    async with db.read() as session:
        return await is_vocabulary_old(session, share=0)


async def _pages(db: Sessions) -> AsyncGenerator[tuple[list[TermCount], dict[str, int]], None]:
    """Yield pages of the index's terms, each with the stored counts of the same range."""
    async with db.read() as session:
        index = backend_of(session).words
    after = ""
    async with aclosing(index.vocabulary(db.read, PAGE)) as pages:
        async for rows in pages:
            stored = await _stored(db, Word.word > after, Word.word <= rows[-1].term)
            yield [row for row in rows if not row.term.startswith(AUTHOR_MARK)], stored
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
        if len(row.term) <= 4 or not any(map(str.isdigit, row.term))
    }


def _moved(counted: Mapping[str, int], stored: Mapping[str, int]) -> list[str]:
    """Return the words whose rows are missing, unneeded or too far from the count."""

    def is_near(word: str) -> bool:
        count, known = counted.get(word, 0), stored.get(word, 0)
        return min(count, known) > 0 and 1 / TOLERANCE <= count / known <= TOLERANCE

    return sorted(word for word in counted.keys() | stored.keys() if not is_near(word))


async def _store(db: Sessions, counted: Mapping[str, int], stored: Mapping[str, int]) -> None:
    if not (moved := _moved(counted, stored)):
        return
    async with db.write() as session:
        # Rows are deleted first, since another process may be counting too.
        old = backend_of(session).listed([(word,) for word in moved], Word.word)
        await session.execute(delete(Word).where(Word.word.in_(select(old))))
        rows = [{"word": word, "tweets": counted[word]} for word in moved if word in counted]
        await insert_rows(session, cast(Table, Word.__table__), rows)
