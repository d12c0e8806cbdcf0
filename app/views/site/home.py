"""The front page, the method's page, the icon, and URLs of the course's app."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from datetime import date, timedelta
from typing import Annotated, Final

from markupsafe import escape
from msgspec import Meta, Struct, structs
from quart import Response, current_app, g, redirect, request, url_for
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import LONG
from app.db.result_cache import cacheable, holds_until
from app.errors import CountingError, NotFoundError, UnavailableError
from app.language.i18n import gettext, speaking_of
from app.language.of_request import own_address
from app.lifespan import resources
from app.runtime.clock import first_instant
from app.services.access.accounts import has_operator
from app.services.archive.author_archive import Anniversary, on_this_day
from app.services.compare.quiz_questions import (
    ExampleCounter,
    Solution,
    is_playable,
    newest_post_id,
)
from app.services.imports.jobs import RunningImport, find_running
from app.services.posts import users
from app.services.posts.tweets import Post, list_posts, newest_without
from app.services.rooms.chat_portrait import ChatPage, read_headline
from app.services.rooms.chats import FEW_PEOPLE, RoomFacts
from app.services.snapshots import Snapshots, tell_of_counting
from app.views import author_picker
from app.views.access.login import SetupArgs, show_setup
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.cast import is_speaker
from app.views.comparing.evidence import EvidenceView, read_evidence
from app.views.comparing.verdicts import NOT_FOR, Bar, bars_of, heading_of
from app.views.figures.chats import findings_of
from app.views.filters import zone_of_page
from app.views.imports.page_values import FirstImport, start_here
from app.views.page import WebPage, render
from app.views.policies import always, own_chat, writing
from saywho import __version__
from saywho.clock import now
from saywho.comparing.verdict import MODEL_NAME
from saywho.engine.judgement import FURTHER_LIKELY, KOREAN_LIKELY, LIKELY, LONE_KOREAN_LIKELY
from saywho.engine.measured_rates import ToldShares, measured_rates

blueprint = PageBlueprint("home", policy="read")


@blueprint.get("/", of_chat=always)
async def show_home(args: HomeArgs) -> ResponseReturnValue:
    if (room_id := own_chat()) is not None:
        return see_other(url_for("rooms.show_room", room_id=room_id))
    async with resources().db.read() as session:
        chosen, rooms = (
            author_picker.given_names(args.username),
            await author_picker.read_chats(session),
        )
        has_enough = await users.has_enough_own(session)
        is_small = rooms and 1 < rooms[0].people_total <= author_picker.MOST_TOGETHER
        if has_enough and is_small and "username" not in request.args:
            chosen = rooms[0].usernames  # Most often it is what is asked about.
        authors, author_total = await author_picker.offered_authors(session, chosen)
        samples = await users.list_samples(session)
        is_new = author_total == len(samples)
        # Only a site without posts of its own tells of it.
        is_unclaimed = is_new and g.account is None and not await has_operator(session)
        if is_unclaimed and args.token:
            return await show_setup(SetupArgs(token=args.token))
        if not is_unclaimed:  # No event tells that the first account was made.
            cacheable()
        may_play = await is_playable(session)
        outgrown = samples if has_enough else []
        hidden = {*outgrown} - {*chosen}
        native = await users.samples_in(session, g.locale) if is_new else []
        offered = [author for author in authors if author.username not in hidden]
        offered.sort(key=lambda author: is_new and author.username not in (*chosen, *native))
        groups = await author_picker.grouped(session, offered, outgrown)
        invented = hidden if is_new else {*samples}
        newest = await newest_without(session, invented, limit=20)
        offered_total = author_total - len(hidden)
        own = await _own_archive(session, args)
        importing = await find_running(session) if is_new else None
    told, example, are_counted = await _counted(rooms[:MOST_ROOMS])
    posts = [post for post in newest if post.room is None][:MOST_POSTS]
    if not are_counted:
        holds_until(now())
    # An open page asks for a minute; then it stays as it is.
    is_asked_again = not are_counted and args.tries < 6
    address = own_address("tries", tries=str(args.tries + 1))
    if example and hidden.intersection(example.solution.usernames):
        example = None  # It was drawn before; the next one comes with more posts.
    chats = author_picker.offered_chats(rooms, offered_total)
    own_names = [own.user.username] if own else []
    asked = example.solution.usernames if example else ()
    return await render(
        HomePage(
            offer=author_picker.OfferedPeople(chosen, offered, offered_total, groups, chats),
            author_total=author_total,
            posts=posts,
            example=example,
            own=own,
            samples=[] if outgrown else samples,
            rooms=[
                structs.replace(room, people=room.people[:FEW_PEOPLE])
                for room in rooms[:MOST_ROOMS]
            ],
            told=told,
            has_more_rooms=len(rooms) > MOST_ROOMS,
            is_playable=may_play,
            again=(2**args.tries, address) if is_asked_again else None,
            importing=importing,
            start=start_here() if is_new else None,
            is_unclaimed=is_unclaimed,
            about=[
                *own_names,
                *asked,
                *(post.username for post in posts),
                *(name for one in told for name in one.room.usernames),
            ],
            hued=asked,  # The example tells these apart.
        )
    )


@blueprint.get("/about")
async def show_about() -> str:
    embedder = resources().config.embedder
    async with resources().db.read() as session:
        posts, _ = await list_posts(session, limit=1)
    return await render(
        AboutPage(
            has_population=resources().config.population,
            has_card=bool(posts),
            asks_a_service=embedder.startswith("http:"),
        )
    )


@blueprint.get("/favicon.ico", policy="open", keep=True)
async def show_icon() -> Response:
    response = await current_app.send_static_file("favicon.ico")
    response.headers["Cache-Control"] = "no-cache"  # Browsers ask for this address by themselves.
    return response


@blueprint.get("/get_user")
async def get_user() -> ResponseReturnValue:
    username = request.args.get("username")
    if username is None:
        return "No username given", 400
    async with resources().db.read() as session:
        user = await users.find_user(session, username)
    if user is None:
        return f"User '{escape(username)}' doesn't exist", 404
    return str(user.id)


@blueprint.get("/users")
@blueprint.get("/user")
async def lead_to_authors() -> ResponseReturnValue:
    return redirect(url_for("authors.show_authors"))


@blueprint.get("/users.json")
async def lead_to_api() -> ResponseReturnValue:
    query = request.query_string.decode(errors="replace")
    address = url_for("api_users.list_users")
    return redirect(f"{address}?{query}" if query else address, 307)


@blueprint.post("/user", policy="write")
async def post_user(form: Form) -> ResponseReturnValue:
    """Add TwitOff's author, unless it exists, and redirect to the page."""
    username = form.get("user_name", "").strip()
    async with writing() as session:
        user = await users.find_by_handle(session, username)
        if user is None:
            user = await users.add_user(session, username)
    return redirect(url_for("authors.show_author", username=user.username), 303)


