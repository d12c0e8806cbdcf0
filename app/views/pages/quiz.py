"""Who wrote it? A game against the model, alone or by a set that can be shared."""

from typing import Annotated

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from msgspec import Meta, Struct
from quart import g, render_template, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, GoneError, InvalidInputError
from app.lifespan import resources
from app.services.compare.quiz import (
    SET_LENGTH,
    Question,
    QuestionKey,
    Solution,
    draw,
    draw_set,
    read_question,
    solve,
)
from app.views.blueprints import Form, PageBlueprint
from app.views.pages.parts import hues_of, marked_text, render_form, see_other
from app.views.policies import own_origin

blueprint = PageBlueprint("quiz")

ROUND_LENGTH = 16
"""Characters that name a round: the end of its signed questions."""
NEW = "new"


class QuizArgs(Struct):
    set: str = ""
    """Signed questions, or `new` for a set that is made now."""
    at: Annotated[int, Meta(ge=0, le=SET_LENGTH)] = 0
    """The place of the question in its set."""
    so: Annotated[str, Meta(pattern="^[0-3]*$", max_length=SET_LENGTH)] = ""
    """The answers so far: 1 if the player was right, plus 2 if the model was."""


@blueprint.page("/quiz")
async def show_quiz(args: QuizArgs) -> ResponseReturnValue:
    if args.set == NEW:
        async with resources().db.read() as session:
            keys = await draw_set(session, g.locale)
        return see_other(url_for("quiz.show_quiz", set=_signed(keys) if keys else None))
    if not args.set:
        return await _question_page()
    try:
        keys = _opened(args.set)
    except InvalidInputError as error:
        return await _question_page(error)
    for at, key in list(enumerate(keys))[args.at :]:
        try:
            async with resources().db.read() as session:
                question = await read_question(session, key)
        except GoneError:
            continue
        return await _asked(question, QuizArgs(args.set, at, args.so))
    return await _end_page(args)


@blueprint.action("/quiz")
async def post_guess(form: Form) -> ResponseReturnValue:
    """Accept a guess, and show the post's author."""
    signed, guess = form.get("question", ""), form.get("guess", "")
    try:
        state = msgspec.convert(
            {"set": signed, "at": form.get("at", 0), "so": form.get("so", "")},
            QuizArgs,
            strict=False,
        )
        key = _opened(signed)[state.at]
        async with resources().db.read() as session:
            solution = await solve(session, resources().models, key)
        if guess not in solution.usernames:
            raise InvalidInputError("Choose one of the authors", loc="guess")
    except (IndexError, msgspec.ValidationError):
        return await _question_page(_not_ours())
    except (GoneError, InvalidInputError) as error:
        return await _question_page(error)
    return await _answer_page(solution, guess, state)


def _signed(keys: list[QuestionKey]) -> str:
    """Return the questions for an address; the author of a post can be looked up anyway."""
    return str(_serializer().dumps(msgspec.to_builtins(keys)))


def _opened(signed: str) -> list[QuestionKey]:
    try:
        return msgspec.convert(_serializer().loads(signed), list[QuestionKey])
    except (BadData, msgspec.ValidationError):
        raise _not_ours() from None


def _serializer() -> URLSafeSerializer:
    # The last key signs; all of them verify.
    return URLSafeSerializer(list(reversed(resources().secret_keys)), salt="quiz")


def _not_ours() -> InvalidInputError:
    return InvalidInputError("That question is not one of this site", loc="question")


async def _question_page(failure: AppError | None = None) -> ResponseReturnValue:
    async with resources().db.read() as session:
        key = await draw(session, g.locale)
        if key is None:
            return await render_form("quiz.html", failure)
        question = await read_question(session, key)
    return await _asked(question, QuizArgs(_signed([key])), failure)


async def _asked(
    question: Question, state: QuizArgs, failure: AppError | None = None
) -> ResponseReturnValue:
    total = len(_opened(state.set))
    return await render_form("quiz.html", failure, question=question, state=state, total=total)


async def _answer_page(solution: Solution, guess: str, state: QuizArgs) -> str:
    total, is_right = len(_opened(state.set)), guess == solution.username
    so = state.so + str(is_right + 2 * solution.is_model_right)
    following = url_for("quiz.show_quiz", set=state.set, at=state.at + 1, so=so)
    return await render_template(
        "quiz.html",
        solution=solution,
        guess=guess,
        state=state,
        total=total,
        round=f"{state.set[-ROUND_LENGTH:]}{state.at or ''}",
        best=solution.comparison.ranking[0],
        is_right=is_right,
        following=following if total > 1 else url_for("quiz.show_quiz"),
        **await shown_solution(solution),
    )


async def shown_solution(solution: Solution) -> dict[str, object]:
    """Return the marks and the colours of an answer."""
    comparison = solution.comparison
    lines = {ranked.username: number for number, ranked in enumerate(comparison.ranking, 1)}
    async with resources().db.read() as session:
        hues = await hues_of(session, lines)
    marks = [(mark.start, mark.end, mark) for mark in comparison.evidence]
    return {"hues": hues, "lines": lines, "pieces": marked_text(comparison.text, marks)}


async def _end_page(args: QuizArgs) -> str:
    address = own_origin(resources().config) + url_for("quiz.show_quiz", set=args.set)
    you, model = ([bool(int(each) & player) for each in args.so] for player in (1, 2))
    return await render_template("quiz.html", you=you, model=model, address=address, state=args)
