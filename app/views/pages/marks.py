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
