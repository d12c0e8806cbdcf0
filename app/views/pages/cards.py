"""How well can these authors be told apart? The model card's page."""

from urllib.parse import urlencode

from msgspec import Struct
from quart import Blueprint, render_template, url_for
from quart.typing import ResponseReturnValue

from app.lifespan import resources
from app.services.card_maker import RETRY_AFTER_S
from app.services.cards import Card
from app.views.access import access
from app.views.pages.names import given_names
from app.views.parsing import parse_args

blueprint = Blueprint("cards", __name__)

MOST_IN_TABLE = 12
"""Authors up to whom a table of confusions can be read; of more, the commonest are listed."""
COMMONEST = 12


class CardPageArgs(Struct):
    username: list[str] = []


@blueprint.get("/compare/card")
@access("read")
async def show_card() -> ResponseReturnValue:
    """Show the card; 202, and again by itself, while it is being made."""
    names = given_names(parse_args(CardPageArgs, strict=False).username)
    card = await resources().cards.find_or_ask(names)
    page = await render_template(
        "card.html",
        card=card,
        names=names,
        address=card_address(names),
        again_after_s=RETRY_AFTER_S,
        has_table=card is not None and len(card.authors) <= MOST_IN_TABLE,
        confused=_commonest(card) if card else [],
    )
    return page, 200 if card else 202, {} if card else {"Retry-After": str(RETRY_AFTER_S)}


def card_address(names: list[str]) -> str:
    """Return the address of the card's page."""
    query = urlencode([("username", name) for name in names])
    return f"{url_for('cards.show_card')}?{query}"


def _commonest(card: Card) -> list[tuple[str, str, int]]:
    """Return who was most often taken for whom, and how often."""
    names = [author.username for author in card.authors]
    found = [
        (names[true], names[said], times)
        for true, row in enumerate(card.confusion)
        for said, times in enumerate(row)
        if times and true != said
    ]
    return sorted(found, key=lambda each: -each[2])[:COMMONEST]
