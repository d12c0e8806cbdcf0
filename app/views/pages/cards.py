"""The model card's pages: how well the model tells these authors apart."""

from msgspec import Struct
from quart import render_template, url_for
from quart.typing import ResponseReturnValue

from app.compute.verdict import FEWEST_IN_BIN
from app.lifespan import resources
from app.services.compare.card import Card
from app.services.compare.card_making import RETRY_AFTER_S
from app.views.blueprints import PageBlueprint
from app.views.pages.parts import given_names

blueprint = PageBlueprint("cards")

MOST_IN_TABLE = 12
"""Most authors in a table of confusions; for more, the most frequent are listed."""
MOST_CONFUSIONS = 12
WAITING = {"Retry-After": str(RETRY_AFTER_S), "HX-Reswap": "none"}


class CardPageArgs(Struct):
    username: list[str] = []


@blueprint.page("/compare/card")
async def show_card(args: CardPageArgs) -> ResponseReturnValue:
    names = given_names(args.username)
    card = await resources().cards.find_or_ask(names)
    return await _page(
        "card.html",
        card,
        names,
        has_table=card is not None and len(card.authors) <= MOST_IN_TABLE,
        fewest_in_bin=FEWEST_IN_BIN,
        confused=_frequent_confusions(card) if card else [],
    )


async def _page(
    template: str, card: Card | None, names: list[str], **context: object
) -> ResponseReturnValue:
    """Return a page about the card; 202 while it is being measured, which htmx does not show."""
    page = await render_template(
        template,
        card=card,
        card_address=url_for("cards.show_card", username=names),
        again_after_s=RETRY_AFTER_S,
        **context,
    )
    return (page, 200) if card else (page, 202, WAITING)


def _frequent_confusions(card: Card) -> list[tuple[str, str, int]]:
    """Return the most frequent confusions: true author, answered author, number."""
    names = [author.username for author in card.authors]
    found = [
        (names[true], names[said], times)
        for true, row in enumerate(card.confusion)
        for said, times in enumerate(row)
        if times and true != said
    ]
    return sorted(found, key=lambda each: -each[2])[:MOST_CONFUSIONS]
