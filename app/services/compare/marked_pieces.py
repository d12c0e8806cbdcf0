"""The pieces of a text that speak for an author, or for a year of one, as the API shows them."""

from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta


class TextPiece(msgspec.Struct, frozen=True):
    """A string of the text; places are code points."""

    start: int
    end: int
    text: Annotated[str, Meta(description="The piece of the text.")]


class Usage(msgspec.Struct, frozen=True):
    """How often a piece is in the posts that were searched."""

    uses: int
    posts: Annotated[int, Meta(description="Posts that were searched.")]
    authors: Annotated[int, Meta(description="Authors whose posts these are.")]


class Evidence(TextPiece, frozen=True, omit_defaults=True):
    """A string of the text that speaks for an author, in log-odds; positions are code points.

    With `reasons`: the `piece` that was looked up, how often in 400 posts the author and the
    others use it, on how many uses and posts each rate rests, and up to three posts of the author
    that have it. `others` is null with nobody else of the language here.
    """

    username: Annotated[str, Meta(description="The author it speaks for.")]
    weight: Annotated[float, Meta(description="In log-odds; below 0 it speaks against the author.")]
    piece: str | msgspec.UnsetType = msgspec.UNSET
    own: float | msgspec.UnsetType = msgspec.UNSET
    others: float | msgspec.UnsetType | None = msgspec.UNSET
    own_usage: Usage | msgspec.UnsetType = msgspec.UNSET
    others_usage: Usage | msgspec.UnsetType | None = msgspec.UNSET
    posts: list[int] | msgspec.UnsetType = msgspec.UNSET


class YearEvidence(TextPiece, frozen=True):
    """A string of the text that speaks for a year beside the others; places are code points."""

    year: int
    weight: Annotated[float, Meta(description="In log-odds.")]


CandidateT = TypeVar("CandidateT")
PieceT = TypeVar("PieceT", bound=TextPiece)


def pieces_for(
    kind: Callable[[int, int, str, CandidateT, float], PieceT],
    text: str,
    marks: Iterable[tuple[int, int, CandidateT, float]],
) -> list[PieceT]:
    """Return the pieces of a text that marks name: beginning, end, whom or which, and weight."""
    return [
        kind(start, end, text[start:end], candidate, round(weight, 3))
        for start, end, candidate, weight in marks
    ]
