"""The questions of a game: posts of its authors, each with saywho's guess."""

import math
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import InvalidInputError
from app.models import User
from app.services.access.rights import select_speakers
from app.services.compare import quiz_questions
from app.services.compare.habits import Models
from app.services.posts.users import get_user
from app.services.rooms.chats import RoomFacts

FEWEST_AUTHORS: Final = 2
MOST_AUTHORS: Final = 6


@dataclass(frozen=True, slots=True)
class DrawnQuestion:
    tweet_id: int
    user_id: int
    model_user_id: int
    model_probability: float


async def named_cast(session: AsyncSession, usernames: Sequence[str]) -> list[User]:
    """Return authors by name. Raises NotFoundError, InvalidInputError."""
    cast = {user.id: user for user in [await get_user(session, name) for name in usernames]}
    if len(cast) < len(usernames):
        raise InvalidInputError("Name each author once", loc="usernames")
    if not FEWEST_AUTHORS <= len(cast) <= MOST_AUTHORS:
        raise InvalidInputError(
            "A game needs {fewest} to {most} authors",
            fewest=FEWEST_AUTHORS,
            most=MOST_AUTHORS,
            loc="usernames",
        )
    return sorted(cast.values(), key=lambda user: user.username_key)


async def room_cast(session: AsyncSession, room: RoomFacts, questions: int) -> list[User]:
    """Return up to six people of a chat who wrote most and have enough posts.

    Raises InvalidInputError for fewer than two.
    """
    speakers = select_speakers(room.id).with_only_columns(User).limit(2 * MOST_AUTHORS)
    users = (await session.scalars(speakers)).all()
    few = math.ceil(questions / 2)
    able = [user for user in users if len(await _askable(session, user, users, few)) == few]
    if len(able) < FEWEST_AUTHORS:
        raise InvalidInputError(
            "The game needs two people with {count} messages of four words or more in this chat"
            " that no one else wrote, without a phone number or an address",
            count=few,
            loc="room",
        )
    return sorted(able[:MOST_AUTHORS], key=lambda user: user.username_key)


async def draw_questions(
    session: AsyncSession,
    models: Models,
    cast: Sequence[User],
    questions: int,
    *,
    asked: Collection[int] = (),
) -> list[DrawnQuestion]:
    """Return different posts in random order, equally many of each author, give or take a post.

    asked: ids of posts asked again only if an author has no other posts. Raises InvalidInputError
    for too few posts.
    """
    ids = [user.id for user in cast]
    counts = shares(questions, ids, random.sample(ids, len(ids)))
    fewest = max(counts.values())
    posts: list[tuple[int, int]] = []
    for user in cast:
        drawn = await _askable(session, user, cast, fewest + len(asked))
        drawn.sort(key=lambda post: post.id in asked)
        if len(drawn) < fewest:
            raise InvalidInputError(
                "'{username}' has too few posts of four words or more that no one else in the game"
                " wrote, without a phone number or an address: {questions} questions need {count}",
                username=user.username,
                questions=questions,
                count=fewest,
                loc="usernames",
            )
        posts += [(post.id, user.id) for post in drawn[: counts[user.id]]]
    random.shuffle(posts)
    by_name = {user.username: user.id for user in cast}
    quiz = quiz_questions.QuizSet(tuple(ids), tuple(tweet_id for tweet_id, _ in posts))
    solved = [await quiz_questions.solve(session, models, quiz, at) for at in range(len(posts))]
    guesses = [solution.comparison.ranking[0] for solution in solved]
    return [
        DrawnQuestion(tweet_id, user_id, by_name[best.username], best.probability)
        for (tweet_id, user_id), best in zip(posts, guesses, strict=True)
    ]


async def _askable(
    session: AsyncSession, user: User, cast: Sequence[User], most: int
) -> list[quiz_questions.Candidate]:
    posts = await quiz_questions.posts_of_author(session, user)
    return await quiz_questions.first_guessable(
        session, posts, {each.id: each for each in cast}, most
    )


def shares(questions: int, authors: Sequence[int], extra: Sequence[int]) -> dict[int, int]:
    """Return the number of questions about each author, differing by one at most; extra: the
    authors who get one more, in order.
    """
    least, remainder = divmod(questions, len(authors))
    first = {*extra[:remainder]}
    return {author: least + (author in first) for author in authors}
