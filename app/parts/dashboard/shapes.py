"""Shapes of the figures: cells, bars and rows, in colours of the stylesheet such as `$ink`."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final, NamedTuple

FAINTEST: Final = 0.12
"""Opacity of the weakest cell."""
LONGEST_LABEL: Final = 18
"""Largest number of characters of a name next to an axis."""

Plot = dict[str, Any]
"""A plotly figure; the browser adds the colours, and the layout that all figures share."""


class Cell(NamedTuple):
    """A cell of a grid."""

    column: int
    row: int
    share: float
    """Share of the strongest possible cell, in [0, 1]."""
    text: str
    query: str
    """Query parameters of the posts behind the cell."""


class FigureBar(NamedTuple):
    """A row with a bar."""

    name: str
    length: float
    label: str
    query: str
    """Query parameters of the posts behind the bar."""
    colour: str = "$accent"
    is_heading: bool = False
    """Whether the row is a heading of the rows below."""


def draw_cells(cells: Sequence[Cell]) -> Plot:
    """Return the trace of the cells, in a sequential scale of one colour."""
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


def draw_bars(bars: Sequence[FigureBar], **axis: Any) -> Plot:
    """Return a figure with a bar for each row, and a label at the end of each bar."""
    trace = {
        "orientation": "h",
        "width": 0.7,
        "x": [round(bar.length, 4) for bar in bars],
        "y": list(range(len(bars))),
        "text": [escape(bar.label) for bar in bars],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [bar.colour for bar in bars]},
        "customdata": [bar.query for bar in bars],
        "hovertext": [f"<b>{escape(bar.name)}</b><br>{escape(bar.label)}" for bar in bars],
    }
    rows = row_axis([bar.name for bar in bars])
    rows["ticktext"] = [
        f"<b>{label}</b>" if bar.is_heading else label
        for bar, label in zip(bars, rows["ticktext"], strict=True)
    ]
    layout = {
        # There is room for a label after the longest bar.
        "xaxis": {"range": [0, 1.3], "nticks": 6} | axis,
        "yaxis": rows,
        "meta": {"height": row_height(len(bars), least_px=90)},
    }
    return {"data": [trace], "layout": layout}


def row_axis(names: Sequence[str]) -> Plot:
    """Return the axis of rows with these labels, the first label on top."""
    labels = [f"{name[:LONGEST_LABEL]}…" if len(name) > LONGEST_LABEL else name for name in names]
    return {
        "range": [len(names) - 0.4, -0.6],
        "tickvals": list(range(len(names))),
        "ticktext": [escape(label) for label in labels],
        "tickfont": {"color": "$ink", "size": 13},
        "showgrid": False,
    }


def row_height(rows: int, *, least_px: int = 160, around_px: int = 50) -> int:
    """Return the height of a graph with this number of rows, in pixels."""
    return max(least_px, rows * 20 + around_px)
