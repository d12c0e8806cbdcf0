"""Posts on a plane: what is worded alike, or means the like, lies together."""

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.wording import project, wording_vectors
from app.dashboard.figures.base import COLOURS, SYMBOLS, Drawing, Figure, Plot, Table, colour
from app.i18n import gettext, gettext_noop, show_number
from app.lifespan import resources
from app.services.posts.drawing import DrawnPost, draw_posts
from app.services.posts.statistics import most_active
from app.views.filters import View

MOST_POSTS: Final = 5_000
EXCERPT: Final = 160


@dataclass(frozen=True)
class MappedPosts:
    """A sample of the posts, how many there are in all, and the vectors that place them."""

    authors: list[str]
    posts: list[DrawnPost]
    total: int
    vectors: dict[int, NDArray[np.float32]] | None
    """By post, of an embedder of meaning; None where wording places the posts."""

    @functools.cached_property
    def places(self) -> NDArray[np.float64]:
        """The places of the posts, (n, 2)."""
        if not self.posts:
            return np.empty((0, 2))
        if self.vectors is None:
            return project(wording_vectors([post.text for post in self.posts]))
        rows = [self.vectors[post.id] for post in self.posts]
        return project(np.stack(rows).astype(np.float32))


class PostMap(Figure):
    name = "map"
    height = "32rem"
    title = gettext_noop("Map of posts")
    about = gettext_noop(
        "Posts that are alike lie close together. Point at one to read it; a click opens it."
    )

    async def load(self, session: AsyncSession, view: View) -> MappedPosts:
        authors = await most_active(session, view.selection, limit=COLOURS)
        posts, total = await draw_posts(session, view.selection, most=MOST_POSTS)
        embeddings = resources().embeddings
        if embeddings is None:
            return MappedPosts(authors, posts, total, None)
        vectors = await embeddings.vectors_of(session, [post.id for post in posts])
        # The newest posts may have no vector yet.
        posts = [post for post in posts if post.id in vectors]
        return MappedPosts(authors, posts, total, vectors)

    def draw(self, data: MappedPosts) -> Drawing:
        if not data.posts:
            return Drawing([])
        places = data.places
        by_author: dict[str | None, list[int]] = {}
        for row, post in enumerate(data.posts):
            name = post.username if post.username in data.authors else None
            by_author.setdefault(name, []).append(row)
        # The many without a colour lie below the others.
        order = sorted(by_author, key=lambda name: name is not None)
        traces = [_dots(data, places, name, by_author[name]) for name in order]
        hidden = {"visible": False, "range": [-1.05, 1.05]}
        layout = {"xaxis": hidden, "yaxis": hidden, "dragmode": "zoom", "hoverdistance": 12}
        note = gettext("By meaning.") if data.vectors is not None else gettext("By wording.")
        if len(data.posts) < data.total:
            note += " " + gettext("{shown} of {all} posts, drawn evenly over the authors").format(
                shown=show_number(len(data.posts)), all=show_number(data.total)
            )
        return Drawing([{"data": traces, "layout": layout}], note, {"tweets": True})

    def table(self, data: MappedPosts, view: View) -> Table:
        places = data.places
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
            (gettext("Author"), gettext("Time"), gettext("Post"), gettext("Across"), gettext("Up")),
            rows,
            [f"/tweet/{post.id}" for post in data.posts],
        )


def _dots(
    data: MappedPosts, places: NDArray[np.float64], name: str | None, rows: list[int]
) -> Plot:
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
