"""The parts of a figure, what all figures share, and the answer that the browser gets of one."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec
from quart import g, render_template
from sqlalchemy.ext.asyncio import AsyncSession

from app.asgi.cached import CachedResponse
from app.clock import monotonic
from app.dashboard.shapes import Plot
from app.errors import AppError, UnavailableError
from app.i18n import gettext, gettext_noop, ngettext, show_number, translate_message
from app.lifespan import resources
from app.memo import cacheable
from app.views.filters import View, view_of
from app.views.pages.parts import show_names, speak_of_all

MAKING_TIMEOUT_S: Final = 60.0
TICK_S: Final = 1.0
"""Viewers who follow live are answered together; else a stream of posts fills a core."""
MOST_AUTHORS: Final = 40
"""Authors with a row of their own."""
FIRST_ROWS: Final = 12
"""Rows of the numbers that stand beside a figure; a page of their own has the others."""
OF_AUTHORS: Final = ("since", "until", "lang", "tz")
"""Filters that a figure of authors does not know: it is of all their posts."""

TableCell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A figure's numbers in rows, and the address of the posts behind each row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[TableCell]]
    links: Sequence[str] = ()


class ShownRow(NamedTuple):
    """A row of a table as a page shows it."""

    cells: Sequence[tuple[str, bool]]
    """Each as text, and whether it is a number."""
    link: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a figure says in words."""

    title: str
    """What the numbers say, in a sentence without a full stop."""
    notes: str = ""
    """Further sentences: what they are of, and what they leave out."""
    topic: str = ""
    """What the figure is about, where that is not its usual topic."""
    about: str = ""
    """How it is read, likewise."""


class Figure(ABC):
    """Numbers, which tell what they say, their rows, their graph, and the posts behind them."""

    @abstractmethod
    def finding(self) -> Finding:
        """Return what the numbers say."""

    @abstractmethod
    def table(self) -> Table:
        """Return the numbers in rows."""

    @abstractmethod
    def plot(self) -> Plot | None:
        """Return the graph of the numbers, None where there is nothing to draw."""

    @abstractmethod
    def path(self) -> str:
        """Return the address of the posts behind a point, without the point's own parameters."""

    def drawing(self) -> "Drawing":
        """Return all of it."""
        return Drawing(self.finding(), self.table(), self.plot(), self.path())


class Drawing(NamedTuple):
    """A figure for the browser."""

    finding: Finding
    table: Table
    plot: Plot | None
    path: str


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
    waiting: ClassVar[str] = gettext_noop("Being drawn…")
    is_of_authors: ClassVar[bool] = False
    """Whether it is about how authors write: that takes longer, and looks at all their posts."""
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
    async def count(self, loaded: LoadedT, view: View) -> Figure:
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
    try:
        answer = msgspec.Raw(await answer_of(panel, view_of(query)))
    except AppError as error:
        answer = msgspec.Raw(msgspec.json.encode(await problem_of(panel, error)))
    return msgspec.json.encode({"view": query, "answer": answer}).decode()


async def answer_of(panel: AnyPanel, view: View) -> bytes:
    """Return the answer to a view, which is kept; the caller has caught up with the feed.

    Raises NotFoundError, MalformedError and InvalidInputError for what is wrong in the view.
    """

    async def make() -> CachedResponse:
        async with asyncio.timeout(MAKING_TIMEOUT_S):
            figure = await load(panel, view)
        drawing = await resources().work_pool.run(figure.drawing)
        cacheable()
        return CachedResponse("", (), msgspec.json.encode(await _answer(panel, drawing)))

    made = await resources().cache.get_or_make(panel.key(view), make)
    return made.body if made else b"null"


async def load(panel: AnyPanel, view: View) -> Figure:
    """Return the figure of a panel; its texts then call authors and posts as pages do.

    Raises NotFoundError, MalformedError and InvalidInputError for what is wrong in the view.
    """
    async with resources().db.read() as session:
        # First, since the words for what is wrong speak of posts too.
        await speak_of_all(session, view.names, view.platform)
        loaded = await panel.load(session, view)
        await show_names(session, panel.usernames(loaded))
    return await panel.count(loaded, view)


def kept_answer(panel: AnyPanel, view: View) -> bytes | None:
    """Return the answer to a view if it is kept; the caller has caught up with the feed."""
    response = resources().cache.find(panel.key(view))
    return response.body if response else None


async def _answer(panel: AnyPanel, drawing: Drawing) -> FigureAnswer:
    table = drawing.table
    first = show_rows(table, FIRST_ROWS)
    rows = await render_template("_figure_rows.html", table=table, rows=first) if first else ""
    words = await show_words(panel, drawing.finding)
    return FigureAnswer(words, rows, drawing.plot, drawing.path)


def show_rows(table: Table, most: int) -> list[ShownRow]:
    """Return the first rows as the request's language writes them; a thread does many."""
    return [
        ShownRow(
            [
                (show_number(cell), True) if isinstance(cell, int | float) else (cell or "", False)
                for cell in row
            ],
            link,
        )
        for row, link in zip(table.rows[:most], table.links or [""] * most, strict=False)
    ]


async def problem_of(panel: AnyPanel, error: AppError) -> FigureAnswer:
    """Return the answer that says what is wrong in a view."""
    topic = gettext(panel.topic)
    problem = Finding(topic, translate_message(error.detail), topic=topic, about=" ")
    return FigureAnswer(await show_words(panel, problem), is_problem=True)


async def show_words(panel: AnyPanel, finding: Finding) -> str:
    """Return the words of a figure as HTML, in the request's language."""
    return await render_template(
        "_figure_words.html",
        name=panel.name,
        topic=finding.topic or gettext(panel.topic),
        finding=finding,
        about=(finding.about or gettext(panel.about)).strip(),
    )


def nothing_dated(view: View, undated: int = 0) -> Finding:
    """Return what a figure says where there are no posts, or none of them has a time."""
    if not undated and not view.is_narrowed:
        return Finding(gettext("Nothing here yet"))
    if not undated:
        return Finding(gettext("There are no posts here. Another filter may have some."))
    title = ngettext("{count} post, without a time", "{count} posts, all without a time", undated)
    return Finding(title.format(count=show_number(undated)))


def some_of(displayed: int, total: int) -> str:
    """Return how many of the authors a figure shows, if not all."""
    if displayed >= total:
        return ""
    template = gettext("Of {all} authors, the {shown} with the most posts.")
    return template.format(shown=show_number(displayed), all=show_number(total))


def sentences(*parts: str) -> str:
    """Return the sentences that are not empty."""
    return " ".join(filter(None, parts))


def posts_path(query: str, **narrowed: str | Sequence[str]) -> str:
    """Return the address of the posts behind a row or a figure."""
    parameters = urlencode(narrowed, doseq=True)
    return "/posts?" + "&".join(filter(None, (query, parameters)))
