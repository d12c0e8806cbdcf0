"""A post to guess, the model's guess, and the front page's example."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.names import HiddenText
from app.db.backend import Sessions
from app.db.result_cache import EVERYTHING, depends_on
from app.errors import NotFoundError
from app.models import RoomPerson, Tweet, User
from app.runtime.clock import monotonic
from app.services.compare.askable import FEWEST_POSTS, QuizSet, draw
from app.services.compare.cases import MOST_GAPS, Models, Question, gather
from app.services.compare.name_masking import hide, read_chat_names
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


async def is_playable(session: AsyncSession) -> bool:
    depends_on(EVERYTHING)
    query = select(User.id).where(User.deleted_at.is_(None), User.tweet_count >= FEWEST_POSTS)
    return len((await session.scalars(query.limit(2))).all()) == 2


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
    case = await gather(session, models, asked)
    comparison = await answer(case)
    if reasons:
        comparison = await add_reasons(session, case, comparison)
    return Solution(
        question.tweet_id, question.username, question.usernames, question.hidden, comparison
    )


def asked_of(text: HiddenText, usernames: Sequence[str], tweet_id: int) -> Question:
    return Question([text.text], usernames, without=text.gaps[:MOST_GAPS], hidden_post=tweet_id)


class Showcase:
    """The front page's examples by language, the same for all workers."""

    def __init__(self, db: Sessions, models: Models) -> None:
        self._db = db
        self._models = models
        self._shown: dict[str, tuple[int, QuizSet, Solution]] = {}
        self._undecided: dict[str, float] = {}
        """Time by language until the next trial, after ten unanswered examples."""

    def clear(self, _newest: int) -> None:
        """Forget the examples, since lost posts' IDs are allocated again."""
        self._shown.clear()
        self._undecided.clear()

    async def find(self, lang: str) -> Solution | None:
        """Return the example; None if none of ten is answered correctly."""
        if monotonic() < self._undecided.get(lang, 0.0):
            return None
        async with self._db.read() as session:
            # Another example is drawn after 500 new posts.
            turn = (await session.scalar(select(func.max(Tweet.id))) or 0) // 500
            shown_in, quiz, solution = self._shown.get(lang, (0, None, None))
            if quiz is not None and shown_in == turn:
                with contextlib.suppress(NotFoundError):
                    await read_question(session, quiz)
                    return solution
            return await self._make(session, lang, turn)

    async def _make(self, session: AsyncSession, lang: str, turn: int) -> Solution | None:
        for attempt in range(10):
            seed = f"{turn} {lang} {attempt}"
            quiz = await draw(session, lang, longest=100, seed=seed)
            if quiz is None:
                if attempt == 0:
                    return None  # Usually there are too few posts, which may change soon.
                continue
            solution = await solve(session, self._models, quiz)
            if solution.is_model_right and solution.comparison.verdict == "likely":
                # Finding reasons reads many posts, hence only once.
                example = await solve(session, self._models, quiz, reasons=True)
                self._shown[lang] = turn, quiz, example
                return example
        self._undecided[lang] = monotonic() + 600
        return None
