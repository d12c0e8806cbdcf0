"""A post to guess without the names in it, and the model's guess."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.people.names import HiddenText
from app.errors import NotFoundError
from app.models import RoomPerson, Tweet, User
from app.services.compare.comparing import MOST_GAPS, Question, case_of
from app.services.compare.habits import Models
from app.services.compare.name_masking import hide, read_chat_names
from app.services.compare.quiz_draws import QuizSet
from app.services.compare.verdict import Comparison, add_reasons, answer


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    tweet_id: int
    username: str
    usernames: list[str]
    hidden: HiddenText

    @property
    def text(self) -> str:
        """The text with `HIDDEN` for names."""
        return self.hidden.masked


@dataclass(frozen=True, slots=True)
class Solution(QuizQuestion):
    """A question with the model's answer, as if the post had not been written."""

    comparison: Comparison

    @property
    def is_model_right(self) -> bool:
        return self.comparison.ranking[0].username == self.username


async def read_question(
    session: AsyncSession, quiz: QuizSet, at: int = 0, *, room_id: int | None = None
) -> QuizQuestion:
    """Return a set's question. Raises NotFoundError if post or author is deleted, or outside of the
    room.
    """
    tweet = await session.get(Tweet, quiz.tweet_ids[at])
    query = select(User).where(User.id.in_(quiz.user_ids), User.deleted_at.is_(None))
    if room_id is not None:
        of_room = RoomPerson.room_id == room_id, RoomPerson.messages > 0
        query = query.where(User.id.in_(select(RoomPerson.user_id).where(*of_room)))
    users = {user.id: user for user in await session.scalars(query)}
    if (
        tweet is None
        or len(users) < len(quiz.user_ids)
        or tweet.user_id not in users
        or room_id not in (None, tweet.room_id)
    ):
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
    """Return the author, and the comparison without the post, its chain of own replies, and hidden
    pieces.

    The background counts the post. Raises NotFoundError.
    """
    question = await read_question(session, quiz, at, room_id=room_id)
    asked = asked_of(question.hidden, question.usernames, question.tweet_id)
    case = await case_of(session, models, asked)
    comparison = await answer(case)
    if reasons:
        comparison = await add_reasons(session, case, comparison)
    return Solution(
        question.tweet_id, question.username, question.usernames, question.hidden, comparison
    )


def asked_of(text: HiddenText, usernames: Sequence[str], tweet_id: int) -> Question:
    return Question([text.text], usernames, without=text.gaps[:MOST_GAPS], hidden_post=tweet_id)
