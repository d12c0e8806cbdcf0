"""Who would have said this? The comparison's page, its picture, and the model card."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from msgspec import Meta, Struct
from quart import Response, g, render_template, request, url_for
from quart.typing import ResponseReturnValue

from app.clock import now
from app.compute.judgement import FEWEST_JUDGED, LIKELY, SURE, UNFAMILIAR
from app.errors import InvalidInputError, NotFoundError
from app.formats.chats.kakaotalk import pasted
from app.i18n import gettext
from app.lifespan import resources
from app.services.compare.answering import Evidence
from app.services.compare.cases import MOST_TEXTS
from app.services.compare.quiz import draw, read_question
from app.services.posts.tweets import Post, find_posts, get_post
from app.views.blueprints import Form, PageBlueprint
from app.views.pages.parts import (
    first_steps,
    given_names,
    hues_of,
    marked_text,
    offered_authors,
    render_form,
    see_other,
    show_names,
)
from app.views.pages.picture import draw_picture, picture_of
from app.views.parsing import args_of
from app.views.policies import own_origin
from app.views.verdicts import (
    LIMITS,
    NOT_FOR,
    bars_of,
    heading_of,
    headings_of,
    odds_of,
    rate_of,
    shown_marks,
)

blueprint = PageBlueprint("compare")

LONGEST_IN_ADDRESS: Final = 2_000
LEAST_SURE: Final = 0.01
MOST_CONFUSIONS: Final = 3
"""Pairs of authors that a card names, the most frequent first."""
LINES: Final = 4
"""Authors with an underline of their own, numbered from 1; they share the evidence."""
STRONG_WEIGHT: Final = 1.0
"""Log-odds from which a mark is drawn double: it alone makes an author 2.7 times as likely."""
LONGEST_UNFOLDED: Final = 1_500
"""Characters of a text that are all in sight; a longer one scrolls."""
SHOWN_BARS: Final = 5
FOLDED_SHARE: Final = 0.01
"""Below the first bars, those of a smaller share are folded."""


class ComparePageArgs(Struct):
    text: list[str] = []
    """Several are by one hand; without any, the front page has the form, but in an archive."""
    username: list[str] = []
    sure: Annotated[float, Meta(ge=LEAST_SURE, le=1 - LEAST_SURE)] = SURE
    post: Annotated[int, Meta(ge=1, lt=2**53)] | None = None
    """The kept post that the text is; it is hidden from the model."""


@blueprint.page("/compare")
async def show_compare(args: ComparePageArgs) -> ResponseReturnValue:
    names = given_names(args.username)
    if not args.text and g.sole_author is not None:
        return await _page([], [g.sole_author], SURE, None)
    if not args.text:
        return see_other(url_for("home.show_home", username=names))
    query = urlencode([("lang", g.locale), *request.args.items(multi=True)])
    picture = f"{url_for('compare.show_picture')}?{query}"
    return await _page(args.text, names, args.sure, args.post, picture=picture)


class PictureArgs(ComparePageArgs):
    lang: Literal["ko", "en"] | None = None
    """The language of the page that links here: programs that show links name none."""


@blueprint.page("/compare/picture.png")
async def show_picture(args: PictureArgs) -> Response:
    """Draw the answer that `/compare` gives at the same address."""
    g.locale = args.lang or g.locale
    names = given_names(args.username)
    texts, _ = given_texts(args.text)
    comparison = await resources().comparer.compare(
        texts, names, sure=args.sure, reasons=True, hidden_post=args.post
    )
    picture = picture_of(comparison, is_named=bool(names))
    return Response(await asyncio.to_thread(draw_picture, picture), content_type="image/png")


class CardArgs(Struct):
    username: list[str] = []


@blueprint.page("/compare/card")
async def show_card(args: CardArgs) -> ResponseReturnValue:
    names = given_names(args.username)
    card = await resources().cards.get(names)
    async with resources().db.read() as session:
        await show_names(session, [author.username for author in card.authors])
    return await render_template(
        "card.html",
        card=card,
        chosen=names,
        confused=[each for each in card.given if each[0] != each[1]][:MOST_CONFUSIONS],
    )


@blueprint.page("/compare/example")
async def show_example() -> ResponseReturnValue:
    """Lead to the comparison of a random post, which is hidden from the model."""
    async with resources().db.read() as session:
        drawn = await draw(session, g.locale)
        if drawn is None:
            return see_other(url_for("home.show_home"))
        question = await read_question(session, drawn)
        post = await get_post(session, question.tweet_id)
    return see_other(_address([post.text], question.usernames, post.id))


@blueprint.action("/compare")
async def post_compare(form: Form) -> ResponseReturnValue:
    """Accept TwitOff's form; redirect to the comparison if its address may hold the text."""
    args = args_of(form, ComparePageArgs, is_strict=False)
    texts = form.getlist("tweet_text") + args.text
    if "each_line" in form:
        texts = [line for text in texts for line in text.splitlines()]
    texts = [text for text in texts if text.strip()] or [""]
    names = given_names([form.get("user1", ""), form.get("user2", ""), *args.username])
    is_private = bool(form.get("private"))
    if is_private or sum(map(len, texts)) > LONGEST_IN_ADDRESS:
        return await _page(texts, names, args.sure, args.post, is_private=is_private)
    return see_other(_address(texts, names, args.post))


