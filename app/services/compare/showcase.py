"""An answered example in each language, for the front page."""

import contextlib
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import monotonic
from app.db.backend import Sessions
from app.errors import NotFoundError
from app.services.compare.cases import Models
from app.services.compare.quiz import QuizSet, Solution, draw, read_question, solve

SHOWN_CHARACTERS: Final = 100
"""Of the example on the front page."""
SHOWN_S: Final = 3_600
"""Time for which an example is shown."""
_SHOWN_TRIES: Final = 10
"""Questions that are tried for an example that is answered right."""


class Showcase:
    """An answered example in each language, for the front page."""

    def __init__(self, db: Sessions, models: Models) -> None:
        self._db = db
        self._models = models
        self._shown: dict[str, tuple[float, QuizSet, Solution]] = {}

    def clear(self, _newest: int) -> None:
        """Forget the examples, since the database has lost some posts, and gives out their ids."""
        self._shown.clear()

    async def find(self, lang: str) -> Solution | None:
        """Return the example, a new one each hour; None while there is too little for one."""
        async with self._db.read() as session:
            until, quiz, solution = self._shown.get(lang, (0.0, None, None))
            if quiz is not None and monotonic() < until:
                with contextlib.suppress(NotFoundError):
                    await read_question(session, quiz)
                    return solution
            return await self._make(session, lang)

    async def _make(self, session: AsyncSession, lang: str) -> Solution | None:
        best, most = None, -1.0
        for _ in range(_SHOWN_TRIES):
            quiz = await draw(session, lang, longest=SHOWN_CHARACTERS)
            if quiz is None:
                break
            solution = await solve(session, self._models, quiz)
            if (share := solution.author_share) > most:
                best, most = quiz, share
            if solution.is_model_right and solution.comparison.verdict == "likely":
                break
        if best is None:
            return None
        # Reasons are looked for in many posts, hence only once.
        example = await solve(session, self._models, best, reasons=True)
        self._shown[lang] = monotonic() + SHOWN_S, best, example
        return example
