"""Assumptions of a reader about its file, data that it did not use, and choices of the importer."""

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal, Protocol

import msgspec
from babel import Locale
from msgspec import Meta, structs

from saywho.errors import Message, unpacked
from saywho.formats.tally import Doubt, DoubtKind, Sightings

Order = Literal["year-first", "day-first", "month-first"]
DATE_ORDERS: Final[tuple[Order, ...]] = ("day-first", "month-first", "year-first")
ROLES: Final = {
    "author": "username",
    "text": "text",
    "time": "created_at",
    "name": "display_name",
    "id": "source_id",
    "lang": "lang",
    "url": "url",
    "repost": "is_repost",
    "title": "title",
    "hidden": "is_restricted",
    "deleted": "is_deleted",
    "audience": "visibility",
}
_ALSO: Final = {"is_deleted": {"is_published"}, "visibility": {"is_for_all", "status", "audience"}}
"""Further fields of a role that a file names by words of its own."""
REPAIR: Final = "repair"
"""Choice instead of an encoding: correct letters that another program misread."""
UNREPAIRED: Final = "unrepaired"
"""Choice instead of an encoding: keep misread letters."""
NO_COLUMN: Final = "none"
"""Choice instead of a column: no column has this role."""
NO_AUTHOR: Final = f"author={NO_COLUMN}"
NO_IDS: Final = f"id={NO_COLUMN}"
NO_REPOSTS: Final = f"repost={NO_COLUMN}"
QUOTED: Final = "//@"
"""Value of the assumption that quoted words, and those passed on, are another person's."""
NAME_WAYS: Final = {
    "folder": Message("the name of the folder"),
    "sheet": Message("the name of the sheet"),
    "file-name": Message("the name of the file"),
    "file-start": Message("the beginning of the file’s name"),
}
"""Choices instead of a column: the names that have the authors of a folder's files."""
SHEET: Final = "sheet"
"""Role of the sheet of a workbook that is read."""
NEW_ROOM: Final = "new"
"""Choice instead of the number of a chat here: the file's chat is new."""


def parse_encoding(name: str) -> str:
    """Return Python's name of a text encoding, or a repair. Raises ValueError."""
    if name in {REPAIR, UNREPAIRED}:
        return name
    fault = ValueError(Message("unknown text encoding; use a name such as cp949 or utf-8"))
    try:
        codec: Any = codecs.lookup(name.strip()[:40])
        # Bytes that the encoding does not have are read as half surrogates: few odd ones cannot.
        decoder = codecs.getincrementaldecoder(codec.name)("surrogateescape")
        sample = "plain text 1"
        is_of_text = decoder.decode(codec.encode(sample)[0], final=True) == sample
    except (LookupError, ValueError, AttributeError, TypeError):
        raise fault from None
    if not (is_of_text and codec._is_text_encoding):  # noqa: SLF001 # is nowhere else
        raise fault
    # The mark that may stand at the beginning is no letter.
    return "utf-8-sig" if codec.name == "utf-8" else str(codec.name)


def columns_of(pairs: Iterable[str]) -> dict[str, str]:
    """Return the fields by column name from pairs `ROLE=NAME`; a pair `ROLE=none` stands for the
    name of no column, and a pair `sheet=NAME` for itself. Raises ValueError.
    """
    fields = {}
    for pair in pairs:
        role, _, name = pair.partition("=")
        if role.strip() == SHEET and name.strip():
            fields[f"{SHEET}={name.strip()}"] = SHEET
            continue
        field = ROLES.get(role.strip())
        if field is None or not name.strip():
            roles = ", ".join((*ROLES, SHEET))
            raise ValueError(
                Message("write a column as ROLE=NAME; the roles are {roles}", roles=roles)
            )
        is_none = name.strip() == NO_COLUMN
        fields[f"{role.strip()}={NO_COLUMN}" if is_none else name.strip()] = field
    return fields