MOST_ROOMS: Final = 3
MOST_POSTS: Final = 3


class HomeArgs(Struct):
    username: list[str] = []
    tz: str = ""
    """Time zone of what is of today."""
    tries: Annotated[int, Meta(ge=0)] = 0
    """Times that the open page has asked for what it lacks."""
    token: str = ""
    """One-time token for the first account, of an empty site."""


class Example(Struct, frozen=True):
    """A post that saywho had not seen, with the answer as its page would show it."""

    solution: Solution
    evident: EvidenceView

    @property
    def title(self) -> str:
        with self._its_words():
            return gettext("An example: a post that saywho had not seen")

    @property
    def answers(self) -> list[Bar]:
        return bars_of(self.solution.comparison)

    @property
    def heading(self) -> str:
        with self._its_words():
            return heading_of(self.solution.comparison, is_named=True)

    @property
    def link(self) -> str:
        with self._its_words():
            return gettext("See this post")

    def _its_words(self) -> AbstractContextManager[None]:
        return speaking_of(messages=is_speaker(self.solution.username))


class OwnArchive(Struct, frozen=True):
    """The site's own author, and one post of this day in an earlier year."""

    user: users.Author
    tz: str
    today: date
    anniversary: Anniversary | None
    has_more: bool
    """Whether this day has more posts."""


