"""Texts in pieces, as pages show them, and search results."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from app.services.search.results import Hit

Mark = TypeVar("Mark")


@dataclass(frozen=True, slots=True)
class TextPiece(Generic[Mark]):
    text: str
    is_marked: bool
    mark: Mark | None = None


def marked_text(text: str, spans: Sequence[tuple[int, int, Mark | None]]) -> list[TextPiece[Mark]]:
    """Return the text in pieces; spans are half-open code points, ordered and disjoint."""
    pieces: list[TextPiece[Mark]] = []
    place = 0
    for start, end, mark in spans:
        if place < start:
            pieces.append(TextPiece(text[place:start], False))
        pieces.append(TextPiece(text[start:end], True, mark))
        place = end
    if place < len(text):
        pieces.append(TextPiece(text[place:], False))
    return pieces


def excerpt(pieces: Sequence[TextPiece[Mark]], *, around: int) -> list[TextPiece[Mark]]:
    """Return pieces with ellipses for text far from marks.

    around: characters kept next to a mark, or at the beginning.
    """
    passages = []
    for place, piece in enumerate(pieces):
        is_first, is_last = place == 0, place == len(pieces) - 1
        head = "" if is_first and not is_last else piece.text[:around]
        tail = "" if is_last else piece.text[-around:]
        is_long = not piece.is_marked and len(piece.text) > len(head) + len(tail) + 1
        text = f"{head}\N{HORIZONTAL ELLIPSIS}{tail}" if is_long else piece.text
        passages.append(TextPiece(text, piece.is_marked, piece.mark))
    return passages


class FoundText(NamedTuple):
    hit: Hit
    pieces: list[TextPiece[None]]
    posts: list[Hit]


def by_text(hits: Iterable[Hit], *, around: int) -> list[FoundText]:
    """Return hits in order, equal texts combined by author and chat unless they have media, likes
    or reactions.

    around: characters kept next to a match.
    """
    together: dict[Hashable, list[Hit]] = {}
    for hit in hits:
        together.setdefault(_sameness(hit), []).append(hit)
    found = []
    for first, *others in together.values():
        spans: list[tuple[int, int, None]] = [(start, end, None) for start, end in first.highlights]
        pieces: list[TextPiece[None]] = excerpt(marked_text(first.text, spans), around=around)
        found.append(FoundText(first, pieces, sorted([first, *others], key=_age)))
    return found


def _sameness(hit: Hit) -> Hashable:
    if hit.media or hit.counts:
        return hit.id
    return hit.username, hit.room and hit.room.id, hit.kind, hit.text


def _age(hit: Hit) -> tuple[bool, float, int]:
    time = hit.created_at
    return time is None, time.timestamp() if time else 0.0, hit.id
