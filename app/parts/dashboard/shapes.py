"""Shapes of the figures: cells, bars, rows. Colours are names of the stylesheet, like `$ink`."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final, NamedTuple

ROW_PX: Final = 20
FAINTEST: Final = 0.12
"""Opacity of the weakest cell that is drawn at all."""
LONGEST_LABEL: Final = 18
"""Characters of a name beside an axis."""

Plot = dict[str, Any]
"""A plotly figure; the browser adds the colours, and what is the same for all figures."""


class Cell(NamedTuple):
    """A cell of a grid."""

    column: int
    row: int
    share: float
    """Of the strongest cell that there can be, in [0, 1]."""
    text: str
    query: str
    """Parameters of the posts behind it."""


class FigureBar(NamedTuple):
    """A row with a bar."""

    name: str
    length: float
    label: str
    query: str
    """Parameters of the posts behind it."""
    colour: str = "$accent"
    is_heading: bool = False
    """Whether it is the name of those below."""


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


def draw_bars(bars: Sequence[FigureBar], **axis: Any) -> Plot:
    """Return a figure of a bar for each row, with its label at the end."""
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
        # Beside the longest bar there is room for its label.
        "xaxis": {"range": [0, 1.3], "nticks": 6} | axis,
        "yaxis": rows,
        "meta": {"height": row_height(len(bars), least_px=90)},
    }
    return {"data": [trace], "layout": layout}


def row_axis(names: Sequence[str]) -> Plot:
    """Return the axis of rows with these labels, the first one on top."""
    labels = [f"{name[:LONGEST_LABEL]}…" if len(name) > LONGEST_LABEL else name for name in names]
    return {
        "range": [len(names) - 0.4, -0.6],
        "tickvals": list(range(len(names))),
        "ticktext": [escape(label) for label in labels],
        "tickfont": {"color": "$ink", "size": 13},
        "showgrid": False,
    }


def row_height(rows: int, *, least_px: int = 160, around_px: int = 50) -> int:
    """Return the height of a graph of so many rows, in pixels."""
    return max(least_px, rows * ROW_PX + around_px)
