"""How alike authors write."""

import asyncio
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.style import cluster_order, likeness
from app.dashboard.figures.base import (
    MOST_AUTHORS,
    Cell,
    Drawing,
    Figure,
    Table,
    draw_cells,
    of_all_posts,
    posts_path,
    row_axis,
    row_height,
    sentences,
    some_of,
)
from app.i18n import gettext, gettext_noop
from app.lifespan import resources
from app.services.posts.statistics import ActiveAuthors, most_active
from app.views.filters import View

MOST_LISTED: Final = 100
"""Authors whose nearest ones are listed, where there are too many for a square."""
NEAREST: Final = 3
MOST_NARROW: Final = 16
"""Authors in the square of a phone, where a cell is still 10 pixels wide."""
SMALLEST_SHOWN: Final = 0.02


@dataclass(frozen=True, slots=True)
class Likeness:
    """Authors ordered so that similar ones are neighbours, and how alike they are."""

    authors: ActiveAuthors
    alike: NDArray[np.float64]
    is_narrowed: bool
    """Whether the view has a language or dates, which do not count here."""

    is_square: bool
    """Whether each pair has a cell; otherwise the nearest of each author are listed."""

    def pairs(self) -> list[tuple[int, int, float]]:
        """Return the pairs that are shown, as indexes, and how alike they are."""
        count = len(self.authors.shown)
        if self.is_square:
            cells = [(i, j) for i in range(count) for j in range(count) if i != j]
        else:
            nearest = np.argsort(-self.alike, axis=1, kind="stable")
            others = [[int(j) for j in row if j != i][:NEAREST] for i, row in enumerate(nearest)]
            cells = [(i, j) for i, row in enumerate(others) for j in row]
        found = [(i, j, float(self.alike[i, j])) for i, j in cells]
        return [each for each in found if each[2] >= SMALLEST_SHOWN]


class WhoLikeWhom(Figure):
    name = "likeness"
    height = "22rem"
    title = gettext_noop("Who sounds like whom")
    about = gettext_noop(
        "How alike authors write, by what each uses more often than others do. "
        "The stronger a cell, the more alike; similar authors are neighbours."
    )

    async def load(self, session: AsyncSession, view: View) -> Likeness:
        selection = view.selection
        authors = await most_active(session, selection, limit=MOST_LISTED)
        models = resources().models
        profiles = await models.profiles.load(session, authors.shown)
        snapshot = await models.backgrounds.load(session)
        alike = await asyncio.to_thread(likeness, profiles, snapshot.background)
        order = await asyncio.to_thread(cluster_order, alike)
        ordered = ActiveAuthors([authors.shown[i] for i in order], authors.total)
        is_square = len(order) <= (MOST_NARROW if view.narrow else MOST_AUTHORS)
        return Likeness(ordered, alike[np.ix_(order, order)], selection.is_narrowed, is_square)

    def draw(self, data: Likeness) -> Drawing:
        names, pairs = data.authors.names, data.pairs()
        if len(names) < 2:
            alone = gettext("It takes two authors with posts to tell them apart.")
            return Drawing([], alone if names else "")
        if not pairs:
            return Drawing([], gettext("These authors have next to nothing in common."))
        note = sentences(
            some_of(*data.authors.counts),
            of_all_posts() if data.is_narrowed else "",
            "" if data.is_square else gettext("The three most similar to each:"),
        )
        most = max(value for _, _, value in pairs)
        if not data.is_square:
            return Drawing([], note, rows=_nearest(names, pairs))
        cells = [
            Cell(
                column=other,
                row=one,
                share=value / most,
                text=f"{escape(names[one])} – {escape(names[other])}: {value:.2f}",
                click=[names[one], names[other]],
            )
            for one, other, value in pairs
        ]
        rows = row_axis(names)
        columns = rows | {"range": [-0.6, len(names) - 0.4], "tickangle": -60}
        layout = {
            "barmode": "overlay",
            "xaxis": columns,
            "yaxis": rows,
            "meta": {
                "height": row_height(len(names), least_px=240, around_px=110),
                "width": 140 + 60 * len(names),
            },
        }
        return Drawing([{"data": [draw_cells(cells)], "layout": layout}], note, {"pairs": True})

    def table(self, data: Likeness, view: View) -> Table:
        query = view.query(username="", since="", until="", lang="")
        names = data.authors.names
        found = sorted(
            (
                (value, names[one], names[other])
                for one, other, value in data.pairs()
                if other < one or not data.is_square
            ),
            reverse=True,
        )
        return Table(
            (gettext("Author"), gettext("Other author"), gettext("Likeness")),
            [(one, other, round(value, 3)) for value, one, other in found],
            [posts_path(query, username=[one, other]) for _, one, other in found],
        )


def _nearest(names: list[str], pairs: list[tuple[int, int, float]]) -> list[tuple[str, str]]:
    """Return a sentence for each author with the most similar ones, and their posts' address."""
    rows = []
    for one, own in groupby(pairs, lambda pair: pair[0]):
        nearest = [(names[other], value) for _, other, value in own]
        told = ", ".join(f"{name} {value:.2f}" for name, value in nearest)
        address = posts_path("", username=[names[one], *(name for name, _ in nearest)])
        rows.append((f"{names[one]}: {told}", address))
    return rows
