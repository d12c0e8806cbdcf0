"""A text cut into the pieces that are marked and those that are not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Mark = TypeVar("Mark")


@dataclass(frozen=True, slots=True)
class Marked(Generic[Mark]):
    """A piece of a text, and what marks it."""

    text: str
    is_marked: bool
    mark: Mark | None = None


def marked_text(text: str, spans: Sequence[tuple[int, int, Mark | None]]) -> list[Marked[Mark]]:
    """Return the text in pieces; spans are code points, half-open, in order, without overlap."""
    pieces: list[Marked[Mark]] = []
    place = 0
    for start, end, mark in spans:
        if place < start:
            pieces.append(Marked(text[place:start], False))
        pieces.append(Marked(text[start:end], True, mark))
        place = end
    if place < len(text):
        pieces.append(Marked(text[place:], False))
    return pieces


def excerpt(pieces: Sequence[Marked[Mark]], *, around: int) -> list[Marked[Mark]]:
    """Return the pieces with what stands far from every mark left out, an ellipsis in its place.

    around: characters that stay on each side of a mark, and at the beginning without one.
    """
    shown = []
    for place, piece in enumerate(pieces):
        is_first, is_last = place == 0, place == len(pieces) - 1
        head = "" if is_first and not is_last else piece.text[:around]
        tail = "" if is_last else piece.text[-around:]
        is_long = not piece.is_marked and len(piece.text) > len(head) + len(tail) + 1
        text = f"{head}\N{HORIZONTAL ELLIPSIS}{tail}" if is_long else piece.text
        shown.append(Marked(text, piece.is_marked, piece.mark))
    return shown
