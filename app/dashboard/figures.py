"""The parts of a figure, and what all figures share."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from quart import g

from app.asgi.cached import CachedResponse
from app.clock import monotonic
from app.errors import AppError, UnavailableError
from app.i18n import gettext, gettext_noop, show_number, translate_message
from app.lifespan import resources
from app.memo import cacheable
from app.views.filters import View, view_of

MAKING_TIMEOUT_S: Final = 60.0
TICK_S: Final = 1.0
"""Viewers who follow live are answered together; else a stream of posts fills a core."""
MOST_AUTHORS: Final = 40
"""Authors with a row of their own."""
ROW_PX: Final = 20
FAINTEST: Final = 0.12
"""Opacity of the weakest cell that is drawn at all."""
LONGEST_LABEL: Final = 18
"""Characters of a name beside an axis."""

TableCell = str | int | float | None
Plot = dict[str, Any]
"""A plotly figure; colours are names of the stylesheet, like `$ink`. The browser adds what is
the same for all."""


@dataclass(frozen=True, slots=True)
class Table:
    """A figure's numbers in rows, and the address of the posts behind each row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[TableCell]]
    links: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure for the browser."""

    note: str = ""
    """What the numbers say, or what the figure waits for."""
    plot: Plot | None = None
    path: str = ""
    """Address of the posts behind a point, without the parameters that the point itself has."""


class Figure(ABC):
    """One figure: its numbers, its graph and its table."""

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    waiting: ClassVar[str] = gettext_noop("Being drawn…")
    needs_two: ClassVar[bool] = False
    """Whether it says nothing of one author alone."""

    @abstractmethod
    async def load(self, view: View) -> Any:
        """Return the numbers; note their dependencies. Raises NotFoundError, MalformedError."""

    @abstractmethod
    def draw(self, data: Any, view: View) -> Drawing:
        """Return the graph of the numbers, none if there are no posts."""

    @abstractmethod
    def table(self, data: Any, view: View) -> Table:
        """Return the numbers in rows."""


async def draw(figure: Figure, query: str, *, is_live: bool) -> str:
    """Return the drawing of a view as JSON, or what is wrong in the view; it is as new as a page.

    It is made once for all viewers. `is_live`: the browser asks because of an event.
    """
    memo = resources().cache
    if is_live:
        await asyncio.sleep(TICK_S - monotonic() % TICK_S)
    if not await memo.feed.catch_up():
        raise UnavailableError("The log cannot be read at the moment. Try again soon.")

    async def make() -> CachedResponse:
        return CachedResponse("", (), msgspec.json.encode(await _drawing(figure, query)))

    made = await memo.get_or_make((figure.name, g.locale, query), make)
    return made.body.decode() if made else ""


async def _drawing(figure: Figure, query: str) -> dict[str, Any]:
    depiction: dict[str, Any] = {"view": query}
    try:
        view = view_of(query)
        async with asyncio.timeout(MAKING_TIMEOUT_S):
            data = await figure.load(view)
        depiction["drawing"] = await resources().work_pool.run(figure.draw, data, view)
        cacheable()
    except AppError as error:
        depiction["problem"] = translate_message(error.detail)
    return depiction


class Cell(NamedTuple):
    """A cell of a grid."""

    column: int
    row: int
    share: float
    """Of the strongest cell, in [0, 1]."""
    text: str
    query: str
    """Parameters of the posts behind it."""


def draw_cells(cells: Sequence[Cell]) -> Plot:
    """Return the trace of the cells, a sequential scale of one colour."""
    return {
        "x": [cell.column for cell in cells],
        "base": [cell.row - 0.47 for cell in cells],
        "y": [0.94] * len(cells),
        "width": 0.94,
        "customdata": [cell.query for cell in cells],
        "marker": {
            "color": "$accent",
            "opacity": [round(FAINTEST + (1 - FAINTEST) * cell.share, 3) for cell in cells],
        },
        "hovertext": [cell.text for cell in cells],
    }


def draw_bars(rows: Sequence[tuple[str, float, str, str]], **axis: Any) -> Plot:
    """Return a bar for each row, with its share of one, its label, and the query behind it."""
    trace = {
        "orientation": "h",
        "width": 0.7,
        "x": [round(share, 4) for _, share, _, _ in rows],
        "y": list(range(len(rows))),
        "text": [label for _, _, label, _ in rows],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": "$accent"},
        "customdata": [query for *_, query in rows],
        "hovertext": [f"<b>{escape(name)}</b><br>{label}" for name, _, label, _ in rows],
    }
    layout = {
        # Beside the longest bar there is room for its label.
        "xaxis": {"range": [0, 1.3], "nticks": 6} | axis,
        "yaxis": row_axis([name for name, *_ in rows]),
        "meta": {"height": row_height(len(rows), least_px=90)},
    }
    return {"data": [trace], "layout": layout}


def row_axis(names: Sequence[str]) -> Plot:
    """Return the axis of rows with these labels, the first one on top."""
    labels = [f"{name[:LONGEST_LABEL]}…" if len(name) > LONGEST_LABEL else name for name in names]
    return {
        "range": [len(names) - 0.4, -0.6],
        "tickvals": list(range(len(names))),
        "ticktext": [escape(label) for label in labels],
        "showgrid": False,
    }


def row_height(rows: int, *, least_px: int = 160, around_px: int = 50) -> int:
    """Return the height of a graph of so many rows, in pixels."""
    return max(least_px, rows * ROW_PX + around_px)


def alone(authors: int) -> str:
    """Return what a figure of fewer than two authors waits for; nothing without any posts."""
    return gettext("It takes two authors with posts to tell them apart.") if authors else ""


def some_of(displayed: int, total: int) -> str:
    """Return how many of the authors a figure shows, if not all."""
    if displayed == total:
        return ""
    template = gettext("{shown} of {all} authors, those with the most posts.")
    return template.format(shown=show_number(displayed), all=show_number(total))


def sentences(*parts: str) -> str:
    """Return the sentences that are not empty."""
    return " ".join(filter(None, parts))


def posts_path(query: str, **narrowed: str | Sequence[str]) -> str:
    """Return the address of the posts behind a row or a figure."""
    parameters = urlencode(narrowed, doseq=True)
    return "/posts?" + "&".join(filter(None, (query, parameters)))
