"""Who would have said this? The comparison's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from msgspec import Struct
from quart import Blueprint, redirect, render_template, request, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, InvalidInputError, NotFoundError
from app.i18n import translate_error
from app.lifespan import resources
from app.services.compare import SHOWN_OF_ALL, Comparison, Evidence, gather_material, judge
from app.views.access import access
from app.views.pages.choices import offered_authors
from app.views.pages.marks import Marked, marked_text
from app.views.pages.wording import probability_in_words
from app.views.parsing import parse_args

blueprint = Blueprint("compare", __name__)

LONGEST_IN_ADDRESS = 2_000
COLOURS = 4
"""Authors with a colour of their own; the evidence is divided between as many."""
SPOKEN = 6
"""Strings named for each author; the marks show them all."""
STRONG_WEIGHT = 1.0
"""Log-odds from which a mark is drawn double: it alone makes an author 2.7 times as likely."""


class ComparePageArgs(Struct):
    text: str | None = None
    """Without it, the page offers the form; an empty one is a mistake to be told."""
    username: list[str] = []


@dataclass(frozen=True, slots=True)
class Result:
    """A comparison as the page shows it."""

    comparison: Comparison
    pieces: list[Marked[Evidence]]
    colours: dict[str, int]
    """Number from 1 of each author's colour."""
    spoken: dict[str, list[str]]
    """What speaks for each author that has a colour, the weightiest first."""
    strong_weight: float = STRONG_WEIGHT


@blueprint.get("/compare")
@access("read")
async def show_compare() -> ResponseReturnValue:
    args = parse_args(ComparePageArgs, strict=False)
    return await _page(args.text, _names(args.username))


@blueprint.post("/compare")
@access("read")
async def post_compare() -> ResponseReturnValue:
    """Take TwitOff's form; lead to the comparison's address, or answer here if that is too long."""
    form = await request.form
    text = form.get("tweet_text") or form.get("text") or ""
    names = _names([form.get("user1", ""), form.get("user2", ""), *form.getlist("username")])
    if len(text) > LONGEST_IN_ADDRESS:
        return await _page(text, names)
    query = urlencode([("text", text), *(("username", name) for name in names)])
    return redirect(f"{url_for('compare.show_compare')}?{query}", 303)


def _names(given: list[str]) -> list[str]:
    return [name.strip() for name in given if name.strip()]


async def _page(text: str | None, names: list[str]) -> ResponseReturnValue:
    result, failure = None, None
    if text is not None:
        try:
            result = await _result(text, names)
        except (InvalidInputError, NotFoundError) as error:
            failure = error
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session)
    page = await render_template(
        "compare.html",
        text=text or "",
        chosen=names,
        authors=authors,
        author_total=author_total,
        result=result,
        failure=_sentence(failure),
        in_words=probability_in_words,
    )
    return page, failure.status if failure else 200


def _sentence(failure: AppError | None) -> str | None:
    return translate_error(failure) if failure else None


async def _result(text: str, names: list[str]) -> Result:
    async with resources().db.read() as session:
        material = await gather_material(session, resources().models, text=text, usernames=names)
    comparison = await judge(material, shown=None if names else SHOWN_OF_ALL)
    pieces = marked_text(
        comparison.text, [(mark.start, mark.end, mark) for mark in comparison.evidence]
    )
    best = comparison.ranking[:COLOURS]
    colours = {ranked.username: number for number, ranked in enumerate(best, 1)}
    return Result(comparison, pieces, colours, _spoken(comparison.evidence, list(colours)))


def _spoken(evidence: Sequence[Evidence], usernames: Sequence[str]) -> dict[str, list[str]]:
    spoken: dict[str, dict[str, None]] = {username: {} for username in usernames}
    for mark in sorted(evidence, key=lambda mark: -mark.weight):
        if (text := " ".join(mark.text.split())) and mark.username in spoken:
            spoken[mark.username].setdefault(text)
    return {username: list(texts)[:SPOKEN] for username, texts in spoken.items()}
