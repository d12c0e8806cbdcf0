"""Counts with examples, and texts that are short enough to be examples."""

from collections.abc import Iterable, Iterator
from typing import Final

from app.errors import Message
from app.formats.assumptions import MOST_EXAMPLES, Doubt, DoubtKind

LONGEST_EXAMPLE: Final = 80
MOST_KEPT: Final = 20_000
"""Distinct values that a question remembers; later values are not compared."""


def excerpt(text: str) -> str:
    line = " ".join(text[: 4 * LONGEST_EXAMPLE].split())
    line = line if len(line) <= LONGEST_EXAMPLE else f"{line[: LONGEST_EXAMPLE - 1]}…"
    return line.encode(errors="replace").decode()  # Half a surrogate pair could not be sent.


class Sightings:
    """A count, and its first examples."""

    __slots__ = ("count", "examples")

    def __init__(self, count: int = 0, examples: Iterable[str] = ()) -> None:
        self.count = 0
        self.examples: list[str] = []
        for example in examples:
            self.add(example)
        self.count = count

    def add(self, text: str, count: int = 1) -> None:
        self.count += count
        if len(self.examples) < MOST_EXAMPLES and (example := excerpt(text)) not in self.examples:
            self.examples.append(example)

    def is_much(self, of: int, *, fewest: int = 1, share: float = 0.005) -> bool:
        return self.count >= max(fewest, share * of)

    def doubts(
        self,
        kind: DoubtKind,
        evidence: Message,
        *,
        of: int = 0,
        fewest: int = 1,
        share: float = 0.005,
        is_grave: bool = False,
    ) -> "Doubts":
        """Yield the doubt if anything was seen, and a large enough share."""
        if self.is_much(of, fewest=fewest, share=share):
            yield self.doubt(kind, evidence, is_grave=is_grave)

    def doubt(
        self,
        kind: DoubtKind,
        evidence: Message,
        *,
        alternatives: tuple[str, ...] = (),
        is_grave: bool = False,
    ) -> Doubt:
        return Doubt(kind, self.count, tuple(self.examples), alternatives, is_grave, evidence)


Doubts = Iterator[Doubt]