class HomePage(WebPage, frozen=True, kw_only=True):
    template = "site/home.html"

    offer: author_picker.OfferedPeople
    """Without samples if there are enough other authors."""
    author_total: int
    posts: list[Post]
    example: Example | None
    own: OwnArchive | None
    samples: list[str]
    rooms: list[RoomFacts]
    told: list[ChatPage]
    """Sentences about the rooms."""
    has_more_rooms: bool
    is_playable: bool
    again: tuple[int, str] | None
    """Seconds until the open page asks for what is still being counted, and where."""
    importing: RunningImport | None
    start: FirstImport | None
    """How to bring in the first file, if nothing but samples is here."""
    is_unclaimed: bool = False
    """Whether the site is empty, and nobody has an account yet."""

    @property
    def sentences(self) -> dict[int, str]:
        """What is said first of each room."""
        with speaking_of(messages=True):
            return {told.room.id: findings_of(told)[0].text for told in self.told}

    @property
    def measured(self) -> ToldShares:
        return measured_rates().told


async def _counted(rooms: Sequence[RoomFacts]) -> tuple[list[ChatPage], Example | None, bool]:
    """Return the sentences about these rooms, an example, and whether none of this is missing
    since it is still being counted: no part takes the page with it.
    """
    told, example, missing = list[ChatPage](), None, len(rooms) + 1
    with suppress(TimeoutError, UnavailableError):
        async with asyncio.timeout(Snapshots.part_s), resources().db.read() as session:
            session.info[LONG] = True  # Few posts are counted here.
            tell_of_counting(session, is_part=True)
            for room in rooms:
                with suppress(CountingError):
                    with suppress(NotFoundError):
                        zone, kept = zone_of_page("", room.tz), resources().snapshots
                        told.append(await read_headline(session, room.id, zone, kept))
                    missing -= 1
            with suppress(CountingError):
                example = await _example(session)
                missing -= 1
    return told, example, not missing


async def _example(session: AsyncSession) -> Example | None:
    counter = ExampleCounter(resources().models, g.locale, await newest_post_id(session))
    if (solution := (await resources().snapshots.read(session, counter)).solution) is None:
        return None
    return Example(solution, await read_evidence(session, solution.comparison))


async def _own_archive(session: AsyncSession, args: HomeArgs) -> OwnArchive | None:
    zone, username = zone_of_page(args.tz), await users.find_site_author(session)
    author = await users.get_author(session, username) if username else None
    if author is None or not author.tweets:
        return None
    today = now().astimezone(zone).date()
    holds_until(first_instant(today + timedelta(1), zone))
    earlier = await on_this_day(session, author, today, zone)
    last = earlier[0] if earlier else None
    return OwnArchive(
        user=author,
        tz=zone.key,
        today=today,
        anniversary=structs.replace(last, items=last.items[:1]) if last else None,
        has_more=len(earlier) > 1 or bool(last and last.items[1:]),
    )


class AboutPage(WebPage, frozen=True, kw_only=True):
    template = "site/about.html"

    has_population: bool
    has_card: bool
    asks_a_service: bool
    likely: float = LIKELY
    korean_likely: float = KOREAN_LIKELY
    lone_korean_likely: float = LONE_KOREAN_LIKELY
    further_likely: float = min(map(min, FURTHER_LIKELY.values()))
    model: str = MODEL_NAME
    version: str = __version__
    not_for: str = NOT_FOR
