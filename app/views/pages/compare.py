"""Who would have said this? The comparison's page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from msgspec import Struct
from quart import url_for
from quart.typing import ResponseReturnValue

from app.lifespan import resources
from app.services.compare.judging import Evidence, compare, has_sentences
from app.services.compare.reasons import RECENT_POSTS
from app.views.blueprints import Form, PageBlueprint
from app.views.pages.parts import (
    as_other_page,
    given_names,
    marked_text,
    probability_in_words,
    render_judgement,
    see_other,
)
from app.views.pages.verify import LONGEST_IN_ADDRESS, posted, verify_address

blueprint = PageBlueprint("compare")

COLOURS = 4
"""Authors with a colour of their own, numbered from 1; they share the evidence."""
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


@blueprint.page("/compare")
async def show_compare(args: ComparePageArgs) -> ResponseReturnValue:
    names = given_names(args.username)
    if args.text is not None and len(names) == 1:
        return see_other(verify_address([args.text], names[0]))
    return await _page(args.text, names, by_sentence=args.by == "sentence")


@blueprint.action("/compare")
async def post_compare(form: Form) -> ResponseReturnValue:
    """Accept TwitOff's form; redirect to the comparison if its address is short enough.

    One author alone is verified.
    """
    text = form.get("tweet_text") or form.get("text") or ""
    names = given_names([form.get("user1", ""), form.get("user2", ""), *form.getlist("username")])
    if len(names) == 1:
        return await as_other_page(await posted([text], names[0]))
    if len(text) > LONGEST_IN_ADDRESS:
        return await _page(text, names)
    return see_other(_address(text, names))


async def _page(
    text: str | None, names: list[str], *, by_sentence: bool = False
) -> ResponseReturnValue:
    return await render_judgement(
        "compare.html",
        None if text is None else _compared(text, names, by_sentence),
        names,
        text=text or "",
        chosen=names,
        in_words=probability_in_words,
    )


async def _compared(text: str, names: list[str], by_sentence: bool) -> dict[str, object]:
    """Return a comparison and what the page shows of it."""
    opened = resources()
    comparison = await compare(opened.db, opened.materials, text, names, with_passages=by_sentence)
    best = comparison.ranking[:COLOURS]
    colours = {ranked.username: number for number, ranked in enumerate(best, 1)}
    layout = max(comparison.layout, key=lambda layout: layout.weight)
    passages = comparison.passages
    tally = Counter(each.username for each in passages).most_common()
    has_other_view = len(text) <= LONGEST_IN_ADDRESS and has_sentences(text)
    address = _address(text, names)
    return {
        "comparison": comparison,
        "pieces": marked_text(comparison.text, [(m.start, m.end, m) for m in comparison.evidence]),
        "colours": colours,
        "quoted": _quoted(comparison.evidence, colours),
        "layout": layout if layout.weight >= FEWEST_LAYOUT_WEIGHT else None,
        "sentences": passages
        and marked_text(comparison.text, [(each.start, each.end, each) for each in passages]),
        "tally": tally,
        "several_hands": bool(tally) and tally[0][1] < ONE_HAND * len(passages),
        "other_view": has_other_view and (address if by_sentence else f"{address}&by=sentence"),
        # Cards are measured on request only: one for every comparison would cost too much.
        "card": await resources().cards.find(names),
        "card_address": url_for("cards.show_card", username=names),
        "strong_weight": STRONG_WEIGHT,
        "sure": SURE,
        "looked_through": RECENT_POSTS,
    }


def _address(text: str, names: list[str]) -> str:
    """Return the shareable address of a comparison."""
    query = urlencode([("text", text), *(("username", name) for name in names)])
    return f"{url_for('compare.show_compare')}?{query}"


def _quoted(evidence: Sequence[Evidence], usernames: Iterable[str]) -> dict[str, list[str]]:
    quoted: dict[str, dict[str, None]] = {username: {} for username in usernames}
    for mark in sorted(evidence, key=lambda mark: -mark.weight):
        if (text := " ".join(mark.text.split())) and mark.username in quoted:
            quoted[mark.username].setdefault(text)
    return {username: list(texts)[:QUOTED] for username, texts in quoted.items()}
