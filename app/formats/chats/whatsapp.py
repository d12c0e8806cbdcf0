"""WhatsApp's text exports of iOS and Android, whose shape depends on the phone's language."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any, Final, Literal

from app.errors import Message
from app.formats.chats.chat_files import RoomFile
from app.formats.chats.sentence_tables import matcher
from app.formats.chats.text_chat import Grammar, Opening, Spoken, TextChat, moment, title_of
from app.formats.records import FileRoom

Order = Literal["ymd", "dmy", "mdy"]
_ORDERS: Final[tuple[Order, ...]] = ("dmy", "mdy")
_DAY: Final = r"(?P<a>\d{1,4})(?P<cut>[./-]) ?(?P<b>\d{1,2})(?P=cut) ?(?P<c>\d{1,4})\.?"
_TIME: Final = (
    r"(?P<time>(?:(?P<before>[AP]M|오전|오후)\s)?\d{1,2}[:.]\d{2}(?P<s>[:.]\d{2})?"
    r"(?P<after>\s?[AaPp]\.?\s?[Mm]\.?)?)"
)
_SHAPES: Final = (
    re.compile(rf"\[{_DAY},? {_TIME}\] (?P<rest>.*)"),
    re.compile(rf"{_DAY},? {_TIME} - (?P<rest>.*)"),
)
"""Lines that begin a message, on iOS and on Android."""
_OTHER_MARKS: Final = re.compile("[\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_NAMES: Final = (
    re.compile(r"WhatsApp[ -]Chat (?:with|mit|-|–) (?P<title>.+?)(?: \(\d+\))?"),
    re.compile(r"(?P<title>.+?)님과의 WhatsApp (?:대화|채팅)(?: \(\d+\))?"),
    re.compile(r"WhatsApp (?:대화|채팅) ?[-:–] ?(?P<title>.+?)(?: \(\d+\))?"),
)
"""Names of files that name the room; a number is one more download of it."""
_OWN_MARK: Final = "\u200e"
"""Stands before what the app wrote, on iOS also before lines of media."""
_FILE: Final = re.compile(
    r"\u200e?(?P<file>\S[^\n]{0,200}?\.\w{0,5}) \((?P<words>[^()\n]{2,60})\)(?:\n|\Z)"
)
"""A file on Android, the first line of a message; below it stands what was written to it."""
_ATTACHED: Final = re.compile(
    r"(?P<mark>\u200e?)<[^<>:：\n]{1,60}[:：] ?(?P<file>[^<>\n]{1,200}\.\w{1,5})>"
    r"|(?P<old>\d{4}-\d\d-\d\d-[A-Z]{3,9}-\d{1,9}\.\w{1,5}) ?\u200e?<[^<>:\n]{1,60}>"
)
"""Files on iOS, beside what was written to them."""
_OWN_NAME: Final = re.compile(r"(?:[A-Z]{3}-\d{8}-WA\d+|\d{8}-.+)\.\w{0,5}")
"""Names that the app gives to files."""
_LONGEST_NOTE: Final = 62
_IN_ANGLES: Final = re.compile(r"<[^<>\n]{4,60}>\Z")
_LONGEST_LINE: Final = 300
"""Characters of a line of the app that are named among assumptions."""
_MARKED: Final = re.compile(r"\u200e<[^<>\n]{1,300}>")
_TITLE: Final = re.compile(r"[^\n]{1,200}\.\w{1,5}(?P<pages> • [^\n]{1,40})?")
"""The title of a document on iOS, and how many pages it has."""
_OPEN_QUOTE: Final = re.compile(
    r".*[“„«「『‘][^”“»」』’]*|[^\"]*(?:\"[^\"]*\"[^\"]*)*(?<![0-9A-Za-z])\"[^\"]*", re.DOTALL
)
"""A quote that is opened before a colon and not closed: a group's name has the colon."""
_CLOSE_QUOTE: Final = re.compile('[”“»」』’"]')