def fields_without(columns: Mapping[str, str]) -> set[str]:
    """Return the fields that the importer gave to no column."""
    fields = {field for role, field in ROLES.items() if columns.get(f"{role}={NO_COLUMN}") == field}
    return fields.union(*(_ALSO.get(field, ()) for field in fields))


def sheet_of(columns: Mapping[str, str]) -> str | None:
    """Return the sheet that the importer chose, if any."""
    chosen = (name for name, field in columns.items() if field == SHEET)
    return next((name.partition("=")[2] for name in chosen), None)


def is_of_column(name: str, field: str) -> bool:
    """Return whether the importer chose a column, and not a name, a sheet or no column."""
    is_name = field == "username" and name in NAME_WAYS
    return not (is_name or field == SHEET or field in fields_without({name: field}))


def pair_of(name: str, field: str, roles: Mapping[str, str]) -> str:
    """Return the pair of the option for a chosen column; `roles` are named by field."""
    is_pair = field == SHEET or field in fields_without({name: field})
    return name if is_pair else f"{roles.get(field, field)}={name}"


def order_of(name: str) -> Order | None:
    return next((order for order in DATE_ORDERS if order == name), None)


AssumptionKind = Literal[
    "encoding",
    "dates",
    "timezone",
    "column",
    "app_lines",
    "reposts",
    "person",
    "year",
    "room",
    "language",
    "ids",
    "pieces",
    "author",
    "sheet",
    "audience",
    "answers",
]
UnreadKind = Literal["column", "file", "time", "sentence"]
Unsettled = Literal["time", "author", "dates", "room", "columns"]
"""Reason not to store a file: unread times or authors, a disproved order, a chat's guests, or
columns whose roles no name tells.
"""
ONLY_CHOSEN: Final[frozenset[Unsettled]] = frozenset({"dates", "room", "columns"})
"""Reasons that only a choice removes."""


class Decision(msgspec.Struct, frozen=True):
    """A reader's decision about a file that the file itself does not settle."""

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
    what: Annotated[str, Meta(description="Name of the unused part.")]
    """Name of the column or file, or the unreadable thing; empty if the file has no time field."""
    count: int


class Questions(Protocol):
    """Looks at all records of a file."""

    def doubts(self) -> tuple[Doubt, ...]: ...


class Words(Protocol):
    """Looks at all values of JSON and elements of XML as they are parsed."""

    def see(self, value: object, key: str = "") -> None: ...


NO_EVIDENCE: Final = Message("")


class ColumnQuestion(msgspec.Struct, frozen=True):
    """What someone must choose before a file is used: a column for a role, or an order of dates."""

    role: str
    columns: tuple[str, ...] = ()
    """What to choose from, the likeliest first."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Values of the first three rows in these columns, cut."""
    likely: tuple[str, ...] = ()
    """Columns that may have the role, or `none`, the likeliest first."""
    why: Message = NO_EVIDENCE

    @property
    def choices(self) -> tuple[str, ...]:
        """Return what can be chosen: columns, and for most roles `none`."""
        none = () if self.role in {"text", "dates"} else (NO_COLUMN,)
        first = none if self.role == "author" and not self.likely else ()
        return (*dict.fromkeys((*first, *self.likely, *self.columns, *none)),)


_QUESTIONS: Final = {
    "text": Message("Which column has the texts?"),
    "author": Message("Which column names who wrote the texts?"),
    "time": Message("Which column has the times of the texts?"),
    "title": Message("Are the titles words of the posts, too?"),
    "repost": Message("Which column says that another person wrote a row?"),
    "name": Message("Which column has the names that are shown?"),
    "dates": Message("In which order are day and month?"),
}


def question_sentence(question: ColumnQuestion) -> Message:
    asked = _QUESTIONS[question.role]
    if not question.why:
        return asked
    return Message("{question} ({evidence})", question=asked, evidence=question.why)


