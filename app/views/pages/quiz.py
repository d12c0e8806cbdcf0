"""Who wrote it? A game against the model."""

import msgspec
from quart import render_template
from quart.typing import ResponseReturnValue

from app.errors import AppError, GoneError, InvalidInputError
from app.lifespan import resources
from app.services.access.secrets import seal, unseal
from app.services.compare.quiz import QuestionKey, Solution, ask, solve
from app.views.blueprints import Form, PageBlueprint
from app.views.pages.parts import hues_of, marked_text, render_form

blueprint = PageBlueprint("quiz")

ROUND_LENGTH = 16
"""Characters that name a round: the beginning of its sealed question is random."""


@blueprint.page("/quiz")
async def show_quiz() -> ResponseReturnValue:
    return await _question_page()


@blueprint.action("/quiz")
async def post_guess(form: Form) -> ResponseReturnValue:
    """Accept a guess, and show the post's author."""
    sealed, guess = form.get("question", ""), form.get("guess", "")
    try:
        key = _opened(sealed)
        async with resources().db.read() as session:
            solution = await solve(session, resources().models, key)
        if guess not in solution.usernames:
            raise InvalidInputError("Choose one of the authors", loc="guess")
    except (GoneError, InvalidInputError) as error:
        return await _question_page(error)
    return await _answer_page(solution, guess, sealed[:ROUND_LENGTH])


def _opened(sealed: str) -> QuestionKey:
    try:
        return msgspec.json.decode(unseal(sealed, resources().secret_keys), type=QuestionKey)
    except ValueError:
        raise InvalidInputError("That question is not one of this site", loc="question") from None


async def _question_page(failure: AppError | None = None) -> ResponseReturnValue:
    async with resources().db.read() as session:
        question = await ask(session)
    sealed = question and seal(msgspec.json.encode(question.key), resources().secret_keys)
    return await render_form("quiz.html", failure, question=question, sealed=sealed)


async def _answer_page(solution: Solution, guess: str, round_: str) -> str:
    comparison = solution.comparison
    best = comparison.ranking[0]
    lines = {ranked.username: number for number, ranked in enumerate(comparison.ranking, 1)}
    async with resources().db.read() as session:
        hues = await hues_of(session, lines)
    return await render_template(
        "quiz.html",
        solution=solution,
        guess=guess,
        round=round_,
        best=best,
        is_right=guess == solution.username,
        is_model_right=best.username == solution.username,
        hues=hues,
        lines=lines,
        pieces=marked_text(comparison.text, [(m.start, m.end, m) for m in comparison.evidence]),
    )
