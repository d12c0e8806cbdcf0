"""What a reader assumed because its file does not say it, and what it did not use."""

import re
from collections import Counter
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from app.errors import Message, unpacked

NO_EVIDENCE: Final = Message("")
AssumptionKind = Literal[
    "encoding", "dates", "timezone", "column", "app_lines", "reposts", "person", "year"
]
UnreadKind = Literal["column", "file", "time", "sentence"]
Role = Literal["time", "author", "repost"]
"""What a column looks like, by its name or its values."""
Unsettled = Literal["time", "author", "dates"]
"""What keeps a file from being stored: most times or authors, or an order that is disproved."""
MOST_NAMED: Final = 5
"""Texts taken for the app's own that an assumption names, the most frequent first."""
MOST_LINES: Final = 1_000
"""Different lines taken for the app's own that are counted each by itself."""
MOST_KEPT: Final = 100
"""Assumptions, and things that were not used, that a summary has."""


class Decision(msgspec.Struct, frozen=True):
    """What a reader decided about a file that the file itself does not settle."""

    kind: AssumptionKind
    value: Annotated[str, Meta(description="The value to pass to the option.")]
    """`cp949`, `day-first`, `author=user_name`."""


class Assumption(Decision, frozen=True):
    """A decision with what speaks for it."""

    alternatives: tuple[str, ...] = ()
    """Other values of the option that fit the file."""
    evidence: Message = NO_EVIDENCE
    """A few words, without the text of a message."""


class Unread(msgspec.Struct, frozen=True):
    """Something in a file that the reader did not use."""

    kind: UnreadKind
    what: str
    """The name of the column or the file, or what could not be read; empty for posts without a
    time in a file that has no field for it."""
    count: int
    role: Role | None = None
    """What a column looks like."""


class NotesSummary(msgspec.Struct, frozen=True):
    """What was assumed and not used, at one moment of the reading."""

    assumptions: tuple[Assumption, ...] = ()
    unread: tuple[Unread, ...] = ()
    unsettled: Unsettled | None = None

    @property
    def is_empty(self) -> bool:
        """Whether everything was understood."""
        return not (self.assumptions or self.unread)


NO_NOTES: Final = NotesSummary()


def decoded_notes(notes: bytes) -> NotesSummary:
    """Return a summary that was encoded with `packed` as its hook."""
    return msgspec.json.decode(notes, type=NotesSummary, dec_hook=decoded_sentence)


def decoded_sentence(_type: type, value: Any) -> Message:
    """Return a sentence as `packed` has written it."""
    sentence = unpacked(value)
    return sentence if isinstance(sentence, Message) else Message(sentence)


class ReadNotes:
    """Collects what the readers of a source assumed and did not use; one thread at a time adds.

    Readers call `assume`, `leave` and `take_for_app`. Whether posts have times and authors is
    counted where the records leave the reader.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything, before the source is read again from its beginning."""
        self.zone: str | None = None
        """Time zone in which local times of the source are read; None if it has none."""
        self.usual_zone: str | None = None
        """Time zone in which people of such a file usually write, if the file names none."""
        self.order: str | None = None
        """Order in which dates of numbers in the source are read; None if it has none."""
        self._assumptions: dict[tuple[str, str], Assumption] = {}
        self._unread: Counter[tuple[UnreadKind, str]] = Counter()
        self._roles: dict[tuple[UnreadKind, str], Role] = {}
        self._app_lines: Counter[str] = Counter()
        self._app_line_count = 0
        self.is_order_disproved = False
        """Whether a date does not fit the order of day and month that was assumed."""
        self.posts = 0
        """Records so far that are posts."""
        self.timeless = 0
        """Posts so far without a time."""
        self.nameless = 0
        """Posts so far that name no author."""

    def assume(
        self,
        kind: AssumptionKind,
        value: str,
        *,
        alternatives: tuple[str, ...] = (),
        evidence: str = "",
    ) -> None:
        """Note a decision; a later note of the same kind and value replaces the earlier."""
        words = evidence if isinstance(evidence, Message) else Message(evidence)
        self._assumptions[kind, value] = Assumption(kind, str(value), alternatives, words)

    def leave(
        self, kind: UnreadKind, what: str, count: int = 1, *, role: Role | None = None
    ) -> None:
        """Count something that is there and is not used.

        A time that cannot be read: `leave("time", NAME_OF_ITS_FIELD)` for each record. A column
        that looks like a time, an author or a repost and is not used, or whose values are no
        names: `leave("column", NAME, role="author")`, once or for each record. A post that has no
        field for a time needs no note.
        """
        self._unread[kind, what] += count
        if role is not None:
            self._roles[kind, what] = role

    def take_for_app(self, sentence: str) -> None:
        """Count a line that no table of the app has, and that is taken for the app's own."""
        self._app_line_count += 1
        if sentence in self._app_lines or len(self._app_lines) < MOST_LINES:
            self._app_lines[sentence] += 1

    def disprove_order(self) -> None:
        """Note a date that the assumed order of day and month does not allow.

        The file is then read to its end before anything is stored, and nothing is.
        """
        self.is_order_disproved = True

    @property
    def assumptions(self) -> list[Assumption]:
        """What was assumed so far, in the order in which it was first noted."""
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
        """The most frequent lines taken for the app's own, with their counts."""
        return self._app_lines.most_common(MOST_NAMED)

    @property
    def summary(self) -> NotesSummary:
        """The first of all that was noted so far."""
        return NotesSummary(
            tuple(self.assumptions[:MOST_KEPT]), tuple(self.unread[:MOST_KEPT]), self.unsettled
        )

    @property
    def unsettled(self) -> Unsettled | None:
        """What somebody has to choose before the posts so far are stored, if anything."""
        if self.is_order_disproved:
            return "dates"
        read = self.posts - self.timeless
        if self._count_times() > read or (self._has("time") and self.timeless > read):
            return "time"
        if self._has("author") and 2 * self.nameless > self.posts:
            return "author"
        return None

    def _count_times(self) -> int:
        """Return how many posts have a time that could not be read."""
        counts = (count for (kind, _), count in self._unread.items() if kind == "time")
        return min(self.timeless, sum(counts))

    def _has(self, role: Role) -> bool:
        return role in self._roles.values()


REPOST_BEGINNING: Final = re.compile(r"\s*RT @\w")
"""How a repost begins whose file marks it in no other way."""


class ToldReposts:
    """Counts the reposts of a file that only their beginning tells."""

    def __init__(self, notes: ReadNotes) -> None:
        self._notes = notes
        self._count = 0

    def add(self) -> None:
        """Count a repost, and note the assumption."""
        self._count += 1
        evidence = Message("posts that start with RT @: {count}", count=self._count)
        self._notes.assume("reposts", "RT @", evidence=evidence)