class NotesSummary(msgspec.Struct, frozen=True):
    """Assumptions, unused data and doubts so far."""

    assumptions: tuple[Assumption, ...] = ()
    unread: tuple[Unread, ...] = ()
    unsettled: Unsettled | None = None
    doubts: tuple[Doubt, ...] = ()
    questions: tuple[ColumnQuestion, ...] = ()
    heading: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.assumptions or self.unread or self.doubts or self.questions)

    @property
    def is_grave(self) -> bool:
        return any(doubt.grave for doubt in self.doubts)


_NOTHING: Final = Assumption("audience", "")
_UNANSWERED: Final = Message("rows that are not public until you answer: {count}")
MOST_VALUES: Final = 12
"""Values of a column that someone is asked about."""


def is_unanswered(part: Assumption) -> bool:
    """Return whether rows are not public, because no one has explained a column's values."""
    evidence = part.evidence
    return isinstance(evidence, Message) and evidence.template == _UNANSWERED.template


NO_NOTES: Final = NotesSummary()


def decoded_notes(notes: bytes) -> NotesSummary:
    """Return stored notes, without the count of undated posts that 1.0.0 stored among them."""
    summary = msgspec.json.decode(notes, type=NotesSummary, dec_hook=decoded_sentence)
    return structs.replace(summary, unread=tuple(part for part in summary.unread if part.what))


def decoded_sentence(_type: type, value: Any) -> Message:
    sentence = unpacked(value)
    return sentence if isinstance(sentence, Message) else Message(sentence)


