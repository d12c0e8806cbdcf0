"""Who would have said this? The comparison's page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from msgspec import Struct
from quart import Blueprint, request, url_for
from quart.typing import ResponseReturnValue

from app.errors import InvalidInputError, NotFoundError
from app.lifespan import resources
from app.services.compare.card import Card
from app.services.compare.judging import (
    Comparison,
    Evidence,
    JudgedPassage,
    LayoutWeight,
    compare,
    has_sentences,
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
    render_form,
    see_other,
)
from app.views.parsing import parse_args

blueprint = Blueprint("compare", __name__)

LONGEST_IN_ADDRESS = 2_000
COLOURS = 4
"""Authors with a colour of their own; the evidence is shared between them."""
QUOTED = 6
"""Marks quoted for each author; the marked text shows all of them."""
STRONG_WEIGHT = 1.0
"""Log-odds from which a mark is drawn double: it alone makes an author 2.7 times as likely."""
FEWEST_LAYOUT_WEIGHT = 0.3
"""Log-odds from which layout and punctuation are mentioned."""
ONE_HAND = 2 / 3
"""Share of the sentences that one author must have, or several hands are suspected."""
SURE = 0.9
"""Probability from which a sentence is marked double."""


class ComparePageArgs(Struct):
    text: str | None = None
    """None offers the form; an empty text is an error."""
    username: list[str] = []
    by: str = ""
    """`sentence` judges each sentence on its own."""


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """A comparison as the page shows it."""

    comparison: Comparison
    pieces: list[Marked[Evidence]]
    colours: dict[str, int]
    """Number from 1 of each author's colour."""
    quoted: dict[str, list[str]]
    """Evidence for each author that has a colour, the weightiest first."""
    layout: LayoutWeight | None
    """The author for whom layout and punctuation speak, if for any."""
    sentences: list[Marked[JudgedPassage]]
    """The text by sentences, if requested."""
    tally: list[tuple[str, int]]
    """Sentences that each author probably wrote, most first."""
    several_hands: bool
    other_view: str | None
    """The address of the same comparison by sentences, or as a whole."""
    card: Card | None
    """The model card of these authors, if it has been measured."""
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
    """Accept TwitOff's form; redirect to the comparison if its address is short enough."""
    form = await request.form
    text = form.get("tweet_text") or form.get("text") or ""
    names = given_names([form.get("user1", ""), form.get("user2", ""), *form.getlist("username")])
    if len(text) > LONGEST_IN_ADDRESS:
        return await _page(text, names)
    return see_other(compare_address(text, names))


async def _page(
    text: str | None, names: list[str], *, by_sentence: bool = False
) -> ResponseReturnValue:
    result, failure = None, None
    if text is not None:
        try:
            result = await _compared(text, names, by_sentence)
        except (InvalidInputError, NotFoundError) as error:
            failure = error
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session, names)
    return await render_form(
        "compare.html",
        failure,
        text=text or "",
        chosen=names,
        authors=authors,
        author_total=author_total,
        result=result,
        in_words=probability_in_words,
    )


async def _compared(text: str, names: list[str], by_sentence: bool) -> ComparisonView:
    opened = resources()
    comparison = await compare(opened.db, opened.materials, text, names, with_passages=by_sentence)
    best = comparison.ranking[:COLOURS]
    colours = {ranked.username: number for number, ranked in enumerate(best, 1)}
    layout = max(comparison.layout, key=lambda layout: layout.weight)
    passages = comparison.passages
    tally = Counter(each.username for each in passages).most_common()
    return ComparisonView(
        comparison,
        marked_text(
            comparison.text, [(mark.start, mark.end, mark) for mark in comparison.evidence]
        ),
        colours,
        _quoted(comparison.evidence, list(colours)),
        layout if layout.weight >= FEWEST_LAYOUT_WEIGHT else None,
        marked_text(comparison.text, [(each.start, each.end, each) for each in passages])
        if passages
        else [],
        tally,
        bool(tally) and tally[0][1] < ONE_HAND * len(passages),
        _other_view(text, names, by_sentence),
        # Cards are measured on request only: one for every comparison would cost too much.
        await resources().cards.find(names),
        card_address(names),
    )


def _other_view(text: str, names: list[str], by_sentence: bool) -> str | None:
    """Return the address of the other view; None if the text is one sentence or too long."""
    if len(text) > LONGEST_IN_ADDRESS or not has_sentences(text):
        return None
    address = compare_address(text, names)
    return address if by_sentence else f"{address}&by=sentence"


def compare_address(text: str, names: list[str]) -> str:
    """Return the shareable address of a comparison."""
    query = urlencode([("text", text), *(("username", name) for name in names)])
    return f"{url_for('compare.show_compare')}?{query}"


def _quoted(evidence: Sequence[Evidence], usernames: Sequence[str]) -> dict[str, list[str]]:
    quoted: dict[str, dict[str, None]] = {username: {} for username in usernames}
    for mark in sorted(evidence, key=lambda mark: -mark.weight):
        if (text := " ".join(mark.text.split())) and mark.username in quoted:
            quoted[mark.username].setdefault(text)
    return {username: list(texts)[:QUOTED] for username, texts in quoted.items()}
