"""What a reader assumed because its file does not say it, and what it did not use."""

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
    """Name of the column or file, or what could not be read; empty for posts without a time in a
    file that has no field for it.
    """
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
    """Return a summary that was encoded with `packed` as its hook."""
    return msgspec.json.decode(notes, type=NotesSummary, dec_hook=decoded_sentence)


def decoded_sentence(_type: type, value: Any) -> Message:
    sentence = unpacked(value)
    return sentence if isinstance(sentence, Message) else Message(sentence)


class ReadNotes:
    """Collects what readers assumed and did not use; one thread at a time adds.

    Readers call `assume`, `leave` and `take_for_app`. Posts without times and authors are counted
    where the records leave the reader.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything, before the source is read again."""
        self.zone: str | None = None
        """Time zone of local times in the source; None if it has none."""
        self.usual_zone: str | None = None
        """Time zone in which people usually write such a file, if it names none."""
        self.order: str | None = None
        """Order of day, month and year in dates of numbers; None if there are none."""
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
        """Note a decision; a later one of the same kind and value replaces it."""
        words = evidence if isinstance(evidence, Message) else Message(evidence)
        self._assumptions[kind, value] = Assumption(kind, str(value), alternatives, words)

    def leave(
        self, kind: UnreadKind, what: str, count: int = 1, *, role: Role | None = None
    ) -> None:
        """Count something that is not used.

        For an unreadable time, call `leave("time", NAME_OF_ITS_FIELD)` for each record. For an
        unused column that looks like a time, an author or a repost, or whose values are no names,
        call `leave("column", NAME, role="author")` once or for each record. A post without a field
        for a time needs no note.
        """
        self._unread[kind, what] += count
        if role is not None:
            self._roles[kind, what] = role

    def take_for_app(self, sentence: str) -> None:
        """Count a line that is taken for the app's own, though no table of the app has it."""
        self._app_line_count += 1
        if sentence in self._app_lines or len(self._app_lines) < 1_000:
            self._app_lines[sentence] += 1

    def disprove_order(self) -> None:
        """Note a date that contradicts the assumed order of day and month.

        The file is then read to its end, and nothing of it is stored.
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
        """What was not used so far, the most frequent of each kind first."""
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
        """What the importer has to choose before the posts so far are stored, if anything."""
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
"""Beginning of a repost in a file that has no other mark of reposts."""


class ToldReposts:
    """Counts reposts recognised only by their beginning."""

    def __init__(self, notes: ReadNotes) -> None:
        self._notes = notes
        self._count = 0

    def add(self) -> None:
        self._count += 1
        evidence = Message("posts that start with RT @: {count}", count=self._count)
        self._notes.assume("reposts", "RT @", evidence=evidence)