class WhatsApp(Grammar):
    """One shape for a whole file, as its first message has it, and one order of day and month."""

    exporters = frozenset({"You", "you", "나"})

    def __init__(self, first: re.Match[str], beside: Collection[str]) -> None:
        self._pattern, self._clock = first.re, _clock(first)
        self._order: Order = "dmy"
        self._has_marks = first[0].startswith("[")
        self._notes = AppNotes(beside, has_marks=self._has_marks)

    def begin(self, lines: Iterable[str]) -> None:
        """Decide on the order of day and month and on the language by all lines.

        The order rests on 20,000 days: more than fifty years.
        """
        dates: dict[tuple[str, ...], None] = {}

        def texts() -> Iterator[str]:
            for match in filter(None, map(self._match, lines)):
                if len(dates) < 20_000:
                    dates[match.group("a", "b", "c")] = None
                yield match["rest"].partition(": ")[2]

        self._notes.learn(texts())
        self._order = order_of(list(dates), self._clock[1])

    def read(self, line: str) -> Opening | None:
        """Return what the line begins: a message has a name before the first `: `."""
        match = self._match(line)
        if match is None:
            return None
        when = moment(_day(match, self._order), match["time"])
        name, colon, text = match["rest"].partition(": ")
        if when is None:
            return None
        name, message = (_OTHER_MARKS.sub("", part) for part in (name, text))
        name = name.replace(_OWN_MARK, "")
        if not colon or _is_apps(name, text):
            return _noted(match["rest"])
        is_own = message.startswith(_OWN_MARK) and not line.startswith(_OWN_MARK)
        if is_own and self._has_marks and not self._notes.is_medium(message):
            return _noted(message)
        name = name.removeprefix("~").strip()
        return Opening(name, when, message) if name else None

    def said(self, text: str) -> Spoken:
        return self._notes.said(text)

    def room(self, file: RoomFile[Any]) -> FileRoom:
        """Return the room as the name of its file, its folder or its archive tells it."""
        return FileRoom(platform=WHATSAPP.name, name=title_of(file.names, _NAMES))

    def _match(self, line: str) -> re.Match[str] | None:
        match = self._pattern.match(_bare(line))
        return match if match and _clock(match) == self._clock else None


def _noted(text: str) -> Opening:
    """Return the opening of a line of the app, with its text if no table has it."""
    is_known = _lines().has(text) or _whole().has(text)
    return Opening(text="" if is_known else text.replace(_OWN_MARK, "")[:_LONGEST_LINE])


def _is_apps(name: str, text: str) -> bool:
    """Return whether a colon stands in a group's name, which a line of the app tells."""
    if _has_open_quote(name) and _CLOSE_QUOTE.search(text):
        return True
    return _lines().may_begin(name) and _lines().has(f"{name}: {text}")


@lru_cache(maxsize=1_024)
def _has_open_quote(name: str) -> bool:
    return len(name) <= _LONGEST_LINE and _OPEN_QUOTE.fullmatch(name) is not None


def grammar_of(lines: Sequence[str], beside: Collection[str] = ()) -> WhatsApp | None:
    """Return how a file is written whose first lines these are; None for no chat.

    Two lines of one shape are enough, of which one is the first. `beside` are the names of the
    files that lie beside it.
    """
    for pattern in _SHAPES:
        matches = [match for line in lines if (match := pattern.match(_bare(line)))]
        if len(matches) > 1 and pattern.match(_bare(lines[0])):
            grammar = WhatsApp(matches[0], beside)
            grammar.begin(lines)
            is_chat = any((opening := grammar.read(line)) and opening.name for line in lines)
            return grammar if is_chat else None
    return None


