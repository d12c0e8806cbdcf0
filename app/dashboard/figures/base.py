"""What each figure of the dashboard is made of, and what they share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.views.filters import View

COLOURS: Final = 8
"""Authors who have a colour; the others share one."""
SYMBOLS: Final = (
    *("circle", "diamond", "square", "triangle-up"),
    *("cross", "x", "star", "triangle-down"),
)
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "5px", "2px")

LONGEST_LABEL: Final = 14

Cell = str | int | float | None
Plot = dict[str, Any]
"""A plotly figure; colours are names of the stylesheet, as `$ink`, for the browser to fill in."""


@dataclass(frozen=True, slots=True)
class Table:
    """A figure's numbers in rows, and the address of the posts behind each row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    links: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure as the browser gets it: one graph or several, and what a click needs."""

    plots: Sequence[Plot]
    note: str = ""
    """What to know of the numbers, as a sentence."""
    clicks: dict[str, Any] = field(default_factory=dict)
    """By what the browser makes an address of a point: see `addressOf` in dashboard.js."""
    authors: Sequence[str] = ()
    """Those with a colour, in the order of the colours."""
    again_s: int = 0
    """After how long to ask again for what is not there yet; 0 for what is."""


class Figure(ABC):
    """One figure: what it shows, where its numbers come from, how they are drawn and listed."""

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    graphs: ClassVar[Sequence[str]] = ("",)
    """The headings of its graphs, one empty one where the figure's own suffices."""

    rest_s: ClassVar[int] = 0
    """How long a browser leaves it as it is, whatever the live stream says."""

    @abstractmethod
    async def load(self, session: AsyncSession, view: View) -> Any:
        """Return the numbers; note what they rest on. Raises NotFoundError, MalformedError."""

    @abstractmethod
    def draw(self, data: Any) -> Drawing:
        """Return the graphs of the numbers, none if there is nothing to show."""

    @abstractmethod
    def table(self, data: Any, view: View) -> Table:
        """Return the numbers in rows."""


def colour(place: int | None) -> str:
    """Return the colour of the author at that place, of all others for None."""
    return "$author-0" if place is None or place >= COLOURS else f"$author-{place + 1}"


def short_label(name: str) -> str:
    """Return a name that fits beside an axis, escaped."""
    short = name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…"
    return escape(short)


def asked_path(names: Sequence[str], **narrowed: str) -> str:
    """Return where the posts are listed that the card of these authors was measured on."""
    pairs = [("username", name) for name in names]
    return "/compare/card/posts?" + urlencode([*pairs, *narrowed.items()])


def posts_path(query: str, **narrowed: str) -> str:
    """Return where the posts behind a row are listed."""
    more = urlencode(narrowed)
    return "/posts?" + "&".join(filter(None, (query, more)))
