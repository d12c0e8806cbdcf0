"""Posts on a plane: what is worded alike, or means the like, lies together."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.wording import project, wording_vectors
from app.dashboard.figures.base import (
    LONGEST_LABEL,
    MOST_AUTHORS,
    SYMBOLS,
    Drawing,
    Figure,
    Plot,
    Table,
    drawn_of,
    hue,
    sentences,
    short_label,
    some_of,
)
from app.i18n import gettext, gettext_noop
from app.lifespan import resources
from app.services.compare.contenders import Contender
from app.services.posts.drawing import DrawnPost, draw_posts
from app.services.posts.statistics import ActiveAuthors, most_active
from app.views.filters import View

MOST_POSTS: Final = 5_000
EXCERPT: Final = 160
LETTER: Final = 0.019
LINE: Final = 0.075
"""A letter's width and a line's height, in units of the map on a wide screen."""
NEARBY: Final = sorted(
    ((0.1 * aside, LINE * above) for aside in range(-6, 7) for above in range(-8, 9)),
    key=lambda place: math.hypot(*place),
)
"""Where a name may stand, from its own place on."""


@dataclass(frozen=True)
class MappedPosts:
    """A sample of the posts, how many there are in all, and the vectors that place them."""

    authors: ActiveAuthors
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
        authors = await most_active(session, view.selection, limit=MOST_AUTHORS)
        if not authors.shown:
            return MappedPosts(authors, [], 0, None)
        selection = replace(view.selection, usernames=tuple(authors.names))
        posts, total = await draw_posts(session, selection, most=MOST_POSTS)
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
        by_author: dict[str, list[int]] = {}
        for row, post in enumerate(data.posts):
            by_author.setdefault(post.username, []).append(row)
        labelled = [author for author in data.authors.shown if author.username in by_author]
        traces = [_dots(data, places, each, by_author[each.username]) for each in labelled]
        middles = [(each, np.median(places[by_author[each.username]], axis=0)) for each in labelled]
        hidden = {"visible": False, "range": [-1.05, 1.05]}
        layout = {
            "xaxis": hidden,
            "yaxis": hidden,
            "dragmode": "zoom",
            "hoverdistance": 12,
            "annotations": _labels(middles),
        }
        note = sentences(
            gettext("By meaning.") if data.vectors is not None else gettext("By wording."),
            gettext("A name, or the end of its line, is the middle of its author’s posts."),
            drawn_of(len(data.posts), data.total),
            some_of(*data.authors.counts),
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
    data: MappedPosts, places: NDArray[np.float64], author: Contender, rows: list[int]
) -> Plot:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [round(float(x), 3) for x in places[rows, 0]],
        "y": [round(float(y), 3) for y in places[rows, 1]],
        "customdata": [data.posts[row].id for row in rows],
        "marker": {
            "size": 7 if len(data.posts) < 1_000 else 5,
            "color": hue(author),
            "symbol": SYMBOLS[author.id % len(SYMBOLS)],
            "opacity": 0.6,
            "line": {"width": 0},
        },
        # The browser shows the post itself, which it asks for.
        "hoverinfo": "none",
    }


def _labels(middles: Sequence[tuple[Contender, NDArray[np.float64]]]) -> list[Plot]:
    """Return the names, in the nearest free places, with a line to the middle of the posts.

    A name for which there is none nearby is left out.
    """
    labels: list[Plot] = []
    taken: list[tuple[float, float, float]] = []
    for author, (x, y) in middles:
        width = LETTER * min(len(author.username), LONGEST_LABEL)
        nearby = ((x + aside, y + above) for aside, above in NEARBY)
        found = next((place for place in nearby if _is_free(*place, width, taken)), None)
        if found is None:
            continue
        taken.append((*found, width))
        labels.append(
            {
                "x": round(float(x), 3),
                "y": round(float(y), 3),
                "ax": round(float(found[0]), 3),
                "ay": round(float(found[1]), 3),
                "axref": "x",
                "ayref": "y",
                "arrowhead": 6,
                "arrowwidth": 1,
                "arrowcolor": hue(author),
                "text": short_label(author.username),
                "font": {"color": hue(author), "size": 12},
                "bgcolor": "$panel",
                "opacity": 0.9,
                "borderpad": 1,
            }
        )
    return labels


def _is_free(x: float, y: float, width: float, taken: Sequence[tuple[float, float, float]]) -> bool:
    """Return whether a name fits there, within the map and beside the others."""
    return max(abs(x), abs(y)) < 1 and not any(
        abs(x - across) < (width + wide) / 2 and abs(y - up) < LINE for across, up, wide in taken
    )
