"""Answers of the dashboard for the browser: words, rows and drawings of all panels."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct
from quart import g, url_for

from app.asgi.cached import CachedResponse
from app.db.result_cache import cacheable
from app.errors import AppError, UnavailableError
from app.language.i18n import gettext, translate_message
from app.lifespan import resources
from app.parts.dashboard.counts import DashboardView, ViewCounts, count_posts, question_of
from app.parts.dashboard.figures import Plot
from app.parts.dashboard.panels import PANELS
from app.services.search.results import Hit
from app.views.cast import Cast, bound, cast_of, current_cast, post_count
from app.views.figures.figure import Figure, written
from app.views.highlighting import FoundText, by_text
from app.views.page import WebPage, render
from saywho.clock import monotonic

POSTS: Final = "posts"
"""Name of the list of posts below the figures."""
SECTIONS: Final = (*PANELS, POSTS)


class ShownRow(NamedTuple):
    cells: Sequence[tuple[str, bool]]
    link: str


def show_rows(table: Figure[Any], most: int) -> list[ShownRow]:
    """Return the first rows in the request's language; many rows need a thread."""
    return [
        ShownRow([(written(cell), isinstance(cell, int | float)) for cell in row], link)
        for row, link in zip(table.rows[:most], table.links or [""] * most, strict=False)
    ]


class FigureAnswer(Struct, omit_defaults=True):
    words: str
    rows: str = ""
    plot: Plot | None = None
    is_problem: bool = False
    """Whether the words describe an error in the view."""


class FigureRequest(Struct):
    view: Annotated[str, Meta(max_length=8_000)]
    live: bool = False


async def draw(name: str, query: str, *, is_live: bool) -> str:
    """Return a view and its answer as JSON, made once for all; is_live: an event asked for it."""
    memo = resources().cache
    if is_live:
        # Answers to live viewers are a second apart; a stream of posts would fill a core.
        await asyncio.sleep(1 - monotonic() % 1)
    if not await memo.feed.catch_up():
        raise UnavailableError("The log cannot be read at the moment. Try again soon.")
    asked = question_of(query)
    try:
        answer = (await answers_to(asked))[name]
    except AppError as error:
        answer = msgspec.Raw(msgspec.json.encode(await problem_of(name, asked, error)))
    return msgspec.json.encode({"view": query, "answer": answer}).decode()


async def answers_to(asked: DashboardView) -> dict[str, msgspec.Raw]:
    """Return the cached answers of all panels; the caller must have caught up with the feed.

    Raises NotFoundError, MalformedError and InvalidInputError.
    """

    async def make() -> CachedResponse:
        async with asyncio.timeout(60.0):
            counts, cast = await load(asked)
        with bound(cast):
            figures = await resources().work_pool.run(_figures_of, counts)
            cacheable()
            answers = {name: await _answer(name, figure) for name, figure in figures.items()}
            answers[POSTS] = await _posts_of(counts)
            return CachedResponse("", (), msgspec.json.encode(answers))

    key = "dashboard", g.locale, asked.query()
    made = await resources().cache.get_or_make(key, make)
    return msgspec.json.decode(made.body if made else b"{}", type=dict[str, msgspec.Raw])


def _figures_of(counts: ViewCounts) -> dict[str, Figure[Plot]]:
    return {name: panel.figure(counts) for name, panel in PANELS.items()}


async def load(asked: DashboardView) -> tuple[ViewCounts, Cast]:
    """Return the counts and their cast, to be bound while figures make texts.

    Raises NotFoundError, MalformedError and InvalidInputError.
    """
    async with resources().long_reads.turn(), resources().db.read() as session:
        counts = await count_posts(session, asked)
        usernames = {*counts.usernames, *(post.username for post in counts.newest)}
        return counts, await cast_of(session, usernames, about=asked.names, platform=asked.platform)


async def _answer(name: str, figure: Figure[Plot]) -> FigureAnswer:
    first = show_rows(figure, 12)
    rows = await render(FigureRows(table=figure, rows=first), current_cast()) if first else ""
    return FigureAnswer(await _show_words(name, figure), rows, figure.plot)


async def _posts_of(counts: ViewCounts) -> FigureAnswer:
    """Return the newest posts, under how many there are."""
    if not counts.newest:
        return FigureAnswer("")
    title = post_count(counts.by_day.total() + counts.undated)
    words = await _show_words(POSTS, Figure(topic=gettext("Newest posts"), title=title))
    return FigureAnswer(words, await render(PostRows(counts=counts), current_cast()))


async def problem_of(name: str, asked: DashboardView, error: AppError) -> FigureAnswer:
    if name == POSTS:  # The panels say it.
        return FigureAnswer("")
    async with resources().db.read() as session:
        cast = await cast_of(session, asked.names, about=asked.names, platform=asked.platform)
    with bound(cast):
        topic, notes = gettext("Posts"), [translate_message(error.detail)]
        problem = Figure[Plot](topic=topic, title=topic, notes=notes)
        return FigureAnswer(await _show_words(name, problem), is_problem=True)


class FigureRows(WebPage, frozen=True, kw_only=True):
    template = "dashboard/_figure_rows.html"

    table: Figure[Plot]
    rows: Sequence[ShownRow]


class FigureWords(WebPage, frozen=True, kw_only=True):
    template = "dashboard/_figure_words.html"

    name: str
    figure: Figure[Plot]


class PostRows(WebPage, frozen=True, kw_only=True):
    template = "dashboard/_posts.html"

    counts: ViewCounts

    @property
    def found(self) -> list[FoundText]:
        hits = [post for post in self.counts.newest if isinstance(post, Hit)]
        return [text for hit in hits for text in by_text([hit], around=200)]

    @property
    def all_path(self) -> str:
        """The URL of all of them; empty where no list has them."""
        asked = self.counts.asked
        if not (word := asked.q.strip()):
            return f"{url_for('posts.show_posts')}?{asked.query()}"
        if asked.at is not None or len(asked.names) > 1:
            return ""
        query = asked.query(q=word, username="") + (
            "&" + urlencode({"username": asked.names[0]}) if asked.names else ""
        )
        return f"{url_for('search.show_search')}?{query}"


async def _show_words(name: str, figure: Figure[Plot]) -> str:
    return await render(FigureWords(name=name, figure=figure), current_cast())
