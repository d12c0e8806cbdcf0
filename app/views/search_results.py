"""What a search found, as pages list it: equal texts of one author in one chat together."""

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from app.services.search.results import Hit
from app.views.texts import Marked, pieces_of_hit


class FoundText(NamedTuple):
    """A text that a search found."""

    hit: Hit
    """The first one found with it."""
    pieces: list[Marked[None]]
    posts: list[Hit]
    """All of the page that have it, the oldest first."""


def by_text(hits: Iterable[Hit], *, around: int) -> list[FoundText]:
    """Return the hits in their order, those of one author, chat and text as one.

    Hits with media, likes or reactions stay apart, since these are shown beside each.
    around: characters of a long text that are kept on each side of a match.
    """
    together: dict[Hashable, list[Hit]] = {}
    for hit in hits:
        together.setdefault(_sameness(hit), []).append(hit)
    return [
        FoundText(posts[0], pieces_of_hit(posts[0], around=around), sorted(posts, key=_age))
        for posts in together.values()
    ]


def _sameness(hit: Hit) -> Hashable:
    if hit.media or hit.counts:
        return hit.id
    return hit.username, hit.room and hit.room.id, hit.kind, hit.text


def _age(hit: Hit) -> tuple[bool, float, int]:
    time = hit.created_at
    return time is None, time.timestamp() if time else 0.0, hit.id
