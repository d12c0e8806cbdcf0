"""The parts of a figure, and what all figures share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.i18n import gettext, show_number
from app.services.compare.contenders import Contender
from app.views.filters import View
from app.views.pages.parts import hue_of

MOST_AUTHORS: Final = 40
"""Authors with a row or a label of their own."""
HOVER: Final = "%{hovertext}<extra></extra>"
ROW_PX: Final = 20
FAINTEST: Final = 0.12
"""Opacity of the weakest cell that is drawn at all."""

LONGEST_LABEL: Final = 14

TableCell = str | int | float | None
Plot = dict[str, Any]
"""A plotly figure; colours are names of the stylesheet, like `$ink`, which the browser replaces."""


@dataclass(frozen=True, slots=True)
class Table:
    """A figure's numbers in rows, and the address of the posts behind each row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[TableCell]]
    links: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure for the browser: its graphs, and the data that clicks need."""

    plots: Sequence[Plot]
    note: str = ""
    """A sentence about the numbers."""
    clicks: dict[str, Any] = field(default_factory=dict)
    """How the browser builds the address of a point: see `addressOf` in dashboard.js."""
    rows: Sequence[tuple[str, str]] = ()
    """Sentences below the graphs, each with its address."""
    again_s: int = 0
    """Seconds until the browser requests an unfinished figure again; 0 for a finished one."""


class Figure(ABC):
    """One figure: its numbers, its graphs and its table."""

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    height: ClassVar[str]
    graphs: ClassVar[Sequence[str]] = ("",)
    """The headings of its graphs; an empty one if the figure's own suffices."""

    rest_s: ClassVar[int] = 0
    """Seconds for which a browser keeps the figure, whatever the live stream says."""

    @abstractmethod
    async def load(self, session: AsyncSession, view: View) -> Any:
        """Return the numbers; note their dependencies. Raises NotFoundError, MalformedError."""

    @abstractmethod
    def draw(self, data: Any) -> Drawing:
        """Return the graphs of the numbers, none if there are no posts."""

    @abstractmethod
    def table(self, data: Any, view: View) -> Table:
        """Return the numbers in rows."""


class Cell(NamedTuple):
    """A cell of a grid."""

    column: float
    row: int
    share: float
    """Of the strongest cell, in [0, 1]."""
    text: str
    click: Any
    """What the address of its posts is made of."""


def draw_cells(cells: Sequence[Cell]) -> Plot:
    """Return the trace of the cells, a sequential scale of one colour."""
    return {
        "type": "bar",
        "x": [cell.column for cell in cells],
        "base": [cell.row - 0.47 for cell in cells],
        "y": [0.94] * len(cells),
        "width": 0.94,
        "customdata": [cell.click for cell in cells],
        "marker": {
            "color": "$accent",
            "opacity": [round(FAINTEST + (1 - FAINTEST) * cell.share, 3) for cell in cells],
            "line": {"width": 0},
        },
        "hovertext": [cell.text for cell in cells],
        "hovertemplate": HOVER,
    }


class RowRange(NamedTuple):
    """An author's row: a value, and the range around it."""

    username: str
    colour: str
    value: float
    low: float
    high: float
    text: str
    click: Any


def draw_rows(rows: Sequence[RowRange], *, is_bar: bool, **axis: Any) -> Plot:
    """Return the graph of a row for each author: a bar or a dot, with its range."""
    marker = {"color": [row.colour for row in rows], "line": {"width": 0}}
    trace = {
        **({"type": "bar", "orientation": "h", "width": 0.7} if is_bar else {"type": "scatter"}),
        **({} if is_bar else {"mode": "markers"}),
        "x": [round(row.value, 4) for row in rows],
        "y": list(range(len(rows))),
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [round(max(0, row.high - row.value), 4) for row in rows],
            "arrayminus": [round(max(0, row.value - row.low), 4) for row in rows],
            "color": "$soft",
            "thickness": 1,
            "width": 2,
        },
        "marker": marker | ({"opacity": 0.8} if is_bar else {"size": 9}),
        "customdata": [row.click for row in rows],
        "hovertext": [f"<b>{escape(row.username)}</b><br>{row.text}" for row in rows],
        "hovertemplate": HOVER,
    }
    layout = {
        "xaxis": {"fixedrange": True, "nticks": 5} | axis,
        "yaxis": row_axis([row.username for row in rows]),
        "meta": {"height": row_height(len(rows))},
    }
    return {"data": [trace], "layout": layout}


def row_axis(names: Sequence[str]) -> Plot:
    """Return the axis of rows with these labels, the first one on top."""
    return {
        "range": [len(names) - 0.4, -0.6],
        "tickvals": list(range(len(names))),
        "ticktext": [short_label(name) for name in names],
        "showgrid": False,
        "fixedrange": True,
    }


def row_height(rows: int, *, least_px: int = 160, around_px: int = 50) -> int:
    """Return the height of a graph of so many rows, in pixels."""
    return max(least_px, rows * ROW_PX + around_px)


def hue(author: Contender) -> str:
    """Return the author's own colour."""
    return "$" + hue_of(author.id)


def some_of(shown: int, total: int) -> str:
    """Return how many of the authors a figure shows, if not all."""
    if shown == total:
        return ""
    some = gettext("{shown} of {all} authors, those with the most posts.")
    return some.format(shown=show_number(shown), all=show_number(total))


def of_all_posts() -> str:
    """Return that a figure does not follow all filters of the view."""
    return gettext("Of all posts of these authors, whatever their language and date.")


def sentences(*found: str) -> str:
    """Return the sentences that are not empty."""
    return " ".join(filter(None, found))


def short_label(name: str) -> str:
    """Return a name that fits beside an axis, escaped."""
    short = name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…"
    return escape(short)


def card_path(names: Sequence[str]) -> str:
    """Return the address of the card of these authors, or of all."""
    return "/compare/card?" + urlencode([("username", name) for name in names])


def posts_path(query: str, **narrowed: str | Sequence[str]) -> str:
    """Return the address of the posts behind a row."""
    more = urlencode(narrowed, doseq=True)
    return "/posts?" + "&".join(filter(None, (query, more)))
