"""Who would have said this? The comparison's page: one of some authors, or somebody else."""

from collections.abc import Awaitable, Sequence
from typing import Annotated, Final
from urllib.parse import urlencode

from msgspec import Meta, Struct
from quart import url_for
from quart.typing import ResponseReturnValue

from app.compute.judgement import SURE, Limit
from app.i18n import gettext, gettext_noop
from app.lifespan import resources
from app.services.compare.judging import Comparison
from app.services.compare.quiz import Solution, ask, solve
from app.views.blueprints import Form, PageBlueprint
from app.views.pages.parts import (
    as_other_page,
    given_names,
    hues_of,
    marked_text,
    render_judgement,
    see_other,
)

blueprint = PageBlueprint("compare")

LONGEST_IN_ADDRESS: Final = 2_000
LONGEST_ID: Final = 16
"""Digits of a number below 2^53."""
LINES: Final = 4
"""Authors with an underline of their own, numbered from 1; they share the evidence."""
STRONG_WEIGHT: Final = 1.0
"""Log-odds from which a mark is drawn double: it alone makes an author 2.7 times as likely."""
NOT_FOR: Final = gettext_noop(
    "This must not be used to find out who stands behind an anonymous account, nor as the only "
    "ground for an accusation, a punishment, a grade or a publication. It is one piece of "
    "evidence among others, and an expert should weigh it."
)
LIMITS: Final[dict[Limit, str]] = {
    "few_posts": gettext_noop("One of these authors has only a few posts here."),
    "few_authors": gettext_noop("There are only a few other authors of the language here."),
    "other_language": gettext_noop("The text is not in the language of one of these authors."),
    "other_platform": gettext_noop("These authors write on different platforms."),
    "other_period": gettext_noop("The posts of these authors are from different times."),
    "topic": gettext_noop("What the text is about may count more here than its style."),
}
"""What makes an answer weak, as sentences."""


class ComparePageArgs(Struct):
    text: str | None = None
    """None offers the form; an empty text is an error."""
    username: list[str] = []
    sure: Annotated[float, Meta(ge=0.01, le=0.99)] = SURE
    post: Annotated[int, Meta(ge=1, lt=2**53)] | None = None
    """The kept post that the text is; it is hidden from the model."""


@blueprint.page("/compare")
async def show_compare(args: ComparePageArgs) -> ResponseReturnValue:
    names = given_names(args.username)
    judged = None
    if args.text is not None:
        judged = _compared(args.text, names, args.sure, args.post)
    return await _page(args.text or "", names, judged)


@blueprint.page("/compare/example")
async def show_example() -> ResponseReturnValue:
    """Compare a random post that is hidden from the model, and tell its author."""
    async with resources().db.read() as session:
        question = await ask(session)
        if question is None:
            return see_other(url_for("compare.show_compare"))
        solution = await solve(session, resources().models, question.key)
    text, names = solution.comparison.text, solution.usernames
    return await _page(text, names, _shown(solution.comparison, names), hidden_post=solution)


@blueprint.action("/compare")
async def post_compare(form: Form) -> ResponseReturnValue:
    """Accept TwitOff's form; redirect to the comparison if its address may hold the text."""
    text = form.get("tweet_text") or form.get("text") or ""
    names = given_names([form.get("user1", ""), form.get("user2", ""), *form.getlist("username")])
    if form.get("private") or len(text) > LONGEST_IN_ADDRESS:
        post = form.get("post", "")
        hidden_post = int(post) if post.isdecimal() and len(post) < LONGEST_ID else None
        judged = _compared(text, names, SURE, hidden_post)
        return await _page(text, names, judged, is_private=bool(form.get("private")))
    return await as_other_page(see_other(_address(text, names)))


async def _page(
    text: str,
    names: list[str],
    judged: Awaitable[dict[str, object]] | None,
    *,
    hidden_post: Solution | None = None,
    is_private: bool = False,
) -> ResponseReturnValue:
    return await render_judgement(
        "compare.html",
        judged,
        names,
        text=text,
        chosen=names,
        hidden_post=hidden_post,
        is_private=is_private,
        not_for=gettext(NOT_FOR),
    )


async def _compared(
    text: str, names: list[str], sure: float, hidden_post: int | None
) -> dict[str, object]:
    comparer = resources().comparer
    material = await comparer.gather([text], names, hidden_post=hidden_post)
    return await _shown(await comparer.judge(material, sure=sure), names)


async def _shown(comparison: Comparison, names: list[str]) -> dict[str, object]:
    """Return what the page shows of a comparison."""
    best = [ranked.username for ranked in comparison.ranking]
    async with resources().db.read() as session:
        hues = await hues_of(session, best)
    return {
        "comparison": comparison,
        "pieces": marked_text(comparison.text, [(m.start, m.end, m) for m in comparison.evidence]),
        "hues": hues,
        "lines": {username: number for number, username in enumerate(best[:LINES], 1)},
        "limits": [gettext(LIMITS[limit]) for limit in comparison.limits],
        "card_address": url_for("cards.show_card", username=names),
        "strong_weight": STRONG_WEIGHT,
    }


def _address(text: str, names: Sequence[str]) -> str:
    """Return the shareable address of a comparison."""
    query = urlencode([("text", text), *(("username", name) for name in names)])
    return f"{url_for('compare.show_compare')}?{query}"
