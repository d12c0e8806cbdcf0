"""The model card's pages: how well the model tells these authors apart."""

from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta, Struct
from quart import Blueprint, render_template, url_for
from quart.typing import ResponseReturnValue

from app.lifespan import resources
from app.services.compare.card import Card
from app.services.compare.card_making import RETRY_AFTER_S
from app.services.compare.card_posts import read_held_out, select_answers
from app.views.access import access
from app.views.pages.parts import given_names
from app.views.parsing import parse_args

blueprint = Blueprint("cards", __name__)

MOST_IN_TABLE = 12
"""Most authors in a table of confusions; for more, the most frequent are listed."""
MOST_CONFUSIONS = 12
POSTS_PER_PAGE = 20


class CardPageArgs(Struct):
    username: list[str] = []


class CardPostsArgs(CardPageArgs):
    written_by: str = ""
    taken_for: str = ""
    claimed: Annotated[int, Meta(ge=0, le=90, multiple_of=10)] | None = None
    """Percent: the lower end of the tenth that the answers claimed."""
    cursor: Annotated[int, Meta(ge=0)] = 0


@blueprint.get("/compare/card")
@access("read")
async def show_card() -> ResponseReturnValue:
    """Show the card; 202 with a refresh while it is being measured."""
    names = given_names(parse_args(CardPageArgs, strict=False).username)
    card = await resources().cards.find_or_ask(names)
    page = await render_template(
        "card.html",
        card=card,
        names=names,
        address=card_address(names),
        again_after_s=RETRY_AFTER_S,
        posts_address=partial(_posts_address, names),
        has_table=card is not None and len(card.authors) <= MOST_IN_TABLE,
        confused=_frequent_confusions(card) if card else [],
    )
    return page, 200 if card else 202, {} if card else {"Retry-After": str(RETRY_AFTER_S)}


@blueprint.get("/compare/card/posts")
@access("read")
async def show_card_posts() -> ResponseReturnValue:
    """List the posts behind a figure of the card; 202 while it is being measured."""
    args = parse_args(CardPostsArgs, strict=False)
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
    claimed = "" if args.claimed is None else args.claimed
    address = _posts_address(names, **narrowed, claimed=claimed)
    page = await render_template(
        "card_posts.html",
        card=made.card if made else None,
        posts=posts,
        count=count,
        claimed=args.claimed,
        narrowed=narrowed,
        address=address,
        card_address=card_address(names),
        next_address=f"{address}&cursor={following}" if following < count else None,
        again_after_s=RETRY_AFTER_S,
    )
    return page, 200 if made else 202, {} if made else {"Retry-After": str(RETRY_AFTER_S)}


def _posts_address(names: list[str], **narrowed: str | int) -> str:
    """Return the address of a list of the card's posts; empty filters are left out."""
    pairs = [("username", name) for name in names]
    pairs += [(name, str(value)) for name, value in narrowed.items() if value != ""]
    return f"{url_for('cards.show_card_posts')}?{urlencode(pairs)}"


def card_address(names: list[str]) -> str:
    """Return the address of the card's page."""
    query = urlencode([("username", name) for name in names])
    return f"{url_for('cards.show_card')}?{query}"


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
