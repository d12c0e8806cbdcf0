"""The first question of a quiz on a chat's overview."""

import random
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.judgement import FEWEST_JUDGED
from app.compute.names import HIDDEN
from app.compute.text import has_words, username_key
from app.db.result_cache import EVERYTHING, depends_on
from app.models import RoomPerson, Tweet, User
from app.services.compare.name_masking import hide, read_chat_names
from app.services.compare.quiz_draws import (
    FEWEST_POSTS,
    MOST_CHARACTERS,
    MOST_CHOICES,
    SET_LENGTH,
    Candidate,
    QuizSet,
    first_guessable,
)
from app.services.compare.quiz_questions import QuizQuestion
from app.services.rooms.room_facts import RoomFacts


class Teaser(NamedTuple):
    quiz: QuizSet
    question: QuizQuestion


class Player(NamedTuple):
    """A possible author, whose rows load faster than `User` objects."""

    username: str
    username_key: str
    display_name: str | None


async def read_teaser(session: AsyncSession, room: RoomFacts) -> Teaser | None:
    """Return a quiz about a chat, which changes only with the chat, with up to six people who write
    most.

    None if fewer than two have enough messages, or the newest have too few words.
    """
    depends_on(EVERYTHING)
    able = [person for person in room.people if person.messages >= FEWEST_POSTS]
    if len(able) < 2:
        return None
    keys = [username_key(person.username) for person in able[: 2 * MOST_CHOICES]]
    rows = await session.execute(_players(), {"room_id": room.id, "keys": keys})
    players = {row.id: Player(*row[1:]) for row in rows}
    values = {"room_id": room.id, "user_ids": list(players)}
    newest = [Candidate(*row) for row in await session.execute(_newest(), values)]
    worded = [row for row in newest if has_words(row.text)]
    cast = await _cast(session, room.id, players, Counter(row.user_id for row in worded))
    if len(cast) < 2 or not worded:
        return None
    chance = random.Random(newest[0].id)  # noqa: S311 - a game, which is the same to everybody
    mixed = [post for post in chance.sample(worded, len(worded)) if post.user_id in cast]
    chats = await read_chat_names(session, [room.id])
    posts = await first_guessable(session, mixed, cast, SET_LENGTH, chats)
    if not posts:
        return None
    # A short post is asked about first.
    posts.sort(key=lambda post: len(post.text.rstrip().replace(HIDDEN, "")) > 160)
    first, ids = posts[0], sorted(cast, key=lambda user_id: cast[user_id].username_key)
    question = QuizQuestion(
        tweet_id=first.id,
        username=cast[first.user_id].username,
        usernames=[cast[user_id].username for user_id in ids],
        hidden=await hide(first.text, *cast.values(), chat_names=chats.of(room.id)),
    )
    return Teaser(QuizSet(tuple(ids), tuple(post.id for post in posts)), question)


async def _cast(
    session: AsyncSession, room_id: int, players: Mapping[int, Player], counts: Mapping[int, int]
) -> dict[int, Player]:
    """Return the first players with as many messages as a comparison needs.

    counts: each player's messages with words among the newest; more are read for players with few.
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
    return (
        select(User.id, User.username, User.username_key, User.display_name)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .where(User.username_key.in_(bindparam("keys", expanding=True)), User.deleted_at.is_(None))
        .where(RoomPerson.room_id == bindparam("room_id"))
        .order_by(RoomPerson.messages.desc(), RoomPerson.user_id)
    )


@cache
def _newest() -> Select[int, int, str, int | None]:
    return (
        select(Tweet.id, Tweet.user_id, Tweet.text, Tweet.room_id)
        .where(Tweet.room_id == bindparam("room_id"), Tweet.created_at.is_not(None))
        .where(Tweet.user_id.in_(bindparam("user_ids", expanding=True)))
        .where(func.length(Tweet.text) <= MOST_CHARACTERS)
        .order_by(Tweet.created_at.desc(), Tweet.place.desc(), Tweet.id.desc())
        .limit(120)
    )


@cache
def _newest_of_one() -> Select[str]:
    of_one = Tweet.room_id == bindparam("room_id"), Tweet.user_id == bindparam("user_id")
    newest = (Tweet.created_at.desc(), Tweet.place.desc(), Tweet.id.desc())
    return select(Tweet.text).where(*of_one).order_by(*newest).limit(1_000)
