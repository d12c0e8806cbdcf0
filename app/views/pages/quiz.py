"""Who wrote it? A game against the model."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from quart import Blueprint, render_template, request, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, GoneError, InvalidInputError
from app.i18n import translate_error
from app.lifespan import resources
from app.services.access.sealing import seal, unseal
from app.services.compare.quiz import Key, Question, Solution, ask, ask_newest, is_playable, solve
from app.views.access import access
from app.views.pages.marks import marked_text
from app.views.pages.wording import probability_in_words
from app.views.parsing import parse_args

blueprint = Blueprint("quiz", __name__)

ROUND_LENGTH = 16
"""Characters that name a round: the beginning of its sealed question is random."""


class QuizArgs(Struct):
    posts: Literal["random", "newest"] = "random"
    seen: Annotated[int, Meta(ge=0, lt=2**53)] = 0
    """Of the newest posts, the one guessed last; only what arrived after it is asked."""
    waiting: Literal["", "1"] = ""
    """Whether a page waits already, and needs no answer while there is nothing to guess."""


@blueprint.get("/quiz")
@access("read")
async def show_quiz() -> ResponseReturnValue:
    args = parse_args(QuizArgs, strict=False)
    return await _question_page(args)


@blueprint.post("/quiz")
@access("read")
async def post_guess() -> ResponseReturnValue:
    """Take a guess, and show whose the post is."""
    form = await request.form
    sealed, guess = form.get("question", ""), form.get("guess", "")
    try:
        key = _opened(sealed)
        async with resources().db.read() as session:
            solution = await solve(session, resources().models, key)
        if guess not in solution.usernames:
            raise InvalidInputError("Choose one of the authors", loc="guess")
    except (GoneError, InvalidInputError) as error:
        return await _question_page(QuizArgs(), error)
    is_newest = form.get("posts") == "newest"
    return await _answer_page(solution, guess, sealed[:ROUND_LENGTH], is_newest=is_newest)


def _opened(sealed: str) -> Key:
    try:
        return msgspec.json.decode(unseal(sealed, resources().secret_keys), type=Key)
    except ValueError:
        raise InvalidInputError("That question is not one of this site", loc="question") from None


async def _question_page(args: QuizArgs, failure: AppError | None = None) -> ResponseReturnValue:
    is_newest = args.posts == "newest"
    async with resources().db.read() as session:
        question = await (ask_newest(session, seen=args.seen) if is_newest else ask(session))
        # All that arrived may have been guessed; then the next one is waited for.
        is_waiting = is_newest and question is None and await is_playable(session)
    if is_waiting and args.waiting:
        return "", 204
    page = await render_template(
        "quiz.html",
        question=question,
        sealed=_sealed(question),
        solution=None,
        is_newest=is_newest,
        is_waiting=is_waiting,
        own_address=_address(is_newest, args.seen),
        failure=translate_error(failure) if failure else None,
    )
    return page, failure.status if failure else 200


def _address(is_newest: bool, seen: int) -> str:
    """Return where the next question is."""
    query: dict[str, Any] = {"posts": "newest", "seen": seen} if is_newest else {}
    return url_for("quiz.show_quiz", **query)


def _sealed(question: Question | None) -> str | None:
    if question is None:
        return None
    return seal(msgspec.json.encode(question.key), resources().secret_keys)


async def _answer_page(solution: Solution, guess: str, round_: str, *, is_newest: bool) -> str:
    comparison = solution.comparison
    best = comparison.ranking[0]
    numbers = {ranked.username: number for number, ranked in enumerate(comparison.ranking, 1)}
    return await render_template(
        "quiz.html",
        solution=solution,
        guess=guess,
        round=round_,
        best=best,
        is_right=guess == solution.username,
        is_model_right=best.username == solution.username,
        colours=numbers,
        pieces=marked_text(
            comparison.text, [(mark.start, mark.end, mark) for mark in comparison.evidence]
        ),
        in_words=probability_in_words,
        is_newest=is_newest,
        next_address=_address(is_newest, solution.tweet_id),
        failure=None,
    )
