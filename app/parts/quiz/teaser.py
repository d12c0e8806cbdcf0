"""The first question of a quiz on a chat's overview."""

import random
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.people.names import HIDDEN
from app.compute.text import has_words
from app.services.compare.name_masking import hide, read_chat_names
from app.services.compare.quiz_draws import SET_LENGTH, QuizSet, first_guessable, read_cast
from app.services.compare.quiz_questions import QuizQuestion
from app.services.rooms.room_facts import RoomFacts


class Teaser(NamedTuple):
    quiz: QuizSet
    question: QuizQuestion


async def read_teaser(session: AsyncSession, room: RoomFacts) -> Teaser | None:
    """Return a quiz about a chat, which changes only with the chat, with up to six people who write
    most.

    None if fewer than two have enough messages, or the newest have too few words.
    """
    cast, newest = await read_cast(session, room)
    worded = [row for row in newest if has_words(row.text)]
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
