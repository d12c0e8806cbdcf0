"""The quiz that the overview of a room begins: its newest messages, the same to everybody."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.judgement import FEWEST_JUDGED
from app.compute.names import HiddenText, ManyNames
from app.compute.text import has_words, username_key
from app.memo import EVERYTHING, depends_on
from app.models import RoomPerson, Tweet, User
from app.services.compare.chat_names import read_chat_names
from app.services.compare.hiding import can_be_guessed, hidden
from app.services.compare.quiz import (
    FEWEST_POSTS,
    MOST_CHARACTERS,
    MOST_CHOICES,
    SET_LENGTH,
    QuizQuestion,
    QuizSet,
)
from app.services.rooms.room_facts import RoomFacts

_SEARCHED: Final = 120
"""Newest messages among which some are searched that can be guessed."""
_OF_ONE: Final = 60
"""Newest messages of somebody among which those with words are counted."""

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

    To choose from are those who write most there, six at most. None where fewer than two people
    have enough messages, or where the newest ones have too few words to be guessed.
    """
    depends_on(EVERYTHING)
    able = [person for person in room.people if person.messages >= FEWEST_POSTS]
    if len(able) < 2:
        return None
    keys = [username_key(person.username) for person in able[: 2 * MOST_CHOICES]]
    rows = await session.execute(_players(), {"room_id": room.id, "keys": keys})
    players = {row.id: Player(*row[1:]) for row in rows}
    values = {"room_id": room.id, "user_ids": list(players)}
    newest = (await session.execute(_newest(), values)).all()
    worded = [row for row in newest if has_words(row.text)]
    cast = await _cast(session, room.id, players, Counter(row.user_id for row in worded))
    if len(cast) < 2 or not worded:
        return None
    chat_names = (await read_chat_names(session, [room.id])).of(room.id)
    return await asyncio.to_thread(_teaser, newest[0].id, worded, cast, chat_names)


async def _cast(
    session: AsyncSession, room_id: int, players: Mapping[int, Player], counts: Mapping[int, int]
) -> dict[int, Player]:
    """Return the first of the players who have written as much as a comparison needs.

    counts: worded messages of each among the newest; of those who have few there more are read.
    """
    cast: dict[int, Player] = {}
    for user_id, player in players.items():
        count = counts.get(user_id, 0)
        if count < FEWEST_JUDGED:
            values = {"room_id": room_id, "user_id": user_id}
            count = sum(map(has_words, await session.scalars(_newest_of_one(), values)))
        if count >= FEWEST_JUDGED:
            cast[user_id] = player
        if len(cast) == MOST_CHOICES:
            break
    return cast


@cache
def _players() -> Select[int, str, str, str | None]:
    """Return the query for people of a room, those with the most messages first."""
    return (
        select(User.id, User.username, User.username_key, User.display_name)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .where(User.username_key.in_(bindparam("keys", expanding=True)), User.deleted_at.is_(None))
        .where(RoomPerson.room_id == bindparam("room_id"))
        .order_by(RoomPerson.messages.desc(), RoomPerson.user_id)
    )


@cache
def _newest() -> Select[int, int, str]:
    """Return the query for the newest messages of players, as far as they are short enough."""
    return (
        select(Tweet.id, Tweet.user_id, Tweet.text)
        .where(Tweet.room_id == bindparam("room_id"), Tweet.created_at.is_not(None))
        .where(Tweet.user_id.in_(bindparam("user_ids", expanding=True)))
        .where(func.length(Tweet.text) <= MOST_CHARACTERS)
        .order_by(Tweet.created_at.desc(), Tweet.id.desc())
        .limit(_SEARCHED)
    )


@cache
def _newest_of_one() -> Select[str]:
    of_one = Tweet.room_id == bindparam("room_id"), Tweet.user_id == bindparam("user_id")
    newest = select(Tweet.text).where(*of_one)
    return newest.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(_OF_ONE)


def _teaser(
    newest: int, worded: Sequence[Any], cast: Mapping[int, Player], chat_names: ManyNames
) -> Teaser | None:
    chance = random.Random(newest)  # noqa: S311 - a game, which is the same to everybody
    texts = _texts(chance.sample(worded, len(worded)), cast, chat_names)
    if not texts:
        return None
    ids = sorted(cast, key=lambda user_id: cast[user_id].username_key)
    tweet_ids = sorted(texts, key=lambda tweet_id: len(texts[tweet_id].text) > LONGEST_FIRST)
    author = next(row.user_id for row in worded if row.id == tweet_ids[0])
    names = [cast[user_id].username for user_id in ids]
    question = QuizQuestion(tweet_ids[0], cast[author].username, names, texts[tweet_ids[0]])
    return Teaser(QuizSet(tuple(ids), tuple(tweet_ids)), question)


def _texts(
    rows: Iterable[Any], cast: Mapping[int, Player], chat_names: ManyNames
) -> dict[int, HiddenText]:
    """Return messages of these people, by id: as many as a set has."""
    texts: dict[int, HiddenText] = {}
    for row in rows:
        # Names are looked for only until there are enough: in all that would take long.
        if row.user_id in cast and can_be_guessed(row.text, *cast.values(), chat_names=chat_names):
            texts[row.id] = hidden(row.text, *cast.values(), chat_names=chat_names)
        if len(texts) == SET_LENGTH:
            break
    return texts