class ReadNotes(msgspec.Struct):
    """Collects assumptions and unused data of readers; not safe for two threads at once.

    Posts without times and authors are counted where the records leave the reader.
    """

    zone: str | None = None
    """Time zone of local times in the source, if any."""
    order: str | None = None
    is_order_disproved: bool = False
    """Whether a date contradicts the assumed order: the file is read to its end, not stored."""
    is_author_open: bool = False
    """Whether no column of a table names the authors."""
    heading: str = ""
    """Digest of a table's column names in their order; empty for a single column."""
    works: tuple[str, ...] = ()
    """Columns about the works that the rows review, such as the author of a book."""
    is_room_open: bool = False
    """Whether someone must choose a chat, because the likely chat has guests."""
    posts: int = 0
    timeless: int = 0
    nameless: int = 0
    odd: dict[tuple[DoubtKind, Message], Sightings] = {}
    """Doubts of the readers themselves, by kind and finding."""
    app_lines: int = 0
    """Lines attributed to the app, though no table of the app has them."""
    questions: Questions | None = None
    """The questions about the records, if there are any."""
    words: Words | None = None
    """For parsers, of files that are read and not only recognised."""
    asked: dict[str, ColumnQuestion] = {}
    """What someone must choose, by role."""
    _assumptions: dict[tuple[str, str], Assumption] = {}
    _unread: dict[tuple[UnreadKind, str], int] = {}
    _marks: dict[str, int] = {}

    def restart(self) -> None:
        """Forget everything."""
        fresh = ReadNotes()
        for name in self.__struct_fields__:
            setattr(self, name, getattr(fresh, name))

    def assume(
        self,
        kind: AssumptionKind,
        value: str,
        *,
        alternatives: tuple[str, ...] = (),
        evidence: str = "",
    ) -> None:
        """Note a decision; it replaces an earlier one of its kind and value.

        One without a value, which someone must make, replaces one with its alternatives.
        """
        words = evidence if isinstance(evidence, Message) else Message(evidence)
        part = Assumption(kind, str(value), alternatives, words)
        self._assumptions[kind, value or " ".join(alternatives)] = part

    def settle(self, kind: AssumptionKind, value: str) -> None:
        """Forget an assumption that the file has settled."""
        self._assumptions.pop((kind, value), None)

    def ask(self, question: ColumnQuestion) -> None:
        """Note what someone must choose; of several tables, the first one asks for a role."""
        self.asked.setdefault(question.role, question)

    def leave(self, kind: UnreadKind, what: str, count: int = 1) -> None:
        """Count unused data.

        For an unreadable time, call `leave("time", NAME_OF_ITS_FIELD)` for each record. Missing
        fields for a time need no note.
        """
        self._unread[kind, what] = self._unread.get((kind, what), 0) + count

    def look_odd(
        self, kind: DoubtKind, finding: Message, lines: Iterable[str], *, is_grave: bool = False
    ) -> None:
        """Count lines or rows that may be read wrongly; the first ones become examples."""
        fresh = Sightings(kind, finding, is_grave=is_grave)
        odd = self.odd.setdefault((kind, finding), fresh)
        for line in lines:
            odd.add(line)

    def count_of(self, mark: str) -> int:
        """Count a post with a mark in any part of the source; return their number."""
        self._marks[mark] = self._marks.get(mark, 0) + 1
        return self._marks[mark]

    def tell_repost(self, *choices: str) -> None:
        """Count a repost recognised only by a sign in its text; `choices` undo that."""
        count = self.count_of("RT @")
        evidence = Message("posts that start with RT @: {count}", count=count)
        self.assume("reposts", "RT @", alternatives=choices, evidence=evidence)

    def tell_cut(self) -> None:
        """Count a text without quotations and words passed on, which were cut."""
        count = self.count_of(QUOTED)
        evidence = Message("texts from which they were cut: {count}", count=count)
        self.assume("reposts", QUOTED, evidence=evidence)

    def tell_unanswered(self, column: str, value: str) -> None:
        """Count a row that is not public: no one has said whether everybody may read its value."""
        count = self.count_of(f"audience={column}")
        known = self._assumptions.get(("audience", column), _NOTHING).alternatives
        is_new = value not in known and len(known) < MOST_VALUES
        evidence = Message(str(_UNANSWERED), count=count)
        values = (*known, value) if is_new else known
        self.assume("audience", column, alternatives=values, evidence=evidence)

    @property
    def assumptions(self) -> list[Assumption]:
        found = list(self._assumptions.values())
        if self.app_lines:
            found.append(Assumption("app_lines", str(self.app_lines)))
        return found

    @property
    def unread(self) -> list[Unread]:
        """Return the unused data, by kind and then frequency."""
        return [
            Unread(kind, str(what), count)
            for (kind, what), count in Counter(self._unread).most_common()
        ]

    @property
    def summary(self) -> NotesSummary:
        most = 100  # Of each.
        assumptions, unread = tuple(self.assumptions[:most]), tuple(self.unread[:most])
        doubts = self.questions.doubts() if self.questions is not None else ()
        asked = (*self.asked.values(),)
        return NotesSummary(assumptions, unread, self.unsettled, doubts, asked, self.heading)

    @property
    def unsettled(self) -> Unsettled | None:
        """Return the choice to make before storing, if any."""
        if self.is_order_disproved:
            return "dates"
        if self.asked:
            return "columns"
        if self.is_room_open:
            return "room"
        read = self.posts - self.timeless
        unread = sum(count for (kind, _), count in self._unread.items() if kind == "time")
        if min(self.timeless, unread) > read:
            return "time"
        return "author" if self.lacks_authors else None

    @property
    def lacks_authors(self) -> bool:
        """Whether posts have no author, because no column or file names authors."""
        return self.is_author_open and self.nameless > 0


REPOST_BEGINNING: Final = re.compile(r"\s*(?:RT|MT) ?[:：]? ?@\w")
"""Beginning of a repost in a file without another mark."""


