"""Who wrote it? A quiz out of a room: its messages, and some of those who write in it."""

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.judgement import FEWEST_JUDGED
from app.compute.names import ManyNames
from app.models import RoomPerson, Tweet, User
from app.services.compare.cases import Models
from app.services.compare.chat_names import read_chat_names
from app.services.compare.hiding import can_be_guessed
from app.services.compare.quiz import (
    FEWEST_POSTS,
    MOST_CHARACTERS,
    MOST_PLAYERS,
    TRIES,
    QuizSet,
    draw_cast,
)
from app.services.rooms.room_facts import RoomFacts

_PASSAGE: Final = 60
"""Consecutive messages that are searched for some that can be guessed, one of each person."""
_EMPTY_PASSAGES: Final = 5
"""In a row, after which no more are searched: perhaps these people only laugh."""


async def draw_from_room(
    session: AsyncSession, models: Models, room: RoomFacts, *, count: int
) -> QuizSet | None:
    """Return up to `count` random messages of a room, and up to four of its people.

    None while fewer than two people have `FEWEST_POSTS` messages in it and as many texts here as a
    comparison needs, or no message has enough words.
    """
    players = await _players(session, models, room.id)
    return await draw_cast(players, lambda cast: _messages_to_guess(session, room, cast, count))


async def _players(session: AsyncSession, models: Models, room_id: int) -> list[User]:
    """Return random people who write enough in a room to be told apart."""
    query = (
        select(User)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .where(RoomPerson.room_id == room_id, RoomPerson.messages >= FEWEST_POSTS)
        .where(User.deleted_at.is_(None))
        .order_by(func.random())
        .limit(MOST_PLAYERS)
    )
    users = (await session.scalars(query)).all()
    profiles = await models.profiles.load(session, users)
    return [
        user
        for user, profile in zip(users, profiles, strict=True)
        if profile.worded_posts >= FEWEST_JUDGED
    ]


async def _messages_to_guess(
    session: AsyncSession, room: RoomFacts, cast: Sequence[User], count: int
) -> list[int]:
    """Return different messages of these people, from passages all over the room."""
    people = {user.id: user for user in cast}
    chat_names = (await read_chat_names(session, [room.id])).of(room.id)
    ids: set[int] = set()
    empty = 0
    for _ in range(TRIES * count):
        if len(ids) >= count or empty == _EMPTY_PASSAGES:
            break
        by_person = await _passage(session, room, people, chat_names)
        empty = 0 if by_person else empty + 1
        ids |= {random.choice(messages) for messages in by_person.values()}  # noqa: S311 - a game
    return random.sample(sorted(ids), min(count, len(ids)))


async def _passage(
    session: AsyncSession, room: RoomFacts, people: Mapping[int, User], chat_names: ManyNames
) -> dict[int, list[int]]:
    """Return the messages of a random passage that can be guessed, by who wrote them."""
    start = random.randrange(max(1, room.messages - _PASSAGE + 1))  # noqa: S311 - a game
    # Only the index is read up to there; the texts are read of the passage alone.
    order = (Tweet.created_at, Tweet.id)
    passage = select(Tweet.id).where(Tweet.room_id == room.id).order_by(*order)
    passage_ids = passage.offset(start).limit(_PASSAGE).subquery()
    query = (
        select(Tweet.id, Tweet.user_id, Tweet.text)
        .join(passage_ids, passage_ids.c.id == Tweet.id)
        .where(Tweet.user_id.in_(people), func.length(Tweet.text) <= MOST_CHARACTERS)
    )
    messages = [(message, user, text) for message, user, text in await session.execute(query)]
    # Masking names in 60 messages takes up to 20 ms.
    return await asyncio.to_thread(_guessable, messages, people, chat_names)


def _guessable(
    messages: Iterable[tuple[int, int, str]], people: Mapping[int, User], chat_names: ManyNames
) -> dict[int, list[int]]:
    """Return the messages, by who wrote them, that have words even without names."""
    by_person: dict[int, list[int]] = {}
    for message_id, user_id, text in messages:
        if can_be_guessed(text, *people.values(), chat_names=chat_names):
            by_person.setdefault(user_id, []).append(message_id)
    return by_person
