"""The pieces of a text that speak for an author, as the API shows them."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from app.compute.evidence import Mark


class Usage(msgspec.Struct, frozen=True):
    """How often a piece is in the posts that were searched."""

    uses: int
    posts: Annotated[int, Meta(description="Number of posts searched.")]
    authors: Annotated[int, Meta(description="Number of authors of these posts.")]


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """A string of the text that speaks for an author, in log-odds; positions are code points.

    With `reasons`: the `piece` that was looked up, how often in 400 posts the author and the
    others use it, on how many uses and posts each rate rests, and up to three posts of the author
    that have it. `others` is null with nobody else of the language here.
    """

    start: int
    end: int
    text: Annotated[str, Meta(description="Piece of the text.")]
    username: Annotated[str, Meta(description="Author that the piece is evidence for or against.")]
    weight: Annotated[
        float, Meta(description="Weight in log-odds; below 0 it is evidence against the author.")
    ]
    piece: str | msgspec.UnsetType = msgspec.UNSET
    own: float | msgspec.UnsetType = msgspec.UNSET
    others: float | msgspec.UnsetType | None = msgspec.UNSET
    own_usage: Usage | msgspec.UnsetType = msgspec.UNSET
    others_usage: Usage | msgspec.UnsetType | None = msgspec.UNSET
    posts: list[int] | msgspec.UnsetType = msgspec.UNSET


def evidence_of(text: str, marks: Iterable[Mark]) -> list[Evidence]:
    """Return the pieces of a text that marks name."""
    return [
        Evidence(start, end, text[start:end], username, round(weight, 3))
        for start, end, username, weight in marks
    ]
