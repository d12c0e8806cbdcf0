"""How alike authors write: each pair of some, or the nearest of one."""

import asyncio
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from app.compute.likeness import cluster_order, likeness
from app.dashboard.figures.base import (
    MOST_AUTHORS,
    Cell,
    Drawing,
    Figure,
    Table,
    draw_bars,
    draw_cells,
    lacks,
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
from app.services.posts.statistics import ActiveAuthors, most_active_with
from app.views.filters import View

NEAREST: Final = 8
SMALLEST_SHOWN: Final = 0.02


@dataclass(frozen=True, slots=True)
class Likeness:
    """Authors ordered so that similar ones are neighbours, and how alike they are."""

    authors: ActiveAuthors
    alike: NDArray[np.float64]

    def pairs(self, view: View) -> list[tuple[str, str, float]]:
        """Return the pairs, those of the one author who is named alone."""
        found = [
            (one, other, float(self.alike[i, j]))
            for i, one in enumerate(self.authors.names[: len(self.alike)])
            for j, other in enumerate(self.authors.names)
            if i != j and view.is_about(one)
        ]
        return [each for each in found if each[2] >= SMALLEST_SHOWN]


class WhoLikeWhom(Figure):
    name = "likeness"
    needs_two = True
    title = gettext_noop("Who sounds like whom")
    about = gettext_noop(
        "How alike authors write, by what each uses more often than others do. "
        "The stronger a cell, the more alike; similar authors are neighbours."
    )

    async def load(self, db: Sessions, view: View) -> Likeness:
        models = resources().models
        async with db.read() as session:
            authors = await most_active_with(session, view.selection, limit=MOST_AUTHORS)
            if lacks(view, len(authors.shown)) is not None:
                return Likeness(authors, np.zeros((0, 0)))
            profiles = await models.profiles.load(session, authors.shown)
            snapshot = await models.backgrounds.load(session)
        alike = await asyncio.to_thread(likeness, profiles, snapshot.background)
        order = await asyncio.to_thread(cluster_order, alike)
        ordered = ActiveAuthors([authors.shown[i] for i in order], authors.total)
        return Likeness(ordered, alike[np.ix_(order, order)])

    def draw(self, data: Likeness, view: View) -> Drawing:
        names, pairs = data.authors.names, data.pairs(view)
        if (missing := lacks(view, len(names))) is not None:
            return Drawing(missing)
        if not pairs:
            return Drawing(gettext("These authors have next to nothing in common."))
        one, other, most = max(pairs, key=lambda pair: pair[2])
        alike = gettext("{one} and {other} write the most alike.").format(one=one, other=other)
        note = sentences(alike, some_of(*data.authors.counts), of_all_posts(view))
        if view.is_about_one:
            nearest = sorted(pairs, key=lambda pair: -pair[2])[:NEAREST]
            rows = [
                (name, like / most, f"{like:.2f}", _query(one, name)) for _, name, like in nearest
            ]
            plot = draw_bars(rows, view, visible=False)
            return Drawing(note, plot, posts_path(_of_pairs(view)))
        places = {name: place for place, name in enumerate(names)}
        cells = [
            Cell(
                column=places[other],
                row=places[one],
                share=like / most,
                text=f"{escape(one)} – {escape(other)}: {like:.2f}",
                query=_query(one, other),
            )
            for one, other, like in pairs
        ]
        axis = row_axis(names, view)
        layout = {
            "barmode": "overlay",
            "xaxis": axis | {"range": [-0.6, len(names) - 0.4], "tickangle": -60},
            "yaxis": axis,
            "meta": {
                "height": row_height(len(names), least_px=240, around_px=160),
                "width": 140 + 60 * len(names),
            },
        }
        plot = {"data": [draw_cells(cells)], "layout": layout}
        return Drawing(note, plot, posts_path(_of_pairs(view)))

    def table(self, data: Likeness, view: View) -> Table:
        found = {(like, min(one, other), max(one, other)) for one, other, like in data.pairs(view)}
        rows = sorted(found, reverse=True)
        return Table(
            (gettext("Author"), gettext("Other author"), gettext("Likeness")),
            [(one, other, round(like, 3)) for like, one, other in rows],
            [posts_path(_of_pairs(view), username=[one, other]) for _, one, other in rows],
        )


def _query(one: str, other: str) -> str:
    return urlencode({"username": (one, other)}, doseq=True)


def _of_pairs(view: View) -> str:
    """Return the filters that count here, for the posts of pairs of authors."""
    return view.query(username="", since="", until="", lang="")
