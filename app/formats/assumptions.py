"""What a reader assumed because its file does not say it, and what it did not use."""

from collections import Counter
from typing import Final, Literal

import msgspec

AssumptionKind = Literal[
    "encoding", "dates", "timezone", "column", "app_lines", "reposts", "person", "year"
]
UnreadKind = Literal["column", "file", "time", "sentence"]
MOST_NAMED: Final = 5
"""Texts taken for the app's own that an assumption names, the most frequent first."""


class Assumption(msgspec.Struct, frozen=True):
    """A decision about a file that the file itself does not settle."""

    kind: AssumptionKind
    value: str
    """What was decided, as an option takes it: `cp949`, `day-first`, `author=user_name`."""
    alternatives: tuple[str, ...] = ()
    """Other values of the option that fit the file."""
    evidence: str = ""
    """A few words, without the text of a message; a Message where they are to be translated."""


class Unread(msgspec.Struct, frozen=True):
    """Something in a file that the reader did not use."""

    kind: UnreadKind
    what: str
    """The name of the column or the file, or what could not be read."""
    count: int


class ReadNotes:
    """Collects what the readers of a source assumed and did not use; one thread at a time adds."""

    def __init__(self) -> None:
        self._assumptions: dict[tuple[str, str], Assumption] = {}
        self._unread: Counter[tuple[UnreadKind, str]] = Counter()
        self._app_lines: Counter[str] = Counter()

    def assume(
        self,
        kind: AssumptionKind,
        value: str,
        *,
        alternatives: tuple[str, ...] = (),
        evidence: str = "",
    ) -> None:
        """Note a decision; a later note of the same kind and value replaces the earlier."""
        self._assumptions[kind, value] = Assumption(kind, value, alternatives, evidence)

    def leave(self, kind: UnreadKind, what: str, count: int = 1) -> None:
        """Count something that is there and is not used."""
        self._unread[kind, what] += count

    def take_for_app(self, sentence: str) -> None:
        """Count a line that no table of the app has, and that is taken for the app's own."""
        self._app_lines[sentence] += 1

    @property
    def assumptions(self) -> list[Assumption]:
        """What was assumed so far, in the order in which it was first noted."""
        found = list(self._assumptions.values())
        if count := self._app_lines.total():
            found.append(Assumption("app_lines", str(count)))
        return found

    @property
    def unread(self) -> list[Unread]:
        """What was not used so far, the most frequent of each kind first."""
        counted = self._unread.most_common()
        return [Unread(kind, what, count) for (kind, what), count in counted]

    @property
    def app_lines(self) -> list[tuple[str, int]]:
        """The most frequent lines taken for the app's own, with their counts."""
        return self._app_lines.most_common(MOST_NAMED)
