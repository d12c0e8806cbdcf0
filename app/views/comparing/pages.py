"""Pages of comparisons and of the model card; the question in their URLs."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from types import ModuleType
from typing import Annotated, Final
from urllib.parse import urlencode

from msgspec import Meta, Struct
from quart import g, request, url_for
from quart.typing import ResponseReturnValue
from werkzeug.urls import uri_to_iri

from app.db.result_cache import DERIVED, EVERYTHING, cacheable, depends_on
from app.errors import InvalidInputError, NotFoundError
from app.language.of_request import SWITCH, own_address
from app.lifespan import resources
from app.paths import LONGEST_ADDRESS
from app.runtime.work_pool import worked_on
from app.services.compare.model_card import FEWEST_OF_AUTHOR, Card, own_authors
from app.services.compare.quiz_questions import draw, read_question
from app.services.imports.jobs import RunningImport, find_running
from app.services.posts.tweets import Post, find_posts, get_post
from app.services.posts.users import outgrown_samples, users_by_shown_name
from app.services.rooms.chats import name_of_room_of
from app.views.answers import see_other
from app.views.author_picker import OfferedPeople, given_names, offer_people, with_people
from app.views.blueprints import Form, PageBlueprint
from app.views.comparing import verdicts
from app.views.comparing.evidence import EvidenceView, read_evidence
from app.views.filters import zone_of_page
from app.views.page import FormPage, WebPage, has_page, render, render_form, url_of
from app.views.policies import always, here, own_chat, own_origin
from app.views.requests import args_of, gaps_of
from saywho.clock import now
from saywho.comparing.copied_texts import MOST_TEXTS
from saywho.comparing.held_out import FEWEST_ASKED
from saywho.comparing.question import Question
from saywho.comparing.verdict import SHOWN_OF_ALL, Comparison, CopiedPerson
from saywho.engine.judgement import SURE
from saywho.formats.chats.copied import copied_chat
from saywho.text import composed, username_key

Sure = Annotated[float, Meta(ge=0.01, le=1)]
Names = Annotated[list[str], Meta(description="Repeat for several authors; omit to compare all.")]

MOST_PEOPLE: Final = 40
"""Links to people in copied messages."""

blueprint = PageBlueprint("compare", policy="read")
Pieces = Annotated[str, Meta(pattern="^[0-9]{1,7}-[0-9]{1,7}( [0-9]{1,7}-[0-9]{1,7})*$")]


class PanelArgs(Struct):
    """The authors of a comparison."""

    username: Names = []


class ComparePageArgs(Struct):
    text: list[str] = []
    """Texts by the same person; without any, the front page has the form."""
    username: list[str] = []
    sure: Sure = SURE
    without: list[Pieces] = []
    """Pieces to leave out, in code points of the texts joined by a blank line."""
    post: Annotated[int, Meta(ge=1, lt=2**53)] | None = None
    """The stored post with this text, which is hidden from the model."""
    heads: bool = True
    """Whether to take off the heads of messages that were copied from a chat."""
    person: str = ""
    """The judged person, of the people in these heads."""

    @property
    def names(self) -> list[str]:
        return given_names(self.username)

    def question(self, texts: Sequence[str]) -> Question:
        return Question(
            texts,
            self.names,
            sure=self.sure,
            of_own=True,
            reasons=True,
            without=gaps_of(" ".join(self.without).split()),
            hidden_post=self.post,
            heads=self.heads,
            person=self.person,
        )

    @property
    def copied(self) -> dict[str, str]:
        """How copied messages are judged, in an address."""
        chosen = {"person": self.person} if self.person else {}
        return chosen if self.heads else {**chosen, "heads": "0"}


def asked_here() -> list[tuple[str, str]]:
    """Return the request's question, without the look of a picture."""
    own = ComparePageArgs.__struct_fields__
    return [pair for pair in request.args.items(multi=True) if pair[0] in own]


def address_of(args: ComparePageArgs) -> str:
    pairs = [("text", text) for text in args.text]
    pairs += [("username", name) for name in args.username]
    pairs += [("post", str(args.post))] if args.post else []
    pairs += [("sure", f"{args.sure:g}")] if args.sure != SURE else []
    pairs += args.copied.items()
    return f"{url_for('compare.show_compare')}?{urlencode(pairs)}"


