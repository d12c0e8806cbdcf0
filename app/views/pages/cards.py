"""The page of the model card: how well the authors of a comparison are told apart."""

from typing import Final

from msgspec import Struct
from quart import render_template
from quart.typing import ResponseReturnValue

from app.lifespan import resources
from app.views.blueprints import PageBlueprint
from app.views.pages.parts import given_names, show_names

blueprint = PageBlueprint("cards")

MOST_IN_TABLE: Final = 12
"""Most authors in a table of confusions; for more, the most frequent are listed."""
MOST_CONFUSIONS: Final = 12


class CardPageArgs(Struct):
    username: list[str] = []


@blueprint.page("/compare/card")
async def show_card(args: CardPageArgs) -> ResponseReturnValue:
    names = given_names(args.username)
    card = await resources().cards.get(names)
    async with resources().db.read() as session:
        await show_names(session, [author.username for author in card.authors])
    return await render_template(
        "card.html",
        card=card,
        chosen=names,
        has_table=len(card.authors) <= MOST_IN_TABLE,
        confused=[each for each in card.given if each[0] != each[1]][:MOST_CONFUSIONS],
    )
