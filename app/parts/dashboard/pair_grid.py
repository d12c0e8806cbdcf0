"""A grid of how alike pairs of authors are."""

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from app.parts.dashboard.shapes import Cell, Plot, draw_cells, row_axis, row_height
from app.views.names import shown_name


def draw_pairs(names: Sequence[str], alike: NDArray[np.float64], least: float) -> Plot:
    """Return the drawing of a grid with a cell for each pair that is that much alike."""
    cells = [
        Cell(
            column=column,
            row=row,
            share=float(alike[row, column]),
            text=_pair_label(one, second, float(alike[row, column])),
            query=query_of_pair(one, second),
        )
        for row, one in enumerate(names)
        for column, second in enumerate(names)
        if alike[row, column] >= least
    ]
    axis = row_axis(list(map(shown_name, names)))
    layout = {
        "xaxis": axis | {"range": [-0.6, len(names) - 0.4], "tickangle": -60},
        "yaxis": axis,
        "meta": {
            "height": row_height(len(names), least_px=240, around_px=160),
            "width": 140 + 60 * len(names),
        },
    }
    return {"data": [draw_cells(cells)], "layout": layout}


def query_of_pair(one: str, second: str) -> str:
    """Return the query of an address of the posts of both."""
    return urlencode({"username": (one, second)}, doseq=True)


def _pair_label(one: str, second: str, likeness: float) -> str:
    return f"{escape(shown_name(one))} – {escape(shown_name(second))}: {likeness:.2f}"
