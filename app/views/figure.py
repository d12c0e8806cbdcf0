"""A figure: numbers that tell their finding, their rows, their drawing and their address.

Those of the dashboard, of a portrait, of a year and of an archive are of this shape, and pictures
draw what these return. They are asked while the people of a page are bound (`app/views/cast.py`).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from app.i18n import show_number

TableCell = str | int | float | None
ISOLATE: Final = "\u2068"
END: Final = "\u2069"
"""Around a name, whose direction of writing nothing else follows then."""
LONGEST_BELOW: Final = 24
"""Characters of a column's name that stands before each cell."""
PlotT = TypeVar("PlotT")


@dataclass(frozen=True, slots=True)
class Table:
    """A figure's numbers in rows, and the address of the posts behind each row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[TableCell]]
    links: Sequence[str] = ()
    about: str = ""
    """What the numbers mean, where their columns do not say it."""

    def below(self, row: Sequence[TableCell], beside: int) -> str:
        """Return the cells of a row behind the first ones, with the names of their columns."""
        columns = (column[:LONGEST_BELOW] for column in self.columns[beside:])
        cells = zip(columns, row[beside:], strict=False)
        return " · ".join(f"{ISOLATE}{column}{END}: {_written(cell)}" for column, cell in cells)


class ShownRow(NamedTuple):
    """A row of a table as a page shows it."""

    cells: Sequence[tuple[str, bool]]
    """Each as text, and whether it is a number."""
    link: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a figure says in words."""

    title: str = ""
    """What the numbers say, in a sentence."""
    notes: Sequence[str] = ()
    """Further sentences: what they are of, and what they leave out."""
    topic: str = ""
    """What the figure is about, where that is not its usual topic."""
    about: str = ""
    """How it is read, or how it is counted."""
    zone: str = ""
    """The time zone of the numbers, where a page names it beside the heading."""


class Figure(ABC, Generic[PlotT]):
    """Numbers, which tell what they say, their rows, their drawing, and the posts behind them.

    A drawing is a value, for the browser's library (`app/parts/dashboard/shapes.py`) or for pages
    and pictures (`app/views/drawings.py`).
    """

    @abstractmethod
    def finding(self) -> Finding:
        """Return what the numbers say."""

    @abstractmethod
    def table(self) -> Table:
        """Return the numbers in rows."""

    @abstractmethod
    def plot(self) -> PlotT | None:
        """Return the drawing of the numbers, None where there is nothing to draw."""

    @abstractmethod
    def path(self) -> str:
        """Return the address of the posts behind a point, without the point's own parameters."""

    def parts(self) -> "FigureParts[PlotT]":
        """Return all of it."""
        return FigureParts(self.finding(), self.table(), self.plot(), self.path())


class FigureParts(NamedTuple, Generic[PlotT]):
    """All that a figure tells."""

    finding: Finding
    table: Table
    plot: PlotT | None
    path: str


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


def _written(cell: TableCell) -> str:
    return show_number(cell) if isinstance(cell, int | float) else cell or ""
