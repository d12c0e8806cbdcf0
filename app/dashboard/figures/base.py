"""The parts of a figure, and what all figures share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.views.filters import View

COLOURS: Final = 8
"""Authors with a colour of their own; the others share one."""
SYMBOLS: Final = (
    *("circle", "diamond", "square", "triangle-up"),
    *("cross", "x", "star", "triangle-down"),
)
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "5px", "2px")

LONGEST_LABEL: Final = 14

Cell = str | int | float | None
Plot = dict[str, Any]
"""A plotly figure; colours are names of the stylesheet, like `$ink`, which the browser replaces."""


@dataclass(frozen=True, slots=True)
class Table:
    """A figure's numbers in rows, and the address of the posts behind each row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    links: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure for the browser: its graphs, and the data that clicks need."""

    plots: Sequence[Plot]
    note: str = ""
    """A sentence about the numbers."""
    clicks: dict[str, Any] = field(default_factory=dict)
    """How the browser builds the address of a point: see `addressOf` in dashboard.js."""
    authors: Sequence[str] = ()
    """The authors with a colour, in the order of the colours."""
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


class Dot(NamedTuple):
    """A dot in a cell of a grid."""

    column: int
    row: int
    size: float
    """Part of the cell's width, in [0, 1]; the browser knows the width."""
    text: str
    click: Any
    """What the address of its posts is made of."""


def draw_dots(dots: Sequence[Dot], **marker: Any) -> Plot:
    """Return the trace of the dots."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [dot.column for dot in dots],
        "y": [dot.row for dot in dots],
        "customdata": [dot.click for dot in dots],
        "marker": {
            "size": [round(dot.size, 3) for dot in dots],
            "color": "$accent",
            "opacity": 0.85,
            "line": {"width": 0},
        }
        | marker,
        "text": [dot.text for dot in dots],
        "hovertemplate": "%{text}<extra></extra>",
    }


def among_authors(trace: Plot, names: Sequence[str], across: str = "", down: str = "") -> Plot:
    """Return the graph of dots in a square whose columns and rows are these authors."""
    count = len(names)
    axis = {
        "tickvals": list(range(count)),
        "ticktext": [short_label(name) for name in names],
        "fixedrange": True,
    }
    across_axis = {"range": [-0.6, count - 0.4], "tickangle": -50, "title": {"text": across}}
    layout = {
        "xaxis": axis | across_axis,
        "yaxis": axis | {"range": [count - 0.4, -0.6], "title": {"text": down}},
        "meta": {"cells": [count, count]},
    }
    return {"data": [trace], "layout": layout}


def colour(place: int | None) -> str:
    """Return the colour of the author at this index; None stands for all others."""
    return "$author-0" if place is None or place >= COLOURS else f"$author-{place + 1}"


def short_label(name: str) -> str:
    """Return a name that fits beside an axis, escaped."""
    short = name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…"
    return escape(short)


def asked_path(names: Sequence[str], **narrowed: str) -> str:
    """Return the address of the posts that the card of these authors was measured on."""
    pairs = [("username", name) for name in names]
    return "/compare/card/posts?" + urlencode([*pairs, *narrowed.items()])


def posts_path(query: str, **narrowed: str | Sequence[str]) -> str:
    """Return the address of the posts behind a row."""
    more = urlencode(narrowed, doseq=True)
    return "/posts?" + "&".join(filter(None, (query, more)))
