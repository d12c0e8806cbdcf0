"""Posts on a plane: what is worded alike, or means the like, lies together."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from quart import current_app
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.projection import project
from app.dashboard.figures.base import COLOURS, SYMBOLS, Drawing, Figure, Plot, Table, colour
from app.dashboard.sketches import Sketches
from app.dashboard.view import View
from app.i18n import gettext, gettext_noop
from app.services.drawing import Drawn, draw_posts
from app.services.statistics import most_active

MOST_POSTS: Final = 5_000
EXCERPT: Final = 160
KEY: Final = "saywho.dashboard.sketches"


@dataclass(frozen=True, slots=True)
class Posts:
    """The posts that were drawn, of how many, and what is known of their wording."""

    authors: list[str]
    posts: list[Drawn]
    total: int
    sketches: Sketches


class WordingMap(Figure):
    name = "map"
    title = gettext_noop("Map of wording")
    about = gettext_noop(
        "Posts that share words and turns of phrase lie close together. "
        "Point at one to read it; a click opens it."
    )

    async def load(self, session: AsyncSession, view: View) -> Posts:
        authors = await most_active(session, view.selection, limit=COLOURS)
        posts, total = await draw_posts(session, view.selection, most=MOST_POSTS)
        return Posts(authors, posts, total, current_app.extensions[KEY])

    def draw(self, data: Posts) -> Drawing:
        if not data.posts:
            return Drawing([])
        places = _places(data)
        by_author: dict[str | None, list[int]] = {}
        for row, post in enumerate(data.posts):
            name = post.username if post.username in data.authors else None
            by_author.setdefault(name, []).append(row)
        # The many without a colour lie below the others.
        order = sorted(by_author, key=lambda name: name is not None)
        traces = [_dots(data, places, name, by_author[name]) for name in order]
        hidden = {"visible": False, "range": [-1.05, 1.05]}
        layout = {
            "xaxis": hidden,
            "yaxis": hidden,
            "dragmode": "zoom",
            "hoverdistance": 12,
        }
        note = ""
        if len(data.posts) < data.total:
            note = gettext("{shown} of {all} posts, drawn evenly over the authors").format(
                shown=len(data.posts), all=data.total
            )
        return Drawing([{"data": traces, "layout": layout}], note, {"tweets": True})

    def table(self, data: Posts, view: View) -> Table:
        places = _places(data)
        rows = [
            (
                post.username,
                "" if post.created_at is None else post.created_at.isoformat(),
                post.text if len(post.text) <= EXCERPT else post.text[: EXCERPT - 1] + "…",
                round(float(x), 3),
                round(float(y), 3),
            )
            for post, (x, y) in zip(data.posts, places, strict=True)
        ]
        return Table(
            (
                gettext("Author"),
                gettext("Time"),
                gettext("Post"),
                gettext("Across"),
                gettext("Up"),
            ),
            rows,
            [f"/tweet/{post.id}" for post in data.posts],
        )


def _places(data: Posts) -> NDArray[np.float64]:
    """Return the posts' places, (n, 2): by meaning where all have a vector, else by wording."""
    if not data.posts:
        return np.empty((0, 2))
    vectors = [post.embedding for post in data.posts if post.embedding is not None]
    if len(vectors) == len(data.posts) and len({vector.shape for vector in vectors}) == 1:
        return project(np.stack(vectors))
    return project(data.sketches.of(data.posts))


def _dots(data: Posts, places: NDArray[np.float64], name: str | None, rows: list[int]) -> Plot:
    place = None if name is None else data.authors.index(name)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [round(float(x), 3) for x in places[rows, 0]],
        "y": [round(float(y), 3) for y in places[rows, 1]],
        "customdata": [data.posts[row].id for row in rows],
        "marker": {
            "size": 7 if len(data.posts) < 1_000 else 5,
            "color": colour(place),
            "symbol": SYMBOLS[place or 0],
            "opacity": 0.75,
            "line": {"width": 0},
        },
        # The browser shows the post itself, which it asks for.
        "hoverinfo": "none",
    }
