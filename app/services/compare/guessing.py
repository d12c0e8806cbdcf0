"""Who wrote it? A post without its author, and the model's own guess."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.names import HiddenText
from app.errors import NotFoundError
from app.models import RoomPerson, Tweet, User
from app.result_cache import EVERYTHING, depends_on
from app.services.compare.cases import MOST_GAPS, Models, gather
from app.services.compare.chat_names import read_chat_names
from app.services.compare.name_masking import hide
from app.services.compare.question import Question
from app.services.compare.verdict import Comparison, add_reasons, answer

FEWEST_POSTS: Final = 20
"""Posts an author must have to be in a question; with fewer neither side has a fair chance."""
MOST_CHOICES: Final = 6
"""Authors that a set may name."""
SET_LENGTH: Final = 10
"""Posts of a set."""


class QuizSet(NamedTuple):
    """Posts to guess, and the authors among whom to choose."""

    user_ids: tuple[int, ...]
    tweet_ids: tuple[int, ...]

    @property
    def written(self) -> str:
        """The set as it stands in addresses."""
        return "-".join(".".join(map(str, ids)) for ids in self)


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    """A post to guess, and the possible authors, whose names are hidden in it."""

    tweet_id: int
    username: str
    usernames: list[str]
    hidden: HiddenText

    @property
    def text(self) -> str:
        """The text with `HIDDEN` in place of names."""
        return self.hidden.masked


@dataclass(frozen=True, slots=True)
class Solution(QuizQuestion):
    """The question with the model's comparison of a text it has never seen."""

    comparison: Comparison

    @property
    def is_model_right(self) -> bool:
        return self.comparison.ranking[0].username == self.username


async def is_playable(session: AsyncSession) -> bool:
    """Return whether two authors have enough posts."""
    depends_on(EVERYTHING)
    query = select(User.id).where(User.deleted_at.is_(None), User.tweet_count >= FEWEST_POSTS)
    return len((await session.scalars(query.limit(2))).all()) == 2


async def read_question(
    session: AsyncSession, quiz: QuizSet, at: int = 0, *, room_id: int | None = None
) -> QuizQuestion:
    """Return a question of a set.

    Raises NotFoundError if the post or an author is deleted, and where a room is named, if either
    is not of this room.
    """
    tweet = await session.get(Tweet, quiz.tweet_ids[at])
    query = select(User).where(User.id.in_(quiz.user_ids), User.deleted_at.is_(None))
    if room_id is not None:
        of_room = RoomPerson.room_id == room_id, RoomPerson.messages > 0
        query = query.where(User.id.in_(select(RoomPerson.user_id).where(*of_room)))
    users = {user.id: user for user in await session.scalars(query)}
    if tweet is None or len(users) < len(quiz.user_ids) or tweet.user_id not in users:
        raise NotFoundError("The post of this question was deleted")
    if room_id is not None and tweet.room_id != room_id:
        raise NotFoundError("The post of this question was deleted")
    author = users[tweet.user_id]
    names = [users[user_id].username for user_id in quiz.user_ids]
    chats = await read_chat_names(session, [tweet.room_id])
    hiding = await hide(tweet.text, *users.values(), chat_names=chats.of(tweet.room_id))
    return QuizQuestion(tweet.id, author.username, names, hiding)


async def solve(
    session: AsyncSession,
    models: Models,
    quiz: QuizSet,
    at: int = 0,
    *,
    room_id: int | None = None,
    reasons: bool = False,
) -> Solution:
    """Return the post's author, and the model's comparison of the same authors.

    The post is removed from its author's profile first, with the chain of own replies that it is
    in, and nothing that is hidden of it counts. (The background still counts it, one among all.)
    Raises NotFoundError as `read_question` does.
    """
    question = await read_question(session, quiz, at, room_id=room_id)
    asked = asked_of(question.hidden, question.usernames, question.tweet_id)
    case = await gather(session, models, asked)
    comparison = await answer(case)
    if reasons:
        comparison = await add_reasons(session, case, comparison)
    return Solution(
        question.tweet_id, question.username, question.usernames, question.hidden, comparison
    )


def asked_of(text: HiddenText, usernames: Sequence[str], tweet_id: int) -> Question:
    """Return the question to the model: who wrote a post that it must not know, nor its names."""
    return Question([text.text], usernames, without=text.gaps[:MOST_GAPS], hidden_post=tweet_id)
