"""Assumptions of a reader about its file, and data that it did not use."""

import re
from collections import Counter
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from app.errors import Message, unpacked

AssumptionKind = Literal[
    "encoding", "dates", "timezone", "column", "app_lines", "reposts", "person", "year"
]
UnreadKind = Literal["column", "file", "time", "sentence"]
Role = Literal["time", "author", "repost"]
Unsettled = Literal["time", "author", "dates"]
"""Reason not to store a file: most times or authors are unread, or an order is disproved."""


class Decision(msgspec.Struct, frozen=True):
    """What a reader decided about a file that the file itself does not settle."""

    kind: AssumptionKind
    value: Annotated[str, Meta(description="The value to pass to the option.")]
    """Such as `cp949`, `day-first`, `author=user_name`."""


class Assumption(Decision, frozen=True):
    """A decision and its evidence."""

    alternatives: tuple[str, ...] = ()
    evidence: Message = Message("")
    """A few words, without the text of a message."""


class Unread(msgspec.Struct, frozen=True):
    """Something in a file that the reader did not use."""

    kind: UnreadKind
    what: str
    """Name of the column or file, or the unreadable thing; empty if the file has no time field."""
    count: int
    role: Role | None = None


class NotesSummary(msgspec.Struct, frozen=True):
    """What was assumed and not used so far."""

    assumptions: tuple[Assumption, ...] = ()
    unread: tuple[Unread, ...] = ()
    unsettled: Unsettled | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.assumptions or self.unread)


NO_NOTES: Final = NotesSummary()


def decoded_notes(notes: bytes) -> NotesSummary:
    return msgspec.json.decode(notes, type=NotesSummary, dec_hook=decoded_sentence)


def decoded_sentence(_type: type, value: Any) -> Message:
    sentence = unpacked(value)
    return sentence if isinstance(sentence, Message) else Message(sentence)


class ReadNotes:
    """Collects assumptions and unused data of readers; not safe for two threads at once.

    Posts without times and authors are counted where the records leave the reader.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.zone: str | None = None
        """Time zone of local times in the source, if any."""
        self.usual_zone: str | None = None
        """Usual time zone of such a file if it names none."""
        self.order: str | None = None
        self._assumptions: dict[tuple[str, str], Assumption] = {}
        self._unread: Counter[tuple[UnreadKind, str]] = Counter()
        self._roles: dict[tuple[UnreadKind, str], Role] = {}
        self._app_lines: Counter[str] = Counter()
        self._app_line_count = 0
        self.is_order_disproved = False
        self.posts = 0
        self.timeless = 0
        self.nameless = 0

    def assume(
        self,
        kind: AssumptionKind,
        value: str,
        *,
        alternatives: tuple[str, ...] = (),
        evidence: str = "",
    ) -> None:
        """Note a decision; it replaces an earlier one of its kind and value."""
        words = evidence if isinstance(evidence, Message) else Message(evidence)
        self._assumptions[kind, value] = Assumption(kind, str(value), alternatives, words)

    def leave(
        self, kind: UnreadKind, what: str, count: int = 1, *, role: Role | None = None
    ) -> None:
        """Count unused data.

        For an unreadable time, call `leave("time", NAME_OF_ITS_FIELD)` for each record. For an
        unused column that looks like a time, an author or a repost, or whose values are no names,
        call `leave("column", NAME, role="author")` at least once. Missing fields for a time need no
        note.
        """
        self._unread[kind, what] += count
        if role is not None:
            self._roles[kind, what] = role

    def take_for_app(self, sentence: str) -> None:
        """Count a line attributed to the app, though no table of the app has it."""
        self._app_line_count += 1
        if sentence in self._app_lines or len(self._app_lines) < 1_000:
            self._app_lines[sentence] += 1

    def disprove_order(self) -> None:
        """Note a date that contradicts the assumed order: the file is read to its end and not
        stored.
        """
        self.is_order_disproved = True

    @property
    def assumptions(self) -> list[Assumption]:
        found = list(self._assumptions.values())
        if self._app_line_count:
            found.append(Assumption("app_lines", str(self._app_line_count)))
        return found

    @property
    def unread(self) -> list[Unread]:
        """Return the unused data, by kind and then frequency."""
        counted = [
            Unread(kind, str(what), count, self._roles.get((kind, what)))
            for (kind, what), count in self._unread.most_common()
        ]
        if without := self.timeless - self._count_times():
            counted.append(Unread("time", "", without))
        return counted

    @property
    def app_lines(self) -> list[tuple[str, int]]:
        return self._app_lines.most_common(5)

    @property
    def summary(self) -> NotesSummary:
        most = 100  # Of each.
        assumptions, unread = tuple(self.assumptions[:most]), tuple(self.unread[:most])
        return NotesSummary(assumptions, unread, self.unsettled)

    @property
    def unsettled(self) -> Unsettled | None:
        """Return the choice to make before storing, if any."""
        if self.is_order_disproved:
            return "dates"
        read = self.posts - self.timeless
        if self._count_times() > read or (self._has("time") and self.timeless > read):
            return "time"
        if self._has("author") and 2 * self.nameless > self.posts:
            return "author"
        return None

    def _count_times(self) -> int:
        counts = (count for (kind, _), count in self._unread.items() if kind == "time")
        return min(self.timeless, sum(counts))

    def _has(self, role: Role) -> bool:
        return role in self._roles.values()


REPOST_BEGINNING: Final = re.compile(r"\s*RT @\w")
"""Beginning of a repost in a file without another mark."""


class ToldReposts:
    """Counts reposts recognised only by their beginning."""

    def __init__(self, notes: ReadNotes) -> None:
        self._notes = notes
        self._count = 0

    def add(self) -> None:
        self._count += 1
        evidence = Message("posts that start with RT @: {count}", count=self._count)
        self._notes.assume("reposts", "RT @", evidence=evidence)
