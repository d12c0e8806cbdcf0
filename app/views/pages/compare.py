"""Who would have said this? The comparison's page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from msgspec import Struct
from quart import Blueprint, redirect, render_template, request, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, InvalidInputError, NotFoundError
from app.i18n import translate_error
from app.lifespan import resources
from app.services.compare.card import Card
from app.services.compare.judging import (
    SHOWN_OF_ALL,
    Comparison,
    Evidence,
    JudgedPassage,
    Layout,
    has_sentences,
    judge,
    with_reasons,
)
from app.services.compare.reasons import RECENT_POSTS
from app.views.access import access
from app.views.pages.cards import card_address
from app.views.pages.parts import (
    Marked,
    given_names,
    marked_text,
    offered_authors,
    probability_in_words,
)
from app.views.parsing import parse_args

blueprint = Blueprint("compare", __name__)

LONGEST_IN_ADDRESS = 2_000
COLOURS = 4
"""Authors with a colour of their own; the evidence is divided between as many."""
SPOKEN = 6
"""Strings named for each author; the marks show them all."""
STRONG_WEIGHT = 1.0
"""Log-odds from which a mark is drawn double: it alone makes an author 2.7 times as likely."""


FEWEST_LAYOUT_WEIGHT = 0.3
"""Log-odds from which layout and punctuation are worth a sentence."""
SURE = 0.9
"""Probability from which a sentence is marked double."""


class ComparePageArgs(Struct):
    text: str | None = None
    """Without it, the page offers the form; an empty one is a mistake to be told."""
    username: list[str] = []
    by: str = ""
    """`sentence` judges each on its own."""


@dataclass(frozen=True, slots=True)
class Result:
    """A comparison as the page shows it."""

    comparison: Comparison
    pieces: list[Marked[Evidence]]
    colours: dict[str, int]
    """Number from 1 of each author's colour."""
    spoken: dict[str, list[str]]
    """What speaks for each author that has a colour, the weightiest first."""
    layout: Layout | None
    """For whom layout and punctuation speak, where they say something."""
    sentences: list[Marked[JudgedPassage]]
    """The text by sentences, where that was asked for."""
    tally: list[tuple[str, int]]
    """How many sentences each author probably wrote, most first."""
    other_view: str | None
    """The address of the same comparison by sentences, or as a whole."""
    card: Card | None
    """How well these authors are told apart, if that has been measured."""
    card_address: str
    strong_weight: float = STRONG_WEIGHT
    sure: float = SURE
    looked_through: int = RECENT_POSTS


@blueprint.get("/compare")
@access("read")
async def show_compare() -> ResponseReturnValue:
    args = parse_args(ComparePageArgs, strict=False)
    return await _page(args.text, given_names(args.username), by_sentence=args.by == "sentence")


@blueprint.post("/compare")
@access("read")
async def post_compare() -> ResponseReturnValue:
    """Take TwitOff's form; lead to the comparison's address, or answer here if that is too long."""
    form = await request.form
    text = form.get("tweet_text") or form.get("text") or ""
    names = given_names([form.get("user1", ""), form.get("user2", ""), *form.getlist("username")])
    if len(text) > LONGEST_IN_ADDRESS:
        return await _page(text, names)
    return redirect(compare_address(text, names), 303)


async def _page(
    text: str | None, names: list[str], *, by_sentence: bool = False
) -> ResponseReturnValue:
    result, failure = None, None
    if text is not None:
        try:
            result = await _result(text, names, by_sentence)
        except (InvalidInputError, NotFoundError) as error:
            failure = error
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session, names)
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


async def _result(text: str, names: list[str], by_sentence: bool) -> Result:
    material = await resources().materials.gather(text, names)
    comparison = await judge(
        material, shown=None if names else SHOWN_OF_ALL, with_passages=by_sentence
    )
    async with resources().db.read() as session:
        comparison = await with_reasons(session, material, comparison)
    best = comparison.ranking[:COLOURS]
    colours = {ranked.username: number for number, ranked in enumerate(best, 1)}
    layout = max(comparison.layout, key=lambda layout: layout.weight)
    passages = comparison.passages
    return Result(
        comparison,
        marked_text(
            comparison.text, [(mark.start, mark.end, mark) for mark in comparison.evidence]
        ),
        colours,
        _spoken(comparison.evidence, list(colours)),
        layout if layout.weight >= FEWEST_LAYOUT_WEIGHT else None,
        marked_text(comparison.text, [(each.start, each.end, each) for each in passages])
        if passages
        else [],
        Counter(each.username for each in passages).most_common(),
        _other_view(text, names, by_sentence),
        # It is made where somebody asks for it: a look at each of many comparisons would cost more.
        await resources().cards.find(names),
        card_address(names),
    )


def _other_view(text: str, names: list[str], by_sentence: bool) -> str | None:
    """Return the address of the other view; None for one sentence, or a text too long for it."""
    if len(text) > LONGEST_IN_ADDRESS or not has_sentences(text):
        return None
    address = compare_address(text, names)
    return address if by_sentence else f"{address}&by=sentence"


def compare_address(text: str, names: list[str]) -> str:
    """Return the comparison's address, which can be shared."""
    query = urlencode([("text", text), *(("username", name) for name in names)])
    return f"{url_for('compare.show_compare')}?{query}"


def _spoken(evidence: Sequence[Evidence], usernames: Sequence[str]) -> dict[str, list[str]]:
    spoken: dict[str, dict[str, None]] = {username: {} for username in usernames}
    for mark in sorted(evidence, key=lambda mark: -mark.weight):
        if (text := " ".join(mark.text.split())) and mark.username in spoken:
            spoken[mark.username].setdefault(text)
    return {username: list(texts)[:SPOKEN] for username, texts in spoken.items()}