def given_texts(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return texts by one hand, and who speaks in those that were copied out of a chat.

    Each message of a chat is a text, without its name and time. More texts than are judged apart
    are joined.
    """
    texts, people = list[str](), dict[str, None]()
    for text in filter(str.strip, given):
        said = pasted(text)
        texts += [said_text for _, said_text in said] or [text]
        people |= dict.fromkeys(name for name, _ in said)
    size = -(-len(texts) // MOST_TEXTS)
    joined = ["\n".join(texts[at : at + size]) for at in range(0, len(texts), size or 1)]
    return joined or [""], list(people)


async def _page(
    texts: list[str],
    names: list[str],
    sure: float,
    post: int | None,
    *,
    is_private: bool = False,
    picture: str = "",
) -> ResponseReturnValue:
    result, failure, people = None, None, list[str]()
    if texts:
        texts, people = given_texts(texts)
        try:
            result = await _compared(texts, names, sure, post)
        except (InvalidInputError, NotFoundError) as error:
            failure = error.with_traceback(None)  # Which would keep this frame, and the text.
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session, names)
        steps = {} if texts else await first_steps(session)
    return await render_form(
        "compare.html",
        failure,
        result=result,
        texts=texts or [""],
        people=people,
        chosen=names,
        authors=authors,
        author_total=author_total,
        is_private=is_private,
        post=post,
        picture=picture,
        # Programs that show links need a whole address; this page is in no cache.
        origin=own_origin(),
        not_for=gettext(NOT_FOR),
        **steps,
    )


@dataclass(frozen=True, slots=True)
class Use:
    """How often the author of some marks uses their words, and where."""

    number: int
    mark: Evidence
    posts: list[Post]


async def _compared(
    texts: list[str], names: list[str], sure: float, hidden_post: int | None
) -> dict[str, object]:
    """Return what the page shows of a comparison. Raises InvalidInputError and NotFoundError."""
    comparison = await resources().comparer.compare(
        texts, names, sure=sure, reasons=True, hidden_post=hidden_post
    )
    best = [ranked.username for ranked in comparison.ranking]
    marks = shown_marks(comparison)
    ids = {each for mark in marks for each in mark.posts or ()} | {hidden_post or 0}
    async with resources().db.read() as session:
        hues = await hues_of(session, best)
        posts = await find_posts(session, sorted(ids))
    uses: dict[tuple[str, str], Use] = {}  # Of marks of the same words the strongest.
    for mark in sorted(marks, key=lambda mark: -abs(mark.weight)):
        own = [posts[each] for each in mark.posts or () if each in posts]
        uses.setdefault(_key(mark), Use(len(uses) + 1, mark, own))
    text, answers = comparison.text, bars_of(comparison)
    folded = sum(each.share < FOLDED_SHARE for each in answers[SHOWN_BARS:])
    return {
        "comparison": comparison,
        "heading": heading_of(comparison, is_named=bool(names)),
        "headings": headings_of(comparison, is_named=bool(names)),
        "answers": answers,
        "folded": folded if folded > 1 else 0,
        "odds": odds_of(comparison),
        "fewest": FEWEST_JUDGED,
        "likely": LIKELY,
        "unfamiliar": UNFAMILIAR,
        "pieces": marked_text(
            text, [(mark.start, mark.end, (mark, uses[_key(mark)])) for mark in marks]
        ),
        "uses": list(uses.values()),
        "has_against": any(mark.weight < 0 for mark in marks),
        "hidden": posts.get(hidden_post or 0),
        "hues": hues,
        "lines": {username: number for number, username in enumerate(best[:LINES], 1)},
        "limits": [gettext(LIMITS[limit]) for limit in comparison.limits],
        "rate": rate_of(comparison),
        "card_address": url_for("compare.show_card", username=names if len(best) > 1 else []),
        "is_long": len(text) > LONGEST_UNFOLDED,
        "made_at": now(),
        "strong_weight": STRONG_WEIGHT,
    }


def _key(mark: Evidence) -> tuple[str, str]:
    return mark.username, str(mark.piece or mark.text).casefold()


def _address(texts: Sequence[str], names: Sequence[str], post: int | None) -> str:
    """Return the shareable address of a comparison."""
    pairs = [*(("text", text) for text in texts), *(("username", name) for name in names)]
    query = urlencode([*pairs, *([("post", str(post))] if post else [])])
    return f"{url_for('compare.show_compare')}?{query}"
