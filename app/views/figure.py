"""Figures of dashboard, portraits, years, archives and pictures.

Their methods need the page's people to be bound (`app/views/cast.py`).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from app.language.i18n import show_number

TableCell = str | int | float | None
PlotT = TypeVar("PlotT")


@dataclass(frozen=True, slots=True)
class Table:
    columns: Sequence[str]
    rows: Sequence[Sequence[TableCell]]
    links: Sequence[str] = ()
    about: str = ""
    """Meaning of the numbers, if the columns' names do not say it."""

    def below(self, row: Sequence[TableCell], beside: int) -> str:
        columns = (column[:24] for column in self.columns[beside:])
        # The marks keep a name's direction of writing from affecting anything else.
        cells = zip(columns, row[beside:], strict=False)
        return " · ".join(f"\u2068{column}\u2069: {_written(cell)}" for column, cell in cells)


class ShownRow(NamedTuple):
    cells: Sequence[tuple[str, bool]]
    link: str


@dataclass(frozen=True, slots=True)
class Finding:
    title: str = ""
    notes: Sequence[str] = ()
    """Further sentences, and what the numbers leave out."""
    topic: str = ""
    """Topic of the figure, if it is not the usual one."""
    about: str = ""
    zone: str = ""


class Figure(ABC, Generic[PlotT]):
    """Numbers with a finding, a table, the posts behind them, and a drawing for browsers or
    pictures.
    """

    @abstractmethod
    def finding(self) -> Finding:
        """Return the finding of the numbers."""

    @abstractmethod
    def table(self) -> Table:
        """Return the numbers in rows."""

    @abstractmethod
    def plot(self) -> PlotT | None:
        """Return the drawing of the numbers, None if there is nothing to draw."""

    @abstractmethod
    def path(self) -> str:
        """Return the URL of a point's posts, without the point's parameters."""

    def parts(self) -> "FigureParts[PlotT]":
        return FigureParts(self.finding(), self.table(), self.plot(), self.path())


class FigureParts(NamedTuple, Generic[PlotT]):
    finding: Finding
    table: Table
    plot: PlotT | None
    path: str


def show_rows(table: Table, most: int) -> list[ShownRow]:
    """Return the first rows in the request's language; many rows need a thread."""
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
