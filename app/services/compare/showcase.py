"""An answered example in each language, for the front page."""

import contextlib
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import monotonic
from app.db.backend import Sessions
from app.errors import NotFoundError
from app.models import Tweet
from app.services.compare.askable import draw
from app.services.compare.cases import Models
from app.services.compare.guessing import QuizSet, Solution, read_question, solve

SHOWN_CHARACTERS: Final = 100
"""Of the example on the front page."""
SHOWN_POSTS: Final = 500
"""New posts after which another example is drawn."""
UNDECIDED_S: Final = 600
"""Time until examples are tried again, where none was decided."""
_SHOWN_TRIES: Final = 10
"""Questions that are tried for an example that is answered, and right."""


class Showcase:
    """An answered example in each language, for the front page.

    Which one is drawn follows from the posts alone, so that all workers show the same. The time has
    no part in it: a page that is kept is the same page as one that is made later.
    """

    def __init__(self, db: Sessions, models: Models) -> None:
        self._db = db
        self._models = models
        self._shown: dict[str, tuple[int, QuizSet, Solution]] = {}
        self._undecided: dict[str, float] = {}
        """Until when no example is tried in a language."""

    def clear(self, _newest: int) -> None:
        """Forget the examples, since the database has lost some posts, and gives out their ids."""
        self._shown.clear()
        self._undecided.clear()

    async def find(self, lang: str) -> Solution | None:
        """Return the example; None where none of some tried is answered."""
        if monotonic() < self._undecided.get(lang, 0.0):
            return None
        async with self._db.read() as session:
            turn = (await session.scalar(select(func.max(Tweet.id))) or 0) // SHOWN_POSTS
            shown_in, quiz, solution = self._shown.get(lang, (0, None, None))
            if quiz is not None and shown_in == turn:
                with contextlib.suppress(NotFoundError):
                    await read_question(session, quiz)
                    return solution
            return await self._make(session, lang, turn)

    async def _make(self, session: AsyncSession, lang: str, turn: int) -> Solution | None:
        for attempt in range(_SHOWN_TRIES):
            seed = f"{turn} {lang} {attempt}"
            quiz = await draw(session, lang, longest=SHOWN_CHARACTERS, seed=seed)
            if quiz is None:
                if attempt == 0:
                    return None  # Mostly there are too few posts, which may change soon.
                continue
            solution = await solve(session, self._models, quiz)
            if solution.is_model_right and solution.comparison.verdict == "likely":
                # Reasons are looked for in many posts, hence only once.
                example = await solve(session, self._models, quiz, reasons=True)
                self._shown[lang] = turn, quiz, example
                return example
        self._undecided[lang] = monotonic() + UNDECIDED_S
        return None