def given_texts(given: Sequence[str]) -> list[str]:
    """Return texts by the same person, each once; too many are joined."""
    texts = [text for text in given if text.strip()]
    size = -(-len(texts) // MOST_TEXTS)
    joined = ["\n".join(texts[at : at + size]) for at in range(0, len(texts), size or 1)]
    # In the judged form, since the page names pieces of the texts by their places.
    return list(dict.fromkeys(map(composed, joined))) or [""]


def _people_in(texts: Sequence[str]) -> set[str | None] | None:
    chats = [chat for text in texts if (chat := copied_chat(composed(text)))]
    return {head.name for chat in chats for head in chat.heads} if chats else None


class ComparisonView(Struct, frozen=True):
    comparison: Comparison
    names: list[str]
    """Empty for all."""
    evident: EvidenceView
    hidden: Post | None

    @property
    def answers(self) -> list[verdicts.Bar]:
        return verdicts.bars_of(self.comparison)

    @property
    def heading(self) -> str:
        return verdicts.heading_of(self.comparison, is_named=bool(self.names))

    @property
    def told(self) -> tuple[list[str], list[str]]:
        return verdicts.told_of(self.comparison, is_named=bool(self.names))

    @property
    def folded(self) -> int:
        """Number of folded bars at the end: two or more under 5%, after the first two."""
        folded = sum(bar.share < 0.05 for bar in self.answers[2:])
        return folded if folded > 1 else 0

    @property
    def folded_below(self) -> float:
        """A share that no folded bar reaches."""
        folded = self.answers[len(self.answers) - self.folded :]
        return 0.01 if all(bar.share < 0.01 for bar in folded) else 0.05

    @property
    def card_address(self) -> str:
        names = self.names if len(self.comparison.ranking) > 1 else []
        return url_for("compare.show_card", username=names)

    @property
    def is_long(self) -> bool:
        return len(self.comparison.text) > 1_500

    @property
    def made_at(self) -> datetime:
        return now()


@blueprint.get("/compare", of_chat=always)
async def show_compare(args: ComparePageArgs) -> ResponseReturnValue:
    if not args.text:
        return see_other(url_for("home.show_home", username=args.names))
    cacheable()
    depends_on(EVERYTHING)
    depends_on(DERIVED)
    has_picture = has_page("answer_pictures.show_answer_picture")
    return await _page(args, has_picture=has_picture)


class CardPage(WebPage, frozen=True, kw_only=True):
    template = "comparing/card.html"

    card: Card
    chosen: list[str]
    is_of_own: bool
    """Whether samples are left out, though no one was named."""
    fewest_judged: int = FEWEST_OF_AUTHOR
    fewest_told: int = FEWEST_ASKED

    @property
    def confused(self) -> list[tuple[str, str, int]]:
        """The three most frequent confusions: real author, named author, number of posts."""
        confused = [pair for pair in self.card.given if pair[0] != pair[1]]
        return confused[:3]


@blueprint.get("/compare/card")
async def show_card(args: PanelArgs) -> ResponseReturnValue:
    names, own = given_names(args.username), list[str]()
    if not names:
        async with resources().db.read() as session:
            own = await own_authors(session)
    card = await resources().cards.get(names or own)
    compared = [author.username for author in card.authors]
    return await render(
        CardPage(
            card=card,
            chosen=names or (compared if own else []),
            is_of_own=bool(own),
            about=compared,
        )
    )


@blueprint.get("/compare/example")
async def show_example() -> ResponseReturnValue:
    """Redirect to the comparison of a random post hidden from the model."""
    async with resources().db.read() as session:
        drawn = await draw(session, g.locale)
        if drawn is None:
            return see_other(url_for("home.show_home"))
        question = await read_question(session, drawn)
        post = await get_post(session, question.tweet_id)
    asked = ComparePageArgs(text=[post.text], username=[*question.usernames], post=post.id)
    return see_other(address_of(asked))


@blueprint.post("/compare", of_chat=always)
async def post_compare(form: Form) -> ResponseReturnValue:
    """Accept TwitOff's form; redirect to the comparison if a URL may hold the text."""
    args = args_of(form, ComparePageArgs, is_strict=False)
    texts = form.getlist("tweet_text") + args.text
    people = await worked_on(texts, partial(_people_in, texts)) if args.heads else None
    if "each_line" in form and people is None:  # Copied messages are found by their heads.
        texts = [line for text in texts for line in text.splitlines()]
    if "tweet_text" in form and args.person not in (people or ()):
        args.person = ""  # The text is another one now.
    texts = [text for text in texts if text.strip()] or [""]
    names = given_names([form.get("user1", ""), form.get("user2", ""), *args.username])
    if "room" in form:
        async with here().db.read() as session:
            names = await with_people(session, names, form.getlist("room"))
    args.text, args.username = texts, names
    is_private = bool(form.get("private"))
    address = address_of(args)
    if is_private or sum(map(len, texts)) > 2_000 or len(address) > LONGEST_ADDRESS:
        return await _page(args, is_private=is_private)
    return see_other(address)


class ComparePage(FormPage, frozen=True, kw_only=True):
    template = "comparing/compare.html"

    result: ComparisonView | None
    texts: list[str]
    known: list[str]
    """Authors here who are called like the people in copied messages."""
    copied: dict[str, str]
    """How copied messages are judged, in an address."""
    chosen: list[str]
    room: str | None
    """The chat whose people were all chosen."""
    offer: OfferedPeople
    author_total: int
    importing: RunningImport | None
    outgrown: int
    """Samples, which are compared only if named."""
    is_private: bool
    post: int | None
    has_picture: bool
    origin: str
    """For whole addresses, which programs that show links need."""
    verdicts: ModuleType = verdicts
    """The sentences of an answer."""

    @property
    def has_belief(self) -> bool:
        """Whether a starting belief was given that the slider shows."""
        return self.result is not None and self.result.comparison.sure not in {SURE, 1}

    @property
    def address(self) -> str:
        return self.origin + own_address(SWITCH)

    @property
    def printed_address(self) -> str:
        """The address in letters that people can type: Korean ones take nine signs in a link."""
        return uri_to_iri(self.address)

    @property
    def preview(self) -> str:
        """The picture that programs show, if `has_picture`."""
        shown_in = [("lang", g.locale), ("tz", zone_of_page("").key)]
        query = urlencode([*shown_in, *asked_here()])
        return f"{self.origin}{url_of('answer_pictures.show_answer_picture')}?{query}"

    @property
    def other_people(self) -> list[CopiedPerson]:
        """The people in copied messages whose messages can be chosen instead."""
        people = (self.result.comparison.people or []) if self.result else []
        return [each for each in people if each.name != self.copied.get("person")][:MOST_PEOPLE]

    @property
    def unchosen(self) -> list[str]:
        """Known people, if not all of them are compared already."""
        keys = {*map(username_key, self.chosen)}
        return [] if keys >= {*map(username_key, self.known)} else self.known

    @property
    def named(self) -> list[str] | None:
        """Authors that a program names for the same answer; None for too many."""
        if self.chosen or not (self.outgrown and self.result):
            return self.chosen
        asked = [ranked.username for ranked in self.result.comparison.ranking]
        return asked if len(asked) < SHOWN_OF_ALL else None

    @property
    def picture(self) -> str:
        """The page of pictures, if `has_picture`; the picture itself for readers of one chat."""
        if own_chat() is not None:
            return self.preview.removeprefix(self.origin)
        page = url_of("answer_pictures.show_answer_picture_page")
        return f"{page}?{urlencode(asked_here())}"


async def _page(
    args: ComparePageArgs, *, is_private: bool = False, has_picture: bool = False
) -> ResponseReturnValue:
    names, texts = args.names, given_texts(args.text)
    result, failure = None, None
    try:
        result = await _compared(texts, names, args)
    except (InvalidInputError, NotFoundError) as error:
        failure = error.with_traceback(None)  # Which would keep this frame, and the text.
    async with here().db.read() as session:
        outgrown = await outgrown_samples(session)
        offer = await offer_people(session, names, outgrown)
        importing = None if offer.total else await find_running(session)
        room = await name_of_room_of(session, names) if result and len(names) > 1 else None
        people = (result.comparison.people or ()) if result else ()
        known = await users_by_shown_name(session, [person.name for person in people])
    return await render_form(
        ComparePage(
            result=result,
            texts=texts,
            known=[*dict.fromkeys(known.values())],
            copied=args.copied,
            chosen=names,
            room=room,
            offer=offer,
            author_total=offer.total,
            importing=importing,
            outgrown=len(outgrown),
            is_private=is_private,
            post=args.post,
            has_picture=has_picture,
            origin=own_origin(),
            error=failure,
            about=[*people_of(names, result.comparison), *known.values()] if result else (),
        )
    )


def people_of(names: Sequence[str], comparison: Comparison) -> list[str]:
    ranked = (ranked.username for ranked in comparison.ranking)
    return [*dict.fromkeys([*names, *ranked, *(comparison.read_of or ())])]


async def _compared(texts: list[str], names: list[str], args: ComparePageArgs) -> ComparisonView:
    comparison = await here().comparer.ask(args.question(texts))
    async with here().db.read() as session:
        evident = await read_evidence(session, comparison)
        hidden = await find_posts(session, [args.post] if args.post else [])
    return ComparisonView(comparison, names, evident, hidden.get(args.post or 0))
