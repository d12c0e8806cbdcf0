"""How alike authors write."""

import asyncio
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.style import likeness
from app.dashboard.figures.base import (
    Dot,
    Drawing,
    Figure,
    Table,
    among_authors,
    draw_dots,
    posts_path,
)
from app.i18n import gettext, gettext_noop
from app.lifespan import resources
from app.services.posts.statistics import most_active
from app.services.posts.users import contenders_by_name
from app.views.filters import View

MOST_AUTHORS: Final = 16
SMALLEST_SHOWN: Final = 0.02


@dataclass(frozen=True, slots=True)
class Likeness:
    """Authors ordered so that similar ones are neighbours, and how alike they are."""

    authors: list[str]
    alike: NDArray[np.float64]
    is_narrowed: bool
    """Whether the view has a language or dates, which do not count here."""


class WhoLikeWhom(Figure):
    name = "likeness"
    height = "22rem"
    title = gettext_noop("Who sounds like whom")
    about = gettext_noop(
        "How alike authors write, by what each uses more often than others do. "
        "The larger a dot, the more alike."
    )

    async def load(self, session: AsyncSession, view: View) -> Likeness:
        selection = view.selection
        names = await most_active(session, selection, limit=MOST_AUTHORS)
        users = await contenders_by_name(session, names)
        models = resources().models
        profiles = await models.profiles.load(session, users)
        snapshot = await models.backgrounds.load(session)
        alike = await asyncio.to_thread(likeness, profiles, snapshot.background)
        # Neighbours on the strongest axis after the common one are alike.
        order = np.argsort(np.linalg.eigh(alike)[1][:, -1]) if names else np.empty(0, int)
        ordered = alike[np.ix_(order, order)]
        return Likeness([names[i] for i in order], ordered, selection.is_narrowed)

    def draw(self, data: Likeness) -> Drawing:
        names = data.authors
        if len(names) < 2:
            return Drawing([])
        pairs = [
            (one, other, float(data.alike[one, other]))
            for one in range(len(names))
            for other in range(len(names))
            if one != other and data.alike[one, other] >= SMALLEST_SHOWN
        ]
        if not pairs:
            return Drawing([], gettext("These authors have next to nothing in common."))
        most = max(value for _, _, value in pairs)
        dots = [
            Dot(
                column=other,
                row=one,
                size=value / most,
                text=f"{escape(names[one])} – {escape(names[other])}: {value:.2f}",
                click=[names[one], names[other]],
            )
            for one, other, value in pairs
        ]
        note = (
            gettext("Of all posts of these authors, whatever their language and date.")
            if data.is_narrowed
            else ""
        )
        return Drawing([among_authors(draw_dots(dots), names)], note, {"pairs": True})

    def table(self, data: Likeness, view: View) -> Table:
        query = view.query(username="", since="", until="", lang="")
        found = sorted(
            (
                (float(data.alike[row, column]), data.authors[row], data.authors[column])
                for row in range(len(data.authors))
                for column in range(row)
            ),
            reverse=True,
        )
        return Table(
            (gettext("Author"), gettext("Other author"), gettext("Likeness")),
            [(one, other, round(value, 3)) for value, one, other in found],
            [posts_path(query, username=[one, other]) for _, one, other in found],
        )
