"""The quiz that the overview of a room begins: its newest messages, the same to everybody."""

import asyncio
import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.judgement import FEWEST_JUDGED
from app.compute.text import has_words, username_key
from app.memo import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.compare.quiz import (
    CHOICES,
    FEWEST_POSTS,
    MOST_CHARACTERS,
    SET_LENGTH,
    QuizQuestion,
    QuizSet,
    masked,
)
from app.services.rooms.room_facts import RoomFacts

_SEARCHED: Final = 120
"""Newest messages among which some are searched that can be guessed."""

LONGEST_FIRST: Final = 160
"""Characters of the first question, if there is one."""


class Teaser(NamedTuple):
    """A quiz, and its first question."""

    quiz: QuizSet
    question: QuizQuestion


class Player(NamedTuple):
    """Somebody who may have written a message; rows load faster than `User` objects."""

    username: str
    username_key: str
    display_name: str | None


async def read_teaser(session: AsyncSession, room: RoomFacts) -> Teaser | None:
    """Return a quiz out of a room, which changes only as the room does.

    None where fewer than two people have enough messages, or where the newest ones have too few
    words to be guessed.
    """
    depends_on(EVERYTHING)
    able = [person for person in room.people if person.messages >= FEWEST_POSTS]
    if len(able) < 2:
        return None
    query = select(User.id, User.username, User.username_key, User.display_name)
    keys = [username_key(person.username) for person in able]
    has_key = User.username_key.in_(keys), User.deleted_at.is_(None)
    players = {row.id: Player(*row[1:]) for row in await session.execute(query.where(*has_key))}
    messages = (
        select(Tweet.id, Tweet.user_id, Tweet.text)
        .where(Tweet.room_id == room.id, Tweet.created_at.is_not(None))
        .where(Tweet.user_id.in_(players), func.length(Tweet.text) <= MOST_CHARACTERS)
        .order_by(Tweet.created_at.desc(), Tweet.id.desc())
        .limit(_SEARCHED)
    )
    rows = (await session.execute(messages)).all()
    return await asyncio.to_thread(_teaser, rows, players)


def _teaser(rows: Sequence[Any], players: Mapping[int, Player]) -> Teaser | None:
    worded = [row for row in rows if has_words(row.text)]
    counts = Counter(row.user_id for row in worded)
    able = sorted(user_id for user_id, count in counts.items() if count >= FEWEST_JUDGED)
    if len(able) < 2:
        return None
    chance = random.Random(rows[0].id)  # noqa: S311 - a game, which is the same to everybody
    cast = chance.sample(able, min(CHOICES, len(able)))
    cast.sort(key=lambda user_id: players[user_id].username_key)
    texts = _texts(chance.sample(worded, len(worded)), players, cast)
    if not texts:
        return None
    tweet_ids = sorted(texts, key=lambda tweet_id: len(texts[tweet_id]) > LONGEST_FIRST)
    author = next(row.user_id for row in worded if row.id == tweet_ids[0])
    names = [players[user_id].username for user_id in cast]
    question = QuizQuestion(tweet_ids[0], players[author].username, names, texts[tweet_ids[0]])
    return Teaser(QuizSet(tuple(cast), tuple(tweet_ids)), question)


def _texts(
    rows: Iterable[Any], players: Mapping[int, Player], cast: Collection[int]
) -> dict[int, str]:
    """Return messages of these people, without names, by id: as many as a set has."""
    texts: dict[int, str] = {}
    for row in rows:
        # Names are masked only until there are enough: of all that would take long.
        if row.user_id in cast and has_words(text := masked(row.text, players[row.user_id])):
            texts[row.id] = text
        if len(texts) == SET_LENGTH:
            break
    return texts
