"""A panel of the dashboard, how its figure is counted, and the answer that the browser gets."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec
from quart import g
from sqlalchemy.ext.asyncio import AsyncSession

from app.asgi.cached import CachedResponse
from app.clock import monotonic
from app.errors import AppError, UnavailableError
from app.i18n import gettext, gettext_noop, translate_message
from app.lifespan import resources
from app.parts.dashboard.shapes import Plot
from app.result_cache import cacheable
from app.views.cast import Cast, bound, cast_of, current_cast
from app.views.figure import Figure, FigureParts, Finding, ShownRow, Table, show_rows
from app.views.filters import View, view_of
from app.views.page import WebPage, render

MAKING_TIMEOUT_S: Final = 60.0
TICK_S: Final = 1.0
"""Viewers who follow live are answered together; else a stream of posts fills a core."""
MOST_AUTHORS: Final = 40
"""Authors with a row of their own."""
FIRST_ROWS: Final = 12
"""Rows of the numbers that stand beside a figure; a page of their own has the others."""
OF_AUTHORS: Final = ("since", "until", "lang", "tz")
"""Filters that a figure of authors does not know: it is of all their posts."""

LoadedT = TypeVar("LoadedT")


class FigureAnswer(msgspec.Struct, omit_defaults=True):
    """What the browser gets of a figure."""

    words: str
    """HTML."""
    rows: str = ""
    """HTML of the first numbers."""
    plot: Plot | None = None
    path: str = ""
    is_problem: bool = False
    """Whether the words say what is wrong in the view."""


class Panel(ABC, Generic[LoadedT]):
    """A place on the dashboard, and how its figure is counted for a view."""

    name: ClassVar[str]
    topic: ClassVar[str]
    about: ClassVar[str]
    waiting: ClassVar[str] = gettext_noop("Drawing the chart…")
    is_of_authors: ClassVar[bool] = False
    """Whether it is about how authors write: that takes longer, and looks at all their posts."""
    height_px: ClassVar[int] = 224
    """Of the place that is kept for its drawing until the height of that is known."""
    needs_two: ClassVar[bool] = False
    """Whether it says nothing of one author alone."""

    @abstractmethod
    async def load(self, session: AsyncSession, view: View) -> LoadedT:
        """Return what the database says; note what it depends on.

        Raises NotFoundError, MalformedError.
        """

    def usernames(self, loaded: LoadedT) -> Iterable[str]:
        """Return the authors whom the figure may name: they are called as on pages."""
        return ()

    @abstractmethod
    async def count(self, loaded: LoadedT, view: View) -> Figure[Plot]:
        """Return the figure. What takes long is done here: the session is closed by then."""

    def key(self, view: View) -> tuple[str, str, str]:
        """Return what an answer is kept by: equal views of a figure have the same one."""
        unused = dict.fromkeys(OF_AUTHORS, "") if self.is_of_authors else {}
        return self.name, g.locale, view.query(**unused)


AnyPanel = Panel[Any]


async def draw(panel: AnyPanel, query: str, *, is_live: bool) -> str:
    """Return the answer to a view as JSON, with the view; it is as new as a page.

    It is made once for all viewers. `is_live`: the browser asks because of an event.
    """
    memo = resources().cache
    if is_live:
        await asyncio.sleep(TICK_S - monotonic() % TICK_S)
    if not await memo.feed.catch_up():
        raise UnavailableError("The log cannot be read at the moment. Try again soon.")
    view = view_of(query)
    try:
        answer = msgspec.Raw(await answer_of(panel, view))
    except AppError as error:
        answer = msgspec.Raw(msgspec.json.encode(await problem_of(panel, view, error)))
    return msgspec.json.encode({"view": query, "answer": answer}).decode()


async def answer_of(panel: AnyPanel, view: View) -> bytes:
    """Return the answer to a view, which is kept; the caller has caught up with the feed.

    Raises NotFoundError, MalformedError and InvalidInputError for what is wrong in the view.
    """

    async def make() -> CachedResponse:
        async with asyncio.timeout(MAKING_TIMEOUT_S):
            figure, cast = await load(panel, view)
        with bound(cast):
            parts = await resources().work_pool.run(figure.parts)
            cacheable()
            return CachedResponse("", (), msgspec.json.encode(await _answer(panel, parts)))

    made = await resources().cache.get_or_make(panel.key(view), make)
    return made.body if made else b"null"


async def load(panel: AnyPanel, view: View) -> tuple[Figure[Plot], Cast]:
    """Return the figure of a panel, and who is in it: its texts are made while these are bound.

    Raises NotFoundError, MalformedError and InvalidInputError for what is wrong in the view.
    """
    async with resources().long_reads.turn():
        async with resources().db.read() as session:
            loaded = await panel.load(session, view)
            cast = await _cast_of(session, panel.usernames(loaded), view)
        with bound(cast):
            return await panel.count(loaded, view), cast


async def _cast_of(session: AsyncSession, usernames: Iterable[str], view: View) -> Cast:
    return await cast_of(session, usernames, about=view.names, platform=view.platform)


def kept_answer(panel: AnyPanel, view: View) -> bytes | None:
    """Return the answer to a view if it is kept; the caller has caught up with the feed."""
    response = resources().cache.find(panel.key(view))
    return response.body if response else None


async def _answer(panel: AnyPanel, parts: FigureParts[Plot]) -> FigureAnswer:
    table = parts.table
    first = show_rows(table, FIRST_ROWS)
    rows = await render(FigureRows(table=table, rows=first), current_cast()) if first else ""
    words = await _show_words(panel, parts.finding)
    return FigureAnswer(words, rows, parts.plot, parts.path)


async def problem_of(panel: AnyPanel, view: View, error: AppError) -> FigureAnswer:
    """Return the answer that says what is wrong in a view."""
    async with resources().db.read() as session:
        cast = await _cast_of(session, view.names, view)
    with bound(cast):
        topic = gettext(panel.topic)
        problem = Finding(topic, (translate_message(error.detail),), topic=topic, about=" ")
        return FigureAnswer(await _show_words(panel, problem), is_problem=True)


class FigureRows(WebPage, frozen=True, kw_only=True):
    """The first numbers of a figure."""

    template = "dashboard/_figure_rows.html"

    table: Table
    rows: Sequence[ShownRow]


class FigureWords(WebPage, frozen=True, kw_only=True):
    """The words of a figure."""

    template = "dashboard/_figure_words.html"

    name: str
    topic: str
    finding: Finding
    reading: str
    """How the figure is read."""


async def _show_words(panel: AnyPanel, finding: Finding) -> str:
    """Return the words of a figure as HTML, in the request's language."""
    words = FigureWords(
        name=panel.name,
        topic=finding.topic or gettext(panel.topic),
        finding=finding,
        reading=(finding.about or gettext(panel.about)).strip(),
    )
    return await render(words, current_cast())
