"""How alike authors write."""

import asyncio
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

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
from app.db.backend import Sessions
from app.i18n import gettext, gettext_noop
from app.lifespan import resources
from app.services.posts.statistics import ActiveAuthors, most_active
from app.views.filters import View

MOST_LISTED: Final = 100
"""Authors whose nearest ones are listed, where there are too many for a square."""
NEAREST: Final = 3
MOST_ROWS_NARROW: Final = 12
MOST_NARROW: Final = 16
"""Authors in the square of a phone, where a cell is still 10 pixels wide."""
SMALLEST_SHOWN: Final = 0.02


@dataclass(frozen=True, slots=True)
class Likeness:
    """Authors ordered so that similar ones are neighbours, and how alike they are."""

    authors: ActiveAuthors
    alike: NDArray[np.float64]
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
    title = gettext_noop("Who sounds like whom")
    about = gettext_noop(
        "How alike authors write, by what each uses more often than others do. "
        "The stronger a cell, the more alike; similar authors are neighbours."
    )

    async def load(self, db: Sessions, view: View) -> Likeness:
        models = resources().models
        async with db.read() as session:
            authors = await most_active(session, view.selection, limit=MOST_LISTED)
            profiles = await models.profiles.load(session, authors.shown)
            snapshot = await models.backgrounds.load(session)
        alike = await asyncio.to_thread(likeness, profiles, snapshot.background)
        order = await asyncio.to_thread(cluster_order, alike)
        ordered = ActiveAuthors([authors.shown[i] for i in order], authors.total)
        is_square = len(order) <= (MOST_NARROW if view.narrow else MOST_AUTHORS)
        return Likeness(ordered, alike[np.ix_(order, order)], is_square)

    def draw(self, data: Likeness, view: View) -> Drawing:
        names, pairs = data.authors.names, data.pairs()
        if len(names) < 2:
            alone = gettext("It takes two authors with posts to tell them apart.")
            return Drawing(alone if names else "")
        if not pairs:
            return Drawing(gettext("These authors have next to nothing in common."))
        one, other, most = max(pairs, key=lambda pair: pair[2])
        alike = gettext("{one} and {other} write the most alike.")
        note = sentences(
            alike.format(one=names[one], other=names[other]),
            some_of(*data.authors.counts),
            of_all_posts(view),
            "" if data.is_square else gettext("The three most similar to each:"),
        )
        if not data.is_square:
            most_rows = MOST_ROWS_NARROW if view.narrow else MOST_LISTED
            return Drawing(note, rows=_nearest(names, pairs)[:most_rows])
        cells = [
            Cell(
                column=other,
                row=one,
                share=value / most,
                text=f"{escape(names[one])} – {escape(names[other])}: {value:.2f}",
                query=urlencode({"username": (names[one], names[other])}, doseq=True),
            )
            for one, other, value in pairs
        ]
        rows = row_axis(names, view)
        layout = {
            "barmode": "overlay",
            "xaxis": rows | {"range": [-0.6, len(names) - 0.4], "tickangle": -60},
            "yaxis": rows,
            "meta": {
                "height": row_height(len(names), least_px=240, around_px=160),
                "width": 140 + 60 * len(names),
            },
        }
        plot = {"data": [draw_cells(cells)], "layout": layout}
        return Drawing(note, plot, posts_path(_of_pairs(view)))

    def table(self, data: Likeness, view: View) -> Table:
        query = _of_pairs(view)
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


def _of_pairs(view: View) -> str:
    """Return the filters that count here, for the posts of pairs of authors."""
    return view.query(username="", since="", until="", lang="")


def _nearest(names: list[str], pairs: list[tuple[int, int, float]]) -> list[tuple[str, str]]:
    """Return a sentence for each author with the most similar ones, and their posts' address."""
    rows = []
    for one, own in groupby(pairs, lambda pair: pair[0]):
        nearest = [(names[other], value) for _, other, value in own]
        told = ", ".join(f"{name} {value:.2f}" for name, value in nearest)
        address = posts_path("", username=[names[one], *(name for name, _ in nearest)])
        rows.append((f"{names[one]}: {told}", address))
    return rows
