"""Doubts about the records of a file, and the counts with examples that they are made of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from saywho.errors import Message

DoubtKind = Literal[
    "people", "names", "words", "letters", "times", "left_out", "known", "ids", "column"
]
MOST_EXAMPLES: Final = 3
"""Examples of a doubt."""
LONGEST_EXAMPLE: Final = 80
MOST_KEPT: Final = 20_000
"""Distinct values that a question remembers; later values are not compared."""


class Doubt(msgspec.Struct, frozen=True):
    """An odd finding in the records: perhaps an error of the file, perhaps of its reader."""

    kind: DoubtKind
    count: int
    examples: tuple[str, ...] = ()
    """Up to three short excerpts of the file; never for a log."""
    grave: bool = False
    """Whether someone must accept it before anything is stored."""
    finding: Message = Message("")
    """The finding, without a text of the file."""


Doubts = Iterator[Doubt]


def excerpt(text: str) -> str:
    line = " ".join(text[: 4 * LONGEST_EXAMPLE].split())
    line = line if len(line) <= LONGEST_EXAMPLE else f"{line[: LONGEST_EXAMPLE - 1]}…"
    return line.encode(errors="replace").decode()  # Half a surrogate pair could not be sent.


@dataclass(slots=True)
class Sightings:
    """One finding: how often it was seen, its first examples, and when it is a doubt."""

    kind: DoubtKind
    finding: Message
    fewest: int = 1
    share: float = 0.005
    """Least share of the records that are asked about."""
    is_grave: bool = False
    """Whether someone must accept it before anything is stored."""
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, text: str, count: int = 1) -> None:
        self.count += count
        if len(self.examples) < MOST_EXAMPLES and (example := excerpt(text)) not in self.examples:
            self.examples.append(example)

    def add_all(self, texts: Iterable[str], count: int) -> None:
        """Count a number of times, with the texts as examples."""
        for text in texts:
            self.add(text, 0)
        self.count += count

    def is_much(self, of: int) -> bool:
        return self.count >= max(self.fewest, self.share * of)

    def doubts(self, of: int = 0, *, is_grave: bool = False) -> Doubts:
        """Yield the doubt if anything was seen, and a large enough share."""
        if self.is_much(of):
            yield self.doubt(is_grave=is_grave)

    def doubt(self, *, is_grave: bool = False) -> Doubt:
        examples = tuple(self.examples)
        is_grave |= self.is_grave
        return Doubt(self.kind, self.count, examples, is_grave, self.finding)
