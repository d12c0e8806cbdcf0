"""Authors beside each other: who sounds like whom, and how well they are told apart."""

import asyncio
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from app.compute.wording import likeness, neighbour_order
from app.dashboard.figures import (
    MOST_AUTHORS,
    Cell,
    Drawing,
    Figure,
    Table,
    alone,
    draw_bars,
    draw_cells,
    posts_path,
    row_axis,
    row_height,
    sentences,
    some_of,
)
from app.i18n import gettext, gettext_noop, show_number, show_percent
from app.lifespan import resources
from app.services.compare.cases import MOST_COMPARED
from app.services.compare.model_card import Card
from app.services.posts.statistics import ActiveAuthors, most_active_with
from app.views.filters import View

NEAREST: Final = 8
SMALLEST_SHOWN: Final = 0.02
MOST_MEASURED: Final = 50
"""As many as a card measures."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Authors ordered so that similar ones are neighbours, and how alike they are."""

    authors: ActiveAuthors
    alike: NDArray[np.float64]

    def pairs(self, view: View) -> list[tuple[str, str, float]]:
        """Return the pairs, those of the one author who is named alone."""
        pairs = [
            (one, second, float(self.alike[i, j]))
            for i, one in enumerate(self.authors.names[: len(self.alike)])
            for j, second in enumerate(self.authors.names)
            if i != j and view.is_about(one)
        ]
        return [pair for pair in pairs if pair[2] >= SMALLEST_SHOWN]


class WhoLikeWhom(Figure):
    name = "likeness"
    needs_two = True
    title = gettext_noop("Who sounds like whom")
    about = gettext_noop(
        "How alike authors write, by what each uses more often than others do. "
        "The stronger a cell, the more alike; similar authors are neighbours. Of all their posts, "
        "whatever the dates above."
    )

    async def load(self, view: View) -> Likeness:
        models = resources().models
        async with resources().db.read() as session:
            authors = await most_active_with(session, view.selection, limit=MOST_AUTHORS)
            if len(authors.rows) < 2:
                return Likeness(authors, np.zeros((0, 0)))
            profiles = await models.profiles.load(session, authors.rows)
            snapshot = await models.backgrounds.load(session)
        alike = await asyncio.to_thread(likeness, profiles, snapshot.background)
        order = neighbour_order(alike)
        ordered = ActiveAuthors([authors.rows[i] for i in order], authors.total)
        return Likeness(ordered, alike[np.ix_(order, order)])

    def draw(self, data: Likeness, view: View) -> Drawing:
        names, pairs = data.authors.names, data.pairs(view)
        if len(names) < 2:
            return Drawing(alone(len(names)))
        if not pairs:
            return Drawing(gettext("These authors have next to nothing in common."))
        one, second, most = max(pairs, key=lambda pair: pair[2])
        alike = gettext("{one} and {other} write the most alike.").format(one=one, other=second)
        note = sentences(alike, some_of(len(data.authors.rows), data.authors.total))
        if len(view.names) == 1:
            nearest = sorted(pairs, key=lambda pair: -pair[2])[:NEAREST]
            rows = [
                (name, like / most, f"{like:.2f}", _query(one, name)) for _, name, like in nearest
            ]
            plot = draw_bars(rows, visible=False)
            return Drawing(note, plot, posts_path(_of_pairs(view)))
        places = {name: place for place, name in enumerate(names)}
        cells = [
            Cell(
                column=places[second],
                row=places[one],
                share=like / most,
                text=f"{escape(one)} – {escape(second)}: {like:.2f}",
                query=_query(one, second),
            )
            for one, second, like in pairs
        ]
        axis = row_axis(names)
        layout = {
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
        likenesses = {
            (like, min(one, second), max(one, second)) for one, second, like in data.pairs(view)
        }
        rows = sorted(likenesses, reverse=True)
        return Table(
            (gettext("Author"), gettext("Other author"), gettext("Likeness")),
            [(one, second, round(like, 3)) for like, one, second in rows],
            [posts_path(_of_pairs(view), username=[one, second]) for _, one, second in rows],
        )


def _query(one: str, second: str) -> str:
    return urlencode({"username": (one, second)}, doseq=True)


def _of_pairs(view: View) -> str:
    """Return the filters that count here, for the posts of pairs of authors."""
    return view.query(username="", since="", until="", lang="")


Shown = tuple[Card | None, list[str], int]
"""The card of the authors, None for fewer than two; those in its address; how many there are."""


class ToldApart(Figure):
    name = "apart"
    needs_two = True
    title = gettext_noop("How well authors are told apart")
    about = gettext_noop(
        "Each author's newest posts, hidden from the model: how many it gave to their author, and "
        "to whom it gave the others. Of all their posts, whatever the dates above."
    )
    waiting = gettext_noop("Being measured; it takes some seconds…")

    async def load(self, view: View) -> Shown:
        async with resources().db.read() as session:
            active = await most_active_with(session, view.selection, limit=MOST_MEASURED)
        is_some = len(view.names) > 1 or view.platform or active.total > MOST_COMPARED
        named = active.names if is_some else []
        card = await resources().cards.get(named) if active.total > 1 else None
        return card, named, active.total

    def draw(self, data: Shown, view: View) -> Drawing:
        card, named, count = data
        if card is None:
            return Drawing(alone(count))
        authors = [a for a in card.authors if a.asked and (view.is_about(a.username) or named)]
        if card.held_out is None or not authors:
            return Drawing(gettext("There are too few posts to measure this."))
        authors.sort(key=lambda author: (-author.right / author.asked, author.username.casefold()))
        note = gettext("{right} of {asked} posts were given to their author.").format(
            right=show_number(sum(author.right for author in authors)),
            asked=show_number(sum(author.asked for author in authors)),
        )
        shares = [(author.username, author.right / author.asked) for author in authors]
        plot = draw_bars(
            [(name, share, show_percent(share), "") for name, share in shares], tickformat=".0%"
        )
        extent = some_of(len(card.authors), count)
        path = "/compare/card?" + urlencode([("username", name) for name in named])
        return Drawing(sentences(note, extent), plot, path)

    def table(self, data: Shown, view: View) -> Table:
        columns = (gettext("Author"), gettext("Given to"), gettext("Posts"))
        return Table(columns, data[0].given if data[0] else [])
