"""Shapes of figures: cells, bars and rows, in colours of the stylesheet such as `$ink`."""

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

Plot = dict[str, Any]


class Cell(NamedTuple):
    column: int
    row: int
    share: float
    """Share of the strongest possible cell, in [0, 1]."""
    text: str
    query: str


class FigureBar(NamedTuple):
    name: str
    length: float
    label: str
    query: str
    colour: str = "$accent"
    is_heading: bool = False


def draw_cells(cells: Sequence[Cell]) -> Plot:
    return {
        "x": [cell.column for cell in cells],
        "base": [cell.row - 0.47 for cell in cells],
        "y": [0.94] * len(cells),
        "width": 0.94,
        "customdata": [cell.query for cell in cells],
        "marker": {
            "color": "$accent",
            "opacity": [round(0.12 + 0.88 * cell.share, 3) for cell in cells],
        },
        "hovertext": [cell.text for cell in cells],
    }


def draw_bars(bars: Sequence[FigureBar], **axis: Any) -> Plot:
    """Return a figure with a bar in each row, and a label at its end."""
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
    labels = [f"{name[:18]}…" if len(name) > 18 else name for name in names]
    return {
        "range": [len(names) - 0.4, -0.6],
        "tickvals": list(range(len(names))),
        "ticktext": [escape(label) for label in labels],
        "tickfont": {"color": "$ink", "size": 13},
        "showgrid": False,
    }


def row_height(rows: int, *, least_px: int = 160, around_px: int = 50) -> int:
    return max(least_px, rows * 20 + around_px)
