"""Who wrote it? A game against the model, by a set of posts that can be shared."""

from typing import Annotated, Final

from msgspec import Meta, Struct
from quart import g, render_template, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, InvalidInputError, NotFoundError
from app.lifespan import resources
from app.services.compare.quiz import CHOICES, SET_LENGTH, QuizSet, draw, read_question, solve
from app.views.blueprints import PageBlueprint
from app.views.pages.evidence import read_evidence
from app.views.pages.parts import hues_of, render_form, see_other, show_names
from app.views.policies import own_origin

blueprint = PageBlueprint("quiz")

SKIPPED: Final = "x"
_ID: Final = "[0-9]{1,15}"
SET: Final = rf"{_ID}(\.{_ID}){{1,{CHOICES - 1}}}-{_ID}(\.{_ID}){{0,{SET_LENGTH - 1}}}"
"""The ids of the authors to choose from, and of the posts."""


class QuizArgs(Struct):
    set: Annotated[str, Meta(pattern=f"^({SET})?$")] = ""
    so: Annotated[str, Meta(pattern=f"^[0-3{SKIPPED}]*$", max_length=SET_LENGTH)] = ""
    """The answers so far: 1 if the player was right, plus 2 if the model was; `x` was deleted."""
    guess: str | None = None
    """The player's answer to the question after these."""


@blueprint.page("/quiz")
async def show_quiz(args: QuizArgs) -> ResponseReturnValue:
    """Draw a set, ask its next question, or show the answer, which is the same after a reload."""
    if not args.set:
        async with resources().db.read() as session:
            drawn = await draw(session, g.locale, count=SET_LENGTH)
        if drawn is None:
            return await render_template("quiz.html")
        return see_other(url_for("quiz.show_quiz", set=_written(drawn)))
    quiz = _read(args.set)
    failure = None
    if args.guess is not None and len(args.so) < len(quiz.tweet_ids):
        try:
            return await _answer_page(quiz, args.so, args.guess)
        except InvalidInputError as error:
            failure = error
        except NotFoundError:
            pass
    return await _asked(quiz, args.so, failure)


def _written(quiz: QuizSet) -> str:
    return "-".join(".".join(map(str, ids)) for ids in quiz)


def _read(address: str) -> QuizSet:
    return QuizSet(*(tuple(map(int, ids.split("."))) for ids in address.split("-")))


async def _asked(quiz: QuizSet, so: str, failure: AppError | None = None) -> ResponseReturnValue:
    """Ask the next question that is still there; after the last one tell how it went."""
    while len(so) < len(quiz.tweet_ids):
        try:
            async with resources().db.read() as session:
                question = await read_question(session, quiz, len(so))
                await show_names(session, question.usernames)
        except NotFoundError:
            so += SKIPPED
            continue
        return await render_form("quiz.html", failure, question=question, **_state(quiz, so))
    state = _state(quiz, so)
    if not state["you"]:
        return await render_form("quiz.html", NotFoundError("The post of that question is gone"))
    return await render_template(
        "quiz.html", address=own_origin() + url_for("quiz.show_quiz", set=_written(quiz)), **state
    )


def _state(quiz: QuizSet, so: str) -> dict[str, object]:
    answers = [int(digit) for digit in so if digit != SKIPPED]
    return {
        "set": _written(quiz),
        "so": so,
        "at": len(so),
        "total": len(quiz.tweet_ids),
        "you": [answer & 1 for answer in answers],
        "model": [answer >> 1 for answer in answers],
    }


async def _answer_page(quiz: QuizSet, so: str, guess: str) -> str:
    async with resources().db.read() as session:
        solution = await solve(session, resources().models, quiz, len(so), reasons=True)
        if guess not in solution.usernames:
            raise InvalidInputError("Choose one of the authors", loc="guess")
        evident = await read_evidence(session, solution.comparison)
        hues = await hues_of(session, solution.usernames)
    is_right, number = guess == solution.username, len(so)
    so += str(is_right + 2 * solution.is_model_right)
    return await render_template(
        "quiz.html",
        solution=solution,
        guess=guess,
        best=solution.comparison.ranking[0],
        is_right=is_right,
        following=url_for("quiz.show_quiz", set=_written(quiz), so=so),
        evident=evident,
        hues=hues,
        **_state(quiz, so) | {"at": number},
    )