def order_of(dates: list[tuple[str, ...]], half: str) -> Order:
    """Return the order of year, month and day that all dates of a file agree with, each once.

    `half` says where AM and PM stand: `before` the time, `after` it or nowhere. Of several orders
    the one in which dates never go back counts, then the one in which the day changes most often,
    then what people with a clock of twelve hours write: the month first.
    """
    numbers = [tuple(map(int, day)) for day in dates]
    firsts, seconds, lasts = ({day[i] for day in numbers} for i in range(3))
    are_short = all(len(first) == 2 for first, *_ in dates)
    if half == "before" or any(len(first) == 4 for first, *_ in dates):
        return "ymd"
    if len(firsts) == 1 and len(lasts) > 1 and are_short:
        return "ymd"
    if max(firsts, default=0) > 12:
        return "dmy"
    if max(seconds, default=0) > 12:
        return "mdy"
    rising: list[Order] = [order for order in _ORDERS if _rises(numbers, order)]
    if len(rising) == 1:
        return rising[0]
    changes = [sum(a[i] != b[i] for a, b in pairwise(numbers)) for i in (0, 1)]
    if changes[0] != changes[1]:
        return "dmy" if changes[0] > changes[1] else "mdy"
    return "mdy" if half else "dmy"


def _rises(days: list[tuple[int, ...]], order: str) -> bool:
    keys = [tuple(day[order.index(part)] for part in "ymd") for day in days]
    return all(a <= b for a, b in pairwise(keys))


def _clock(match: re.Match[str]) -> tuple[bool, str]:
    """Return whether a time has seconds, and where AM or PM stands."""
    return bool(match["s"]), "before" if match["before"] else "after" if match["after"] else ""