MOST_LISTED: Final = 5
_NOT_USED: Final = {
    "column": Message("Columns not used: {names}"),
    "file": Message("Files not read: {names}"),
}
ENCODINGS: Final = {
    "big5": Message("Traditional Chinese (Big5)"),
    "cp1250": Message("Central European (Windows-1250)"),
    "cp1251": Message("Cyrillic (Windows-1251)"),
    "cp1252": Message("Western European (Windows-1252)"),
    "cp1253": Message("Greek (Windows-1253)"),
    "cp1254": Message("Turkish (Windows-1254)"),
    "cp949": Message("Korean (CP949)"),
    "euc_jp": Message("Japanese (EUC-JP)"),
    "gb18030": Message("Simplified Chinese (GB 18030)"),
    "shift_jis": Message("Japanese (Shift_JIS)"),
    "utf-8": Message("Unicode (UTF-8)"),
    "utf-16": Message("Unicode (UTF-16)"),
}
REPAIRS: Final = {UNREPAIRED: Message("left unchanged"), REPAIR: Message("repaired")}

ORDERS: Final = {
    "day-first": Message("the day before the month"),
    "month-first": Message("the month before the day"),
    "year-first": Message("the year before the month"),
}
_LABELS: Final[dict[str, dict[str, Message]]] = {
    "encoding": {
        **ENCODINGS,
        **REPAIRS,
        **dict.fromkeys(("big5hkscs", "cp950"), ENCODINGS["big5"]),
        **dict.fromkeys(("gb2312", "gbk"), ENCODINGS["gb18030"]),
        "cp932": ENCODINGS["shift_jis"],
        "euc_kr": ENCODINGS["cp949"],
        "utf-8-sig": ENCODINGS["utf-8"],
    },
    "dates": {**ORDERS},
    "year": {"buddhist": Message("Buddhist calendar"), "persian": Message("Persian calendar")},
    "room": {NEW_ROOM: Message("a new chat")},
    "reposts": {QUOTED: Message("quoted and forwarded words")},
}
_UNCHOSEN: Final = Message("not chosen yet")
_ROLES: Final = {
    "author": Message("author"),
    "text": Message("text"),
    "time": Message("time"),
    "name": Message("name shown"),
    "id": Message("id"),
    "lang": Message("language"),
    "url": Message("address"),
    "repost": Message("mark of reposts"),
    "title": Message("title"),
    "hidden": Message("mark of posts that not everybody may read"),
    "deleted": Message("mark of deleted or unpublished posts"),
    "audience": Message("mark of posts that not everybody may read"),
}
_ONLY_NAMED: Final = frozenset({"reposts", "ids"})
"""Kinds without another choice than their alternatives."""


def value_label(kind: str, value: str) -> str:
    """Return an option value's label; a Message if there is a translation."""
    if kind == "ids" and value == NO_IDS:
        return Message("not in the file")
    if value == NO_REPOSTS:
        return Message("no reposts: all are own posts")
    if kind in {"column", "ids", "author"}:
        if value == NO_AUTHOR:
            return Message("the file names no author")
        role, _, name = value.partition("=")
        if role == "author" and name in NAME_WAYS:
            return NAME_WAYS[name]
        template = "no column for the {role}" if name == NO_COLUMN else "{column} as the {role}"
        return Message(template, column=name, role=_ROLES.get(role, role))
    if kind == "room" and value != NEW_ROOM:
        return Message("number {number}", number=value) if value else _UNCHOSEN
    if kind == "sheet":
        return value.partition("=")[2]
    if kind == "pieces":
        return f"{int(value):,}"
    if kind == "language":
        return Locale.parse(value).display_name or value  # Its own name.
    return _LABELS.get(kind, {}).get(value, value)


def assumption_sentence(assumption: Assumption) -> Message:
    decision, evidence = _decision(assumption), assumption.evidence
    template = "{decision} ({evidence})"
    return Message(template, decision=decision, evidence=evidence) if evidence else decision


