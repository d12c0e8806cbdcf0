"""The example of the front page: a post that the model gives to its author."""

import contextlib

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.errors import NotFoundError
from app.models import Tweet
from app.runtime.clock import monotonic
from app.services.compare.habits import Models
from app.services.compare.quiz_draws import QuizSet, draw
from app.services.compare.quiz_questions import Solution, read_question, solve
from app.services.compare.stored_texts import other_writers


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
            if not await _is_unread(session, quiz):
                continue
            solution = await solve(session, self._models, quiz)
            if solution.is_model_right and solution.comparison.verdict == "likely":
                # Finding reasons reads many posts, hence only once.
                example = await solve(session, self._models, quiz, reasons=True)
                self._shown[lang] = turn, quiz, example
                return example
        self._undecided[lang] = monotonic() + 600
        return None


async def _is_unread(session: AsyncSession, quiz: QuizSet) -> bool:
    """Return whether nobody wrote the text of the question another time: saywho had not seen it."""
    query = select(Tweet.id, Tweet.user_id, Tweet.text).where(Tweet.id.in_(quiz.tweet_ids))
    posts = (await session.execute(query)).all()
    return not any((await other_writers(session, posts)).values())
