"""The model card's pages: how well the model tells these authors apart."""

from functools import partial
from typing import Annotated, Any

from msgspec import Meta, Struct
from quart import render_template, url_for
from quart.typing import ResponseReturnValue

from app.compute.verdict import FEWEST_IN_BIN
from app.lifespan import resources
from app.services.compare.card import Card
from app.services.compare.card_making import RETRY_AFTER_S, read_held_out, select_answers
from app.views.blueprints import PageBlueprint
from app.views.pages.parts import given_names

blueprint = PageBlueprint("cards")

MOST_IN_TABLE = 12
"""Most authors in a table of confusions; for more, the most frequent are listed."""
MOST_CONFUSIONS = 12
POSTS_PER_PAGE = 20
WAITING = {"Retry-After": str(RETRY_AFTER_S), "HX-Reswap": "none"}


class CardPageArgs(Struct):
    username: list[str] = []


class CardPostsArgs(CardPageArgs):
    written_by: str = ""
    taken_for: str = ""
    claimed: Annotated[int, Meta(ge=0, le=90, multiple_of=10)] | None = None
    """Percent: the lower end of the tenth that the answers claimed."""
    cursor: Annotated[int, Meta(ge=0)] = 0


@blueprint.page("/compare/card")
async def show_card(args: CardPageArgs) -> ResponseReturnValue:
    names = given_names(args.username)
    card = await resources().cards.find_or_ask(names)
    return await _page(
        "card.html",
        card,
        names,
        posts_address=partial(url_for, "cards.show_card_posts", username=names),
        has_table=card is not None and len(card.authors) <= MOST_IN_TABLE,
        fewest_in_bin=FEWEST_IN_BIN,
        confused=_frequent_confusions(card) if card else [],
    )


@blueprint.page("/compare/card/posts")
async def show_card_posts(args: CardPostsArgs) -> ResponseReturnValue:
    """List the posts behind a figure of the card."""
    names = given_names(args.username)
    made = await resources().cards.find_answers_or_ask(names)
    narrowed = {"written_by": args.written_by.strip(), "taken_for": args.taken_for.strip()}
    posts, count = [], 0
    following = args.cursor + POSTS_PER_PAGE
    if made is not None:
        tenth = None if args.claimed is None else args.claimed // 10
        answers = select_answers(made, tenth=tenth, **narrowed)
        count = len(answers)
        async with resources().db.read() as session:
            posts = await read_held_out(session, made, answers[args.cursor : following])
    shown: dict[str, Any] = {name: value or None for name, value in narrowed.items()}
    address = partial(
        url_for, "cards.show_card_posts", username=names, claimed=args.claimed, **shown
    )
    return await _page(
        "card_posts.html",
        made.card if made else None,
        names,
        posts=posts,
        count=count,
        claimed=args.claimed,
        narrowed=narrowed,
        address=address(),
        next_address=address(cursor=following) if following < count else None,
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