_DECISIONS: Final[dict[AssumptionKind, Message]] = {
    "encoding": Message("Encoding: {value}, a guess"),
    "dates": Message("Order of the dates: {value}, a guess"),
    "timezone": Message("Time zone: {value}, assumed"),
    "column": Message("Column: {value}, a guess"),
    "app_lines": Message("Lines treated as written by the app: {count}"),
    "reposts": Message("Posts treated as reposts: {value}"),
    "person": Message("Treated as one person: {value}"),
    "year": Message("Year: {value}, assumed"),
    "room": Message("Chat: {value}"),
    "language": Message("Language of the dates: {value}, a guess"),
    "ids": Message("IDs of posts: {value}, a guess"),
    "pieces": Message("Long texts are cut into posts of at most {value} characters"),
    "author": Message("Author of each file: {value}, a guess"),
    "sheet": Message("Sheets of the workbook that are read: {value}"),
    "audience": Message("Who may read a post, by the column {value}"),
    "answers": Message("Columns: {value}"),
}


def _decision(assumption: Assumption) -> Message:
    kind, value = assumption.kind, assumption.value
    label = value_label(kind, value)
    if kind == "encoding" and value in REPAIRS:
        return Message("Letters that another program misread: {value}", value=label)
    return Message(str(_DECISIONS[kind]), value=label, count=value)


def choice_hint(assumption: Assumption) -> Message | None:
    """Return the advice to check and to choose, if there is a choice."""
    if assumption.value in REPAIRS:
        return Message("If the letters look wrong, choose the repair.")
    hints = {
        "encoding": Message("If the letters look wrong, choose another encoding."),
        "dates": Message("If the dates look wrong, choose the other order."),
        "timezone": Message("If the times look wrong, choose another time zone."),
        "column": Message("If this column is wrong, choose another column."),
        "room": Message("If this is another chat, choose a new chat."),
        "ids": Message("If a column does contain the IDs of the posts, choose it."),
        "reposts": Message("If their authors wrote them, store them as posts."),
        "author": Message("If the authors are wrong, choose another name."),
        "sheet": Message("If the posts are in one sheet only, choose that sheet."),
        "audience": Message("Choose the values whose posts everybody may read."),
        "answers": Message(
            "If they are wrong, choose other columns, or delete the answer in the settings."
        ),
    }
    return hints.get(assumption.kind) if has_choice(assumption) else None


def has_choice(assumption: Assumption) -> bool:
    return bool(assumption.alternatives) or assumption.kind not in _ONLY_NAMED


def unread_sentences(unread: Iterable[Unread]) -> Iterator[Message]:
    """Yield the unused data without full stops; files and unused columns are a sentence each."""
    parts = list(unread)
    listed: dict[str, list[str]] = {"column": [], "file": []}
    for part in parts:
        if part.kind in listed:
            listed[part.kind].append(part.what)
        else:
            yield _unread_sentence(part)
    for kind, template in _NOT_USED.items():
        names = listed[kind]
        first, more = ", ".join(names[:MOST_LISTED]), len(names) - MOST_LISTED
        if more > 0:
            first = Message("{names} and {count} more", names=first, count=f"{more:,}")
        if names:
            yield Message(template.template, names=first)


def _unread_sentence(unread: Unread) -> Message:
    count, what = f"{unread.count:,}", unread.what
    if unread.kind == "time":
        template = "Times that cannot be read: {count} (field {what})"
        return Message(template, count=count, what=what)
    return Message("Not understood: {what} (times: {count})", what=what, count=count)


def doubt_sentence(doubt: Doubt) -> Message:
    """Return a doubt without a full stop and without examples."""
    return Message("{evidence}: {count}", evidence=doubt.finding, count=f"{doubt.count:,}")


def ways_out(unsettled: Unsettled) -> Message:
    """Return why the posts of a file are not used, with the choice that settles it."""
    if unsettled == "dates":
        return Message(
            "some dates contradict the order of day and month in other dates, so nothing is stored;"
            " read the file again and choose the order",
            choice="dates",
        )
    return Message(
        "most times cannot be read, so nothing is stored; read the file again and choose how to"
        " read them",
        choice="times",
    )