def _day(match: re.Match[str], order: Order) -> date | None:
    parts = dict(zip(order, (match["a"], match["b"], match["c"]), strict=True))
    year = int(parts["y"])
    try:
        return date(year + 2000 if year < 100 else year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def _bare(line: str) -> str:
    return line.lstrip("\u200e\u200f\ufeff")


_lines: Final = partial(matcher, "whatsapp", "line")
_whole: Final = partial(matcher, "whatsapp", "omitted", "document", "note", "deleted")
_omitted: Final = partial(matcher, "whatsapp", "omitted", "document")
_documents: Final = partial(matcher, "whatsapp", "document")
_edits: Final = partial(matcher, "whatsapp", "edited")
_attached: Final = partial(matcher, "whatsapp", "attached")


class AppNotes:
    """What the app itself puts into the messages of a file, beside which lie files of these names.

    It writes in the language of the phone. What its table lacks is told by its shape: by U+200E
    before it on iOS, by the name of a file, by words that stand at such names elsewhere, or by
    `<…>` that comes back.
    """

    def __init__(self, beside: Collection[str], *, has_marks: bool) -> None:
        self._beside = beside
        self._has_marks = has_marks
        self._words: frozenset[str] = frozenset()
        """Words behind the names of files."""
        self._alone: frozenset[str] = frozenset()
        """Notes in angle brackets that came often in place of a message."""
        self._behind: frozenset[str] = frozenset()
        """Notes that came often behind what was written."""

    def learn(self, texts: Iterable[str]) -> None:
        """Take the language of the notes from the first lines of messages, up to 1,000 notes."""
        counts: Counter[tuple[str, bool]] = Counter()
        words: set[str] = set()
        for text in texts:
            if text.endswith(")") and (match := _FILE.match(text)) and self._is_sure(match):
                if len(words) < 1_000:
                    words.add(match["words"])
            elif (note := self._note_at_end(text)) and (note in counts or len(counts) < 1_000):
                counts[note] += 1
        self._words = frozenset(words)
        notes = [note for note, count in counts.items() if _is_note(note[0], count)]
        self._alone = frozenset(text for text, is_alone in notes if is_alone)
        self._behind = frozenset(text for text, is_alone in notes if not is_alone)

    def _note_at_end(self, text: str) -> tuple[str, bool] | None:
        """Return what a text ends in that looks like a note, and whether it is all of it."""
        note = ""
        if text.endswith(">"):
            match = _IN_ANGLES.search(text)
            note = match[0] if match else ""
        elif self._has_marks and _OWN_MARK in text:
            note = text.rpartition(_OWN_MARK)[2]
            note = "" if any(map(str.isdigit, note)) else note  # Numbers of people have the mark.
        return (note, note == text) if 3 < len(note) <= _LONGEST_NOTE else None

    def is_medium(self, text: str) -> bool:
        """Return whether the first line of a message stands for a file."""
        return bool(self.said(text).files or _whole().has(text))

    def said(self, text: str) -> Spoken:
        """Return a text without the app's notes, and the names of files in them."""
        files: list[str] = []
        taken = ""
        if (match := _FILE.match(text)) and self._is_attached(match):
            files.append(match["file"])
            taken = "" if self._is_certain(match) else match["words"]
            text = text[match.end() :]
        if "<" in text:
            text = self._without_attached(text, files)
        if _OWN_MARK in text or text.startswith("<"):
            text = self._without_omitted(text)
        if text.startswith(_OWN_MARK) and self._has_marks:
            return Spoken("", tuple(files), taken)
        message, note = self._without_notes(text)
        return Spoken("" if _is_title(message, files) else message, tuple(files), taken or note)

    def _without_notes(self, text: str) -> tuple[str, str]:
        """Return a text without what the app added to it, and of that what no table has."""
        first, end, others = text.partition("\n")
        text = f"{first.replace(_OWN_MARK, '')}{end}{others}"
        if _whole().has(text):
            return "", ""
        if text.endswith(">"):
            words, angle, note = text.rpartition("<")
            if _edits().has(note := f"{angle}{note}"):
                return words.rstrip(), ""
            if note in self._behind:
                return words.rstrip(), note
        return (others, first) if first in self._alone else (text, "")

    def _without_omitted(self, text: str) -> str:
        """Return a text without the note of a file that was left out above or below it."""
        first, _, others = text.partition("\n")
        if first.startswith("<") and others and _omitted().has(first):
            return others
        words, mark, note = text.rpartition(_OWN_MARK)
        if not (mark and words.strip() and (_omitted().has(note) or note in self._behind)):
            return text
        words = words.rstrip()
        title = _TITLE.fullmatch(words.replace(_OWN_MARK, ""))
        return "" if title and (title["pages"] or _documents().has(note)) else words

    def _is_attached(self, match: re.Match[str]) -> bool:
        return self._is_certain(match) or match["words"] in self._words

    def _is_certain(self, match: re.Match[str]) -> bool:
        return self._is_sure(match) or _attached().has(match["words"])

    def _is_sure(self, match: re.Match[str]) -> bool:
        """Return whether a name is that of a file, whatever the words beside it say."""
        return match[0].startswith(_OWN_MARK) or self._is_file(match["file"])

    def _is_file(self, name: str) -> bool:
        return name in self._beside or _OWN_NAME.fullmatch(name) is not None

    def _without_attached(self, text: str, files: list[str]) -> str:
        """Return a text without marked notes and the names of files, which are added to `files`."""

        def removed(match: re.Match[str]) -> str:
            name = match["old"] or match["file"]
            if match["old"] or match["mark"] or self._is_file(name):
                files.append(name)
                return ""
            return match[0]

        message = _MARKED.sub("", _ATTACHED.sub(removed, text))
        return text if message == text else message.strip()


def _is_note(text: str, count: int) -> bool:
    """Return whether a message in angle brackets, which came so often, is the app's."""
    is_word = " " not in text and text.isascii()
    return count >= 3 and not is_word


def _is_title(text: str, files: list[str]) -> bool:
    """Return whether a text stands before a document: its name, and how many pages it has."""
    title, bullet, _ = text.partition(" • ")
    return bool(bullet and files and files[0].endswith(title))


WHATSAPP: Final = TextChat(
    "whatsapp",
    Message("WhatsApp"),
    Message(
        "two messages of one shape, a date and a time before each, the first in the first line"
    ),
    grammar_of,
)
