"""The skeleton of chats in text: an app's grammar reads the beginning of a line."""

import re
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby, pairwise
from typing import Any, Final, NamedTuple, Protocol

from msgspec import structs

from saywho.errors import Message
from saywho.formats.assumptions import ReadNotes
from saywho.formats.chats.chat_files import RoomFile, attachments_of, find_rooms, one_by_one
from saywho.formats.chats.sentence_tables import Movement
from saywho.formats.reading import BROKEN, BadRecord, Skipped, is_broken, readable
from saywho.formats.records import FileRoom, Format, Item, Moved, ReadOptions, Record, RecordStream
from saywho.formats.source.file import Content, Source
from saywho.formats.source.text import MAX_LINE, first_lines, lines
from saywho.formats.source.times import time_or_field
from saywho.formats.source.written.dates import FileDates
from saywho.formats.source.written.days import WrittenDay
from saywho.formats.source.written.order import DateUse
from saywho.text import clean_title

LONGEST_HEADING: Final = 600
HEADING_LINES: Final = 5
_MOST_NOTICES: Final = 10_000
LONGEST: Final = 120_000
"""Maximum length of a message in characters; a longer message is rejected, not cut."""
_MOST_DAY_LINES: Final = 10_000_000
"""Number of the last line with a date that is compared."""
_DATES_IN_WORDS: Final = Message("Lines with only a date that are read as words of a message")
_UNREAD_LINES: Final = Message("Lines that belong to no message and are not read")
_LONGEST_RUN: Final = 3
"""Most dates in a row that count as written by people."""


class Opening(NamedTuple):
    """A message's or day's beginning, or a line of the app, without `name`."""

    name: str = ""
    when: datetime | None = None
    """Time on the exporting device, without a zone; unknown in some lines of the app."""
    text: str = ""
    """The first line; for a line of the app, only if no table has it."""
    moved: Movement | None = None
    """Who came or left, or changed name, by a line of the app."""
    is_day: bool = False


class Spoken(NamedTuple):
    text: str
    files: tuple[str, ...] = ()
    taken: str = ""
    """Text attributed to the app without a table."""


class Grammar(Protocol):
    """How one app writes a room."""

    exporters: Collection[str] = frozenset()

    def choose(self, options: ReadOptions) -> None:
        """Take the importer's options, before the lines."""
        return

    def begin(self, lines: Iterable[str]) -> None:
        """Prepare for the lines of a file from its beginning, if they depend on each other."""
        return

    def note(self, notes: ReadNotes) -> None:
        return

    def is_heading(self, line: str) -> bool:
        """Return whether a line above the messages is the app's heading."""
        return False

    def read(self, line: str) -> Opening | None:
        """Return the message or note that the line begins; None if it continues the line before."""

    def said(self, text: str) -> Spoken:
        """Return the whole text without the app's additions, which may be all of it."""
        return Spoken(text)

    def room(self, file: "RoomFile[Any]") -> FileRoom:
        """Return the room in a file of this grammar."""

    def items(self, content: Content) -> Iterator[Item]:
        is_crlf = self._begun(content)
        self.note(content.notes)
        yield from messages(whole_lines(content, is_crlf=is_crlf), self, content.notes)

    def _begun(self, content: Content) -> bool:
        """Begin a file's lines; return whether CRLF ends them, so that a bare LF is inside one."""
        first = first_lines(content)
        ends = [
            before.endswith("\r\n")
            for before, line in pairwise([*first[:1], *first])
            if (opening := self.read(line.strip("\ufeff\r\n"))) and opening.name
        ]
        is_crlf = 2 * sum(ends) > len(ends)
        self.begin(readable(whole_lines(content.uncounted, is_crlf=is_crlf)))
        return is_crlf


def messages(
    lines: Iterable[tuple[int, str]], grammar: Grammar, notes: ReadNotes | None = None
) -> Iterator[Item]:
    """Yield the messages of numbered lines; lines before the first message are the heading.

    A line that states the day ends a message. A line with line breaks begins one message at most.
    """
    opening, place, parts, size = Opening(is_day=True), 0, [""], 0
    for number, line in lines:
        first, *later_lines = line.split("\n", 1) if "\n" in line else (line,)
        start = grammar.read(first)
        if start is None:
            is_unread = opening.is_day and bool(line.strip())
            if notes is not None and is_unread and (place or not grammar.is_heading(line)):
                notes.look_odd("left_out", _UNREAD_LINES, [line])
            size += len(line) + 1
            parts += [line] if size <= LONGEST else []
            continue
        if not opening.is_day:
            yield _of_bounded_size(size, grammar, opening, place, parts, notes)
        opening, place, size = start, number, len(line)
        parts = [part[:LONGEST] for part in (start.text, *later_lines)]
    if not opening.is_day:
        yield _of_bounded_size(size, grammar, opening, place, parts, notes)


def _of_bounded_size(size: int, grammar: Grammar, opening: Opening, place: int, *rest: Any) -> Item:
    return too_long(place) if size > LONGEST else message(grammar, opening, place, *rest)


def too_long(place: int) -> BadRecord:
    return BadRecord(place, Message("longer than {size} KB", size=LONGEST // 1000))


def message(
    grammar: Grammar,
    opening: Opening,
    place: int,
    parts: Iterable[str],
    notes: ReadNotes | None = None,
) -> Item:
    """Return a message as a record, without a zone and under the name as written."""
    name, (text, files, taken) = opening.name, grammar.said("\n".join(parts).strip("\n"))
    if not name:
        taken = opening.text
    if taken and notes is not None:
        notes.app_lines += 1
    if is_broken(name + text):
        return BadRecord(place, BROKEN)
    attached = attachments_of(files)
    if not name and opening.moved is not None:
        names = ["" if each in grammar.exporters else each for each in opening.moved.names]
        moved = opening.moved
        return Moved(place, "system", (*names,), moved.has_left, opening.when, became=moved.became)
    if not name or not (text.strip() or attached.media):
        return Skipped(place, "media" if name else "system")
    return Record(
        place=place,
        text=text,
        username=None if name in grammar.exporters else name,
        display_name=name,
        platform="local",
        created_at=opening.when,
        media=attached.media,
        files=attached.files,
    )


class DayLines:
    """Tells lines that state the day from dates that people wrote, in a chat without other days.

    A date is a person's words if the file was saved before it, or if it alone stands between days
    that go on without it. If many days follow the day at which the file was saved, that day was
    misread. `add` takes each such line, `say` each message, `begin_file` each heading, before
    `settle`.
    """

    def __init__(self) -> None:
        self.messages = 0
        self.of_people: set[int] = set()
        """Numbers of lines that are words."""
        self._files: list[tuple[date | None, list[tuple[int, int, WrittenDay]]]] = [(None, [])]

    def begin_file(self, saved: date | None) -> None:
        self._files.append((saved, []))

    def say(self, _day: date | None = None) -> None:
        self.messages += 1

    def add(self, number: int, day: WrittenDay) -> None:
        if number < _MOST_DAY_LINES:
            self._files[-1][1].append((number, self.messages, day))

    def leave_out(self, numbers: Collection[int]) -> None:
        """Leave lines out that a longer text has."""
        for _, stated in self._files:
            stated[:] = [line for line in stated if line[0] not in numbers]

    @property
    def days(self) -> Iterator[WrittenDay]:
        return (day for _, stated in self._files for _, _, day in stated)

    def settle(self, dates: FileDates) -> None:
        for saved, stated in self._files:
            read = [(number, place, dates.day(written)) for number, place, written in stated]
            days = [(number, place, day) for number, place, day in read if day is not None]
            latest = saved + timedelta(days=1) if saved else date.max
            late = {number: day for number, _, day in days if day > latest}
            if len({*late.values()}) <= _LONGEST_RUN:
                self.of_people.update(late)
                days = [line for line in days if line[0] not in late]
            self._leave_those_that_go_back(days)

    def _leave_those_that_go_back(self, days: Sequence[tuple[int, int, date]]) -> None:
        # Nobody wrote the first. Dates of one text, without messages between them, have one
        # voice, the last one's.
        ends = [
            place
            for place, (_, messages, day) in enumerate(days)
            if (place + 1 == len(days) or days[place + 1][1] != messages) and day >= days[0][2]
        ]
        rising = {ends[place] for place in _rising([days[end][2] for end in ends])}
        before, above = date.min, iter(sorted(rising))
        following = next(above, None)
        for place, (_, _, day) in enumerate(days):
            if place == following:
                before, following = day, next(above, None)
            elif place not in ends and before <= day:
                latest = days[following][2] if following is not None else date.max
                rising |= {place} if day <= latest else set()
        is_out = [place not in rising for place in range(len(days))]
        for out, run in groupby(zip(is_out, days, strict=True), lambda pair: pair[0]):
            lines_out = [(number, messages) for _, (number, messages, _) in run]
            is_in_one_text = lines_out[0][1] == lines_out[-1][1]
            if out and (len(lines_out) <= _LONGEST_RUN or is_in_one_text):
                self.of_people.update(number for number, _ in lines_out)


def _rising(days: Sequence[date]) -> set[int]:
    ends: list[int] = []
    before: list[int | None] = []
    for place, day in enumerate(days):
        at = bisect_right(ends, day, key=days.__getitem__)
        before.append(ends[at - 1] if at else None)
        ends[at : at + 1] = [place]
    places, last = set[int](), ends[-1] if ends else None
    while last is not None:
        places.add(last)
        last = before[last]
    return places


def note_names(counts: Mapping[str, int], notes: ReadNotes) -> None:
    """Note names of several words, by the numbers of their lines."""
    for name, count in counts.items():
        template = "the name is written like this in all {count} of its lines"
        notes.assume("person", name, evidence=Message(template, count=f"{count:,}"))


def day_in(text: str) -> date | None:
    """Return the day of a time such as that at which an app saved a file, if it can be read."""
    time, _ = time_or_field(text, "")
    return time and time.date()


_IN_NAME: Final = re.compile(r"(?<!\d)(\d{4})[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)")


def day_named(name: str) -> tuple[date | None, str]:
    """Return the day in a file's name, if any, and the name without it."""
    if (match := _IN_NAME.search(name)) is None:
        return None, name
    rest = f"{name[: match.start()]}{name[match.end() :]}".strip("._- ")
    return day_in("-".join(match.groups())), rest


class GrammarOfDays(Grammar):
    """How an app writes a room whose days have lines of their own; remembers the last day."""

    heading: re.Pattern[str]
    saved: re.Pattern[str]
    """The line with the time at which the app saved the file, below its heading."""
    day_lines: type[DayLines] = DayLines

    def __init__(self, day: date | None = None) -> None:
        self._day = day
        self._dates = FileDates(None, DateUse(is_chat=True))
        self._number = 0  # Of lines read so far.
        self._of_people: dict[int, str] = {}
        """Lines of days that are words, by number."""
        self._headings: set[int] = set()

    def begin(self, lines: Iterable[str]) -> None:
        """Find headings of further exports, and the lines of days that people wrote."""
        self._headings, before, found = set(), "", self.day_lines()
        stated: dict[int, str] = {}
        for number, whole in enumerate(lines, 1):
            line = whole.partition("\n")[0].removeprefix("\ufeff")
            if match := self.saved.match(line[:LONGEST_HEADING]):
                if found.messages:
                    self._headings |= {number - bool(self.heading.fullmatch(before)), number}
                found.begin_file(day_in(match["time"]))
            elif (day := self.written_day(line)) is not None:
                found.add(number, day)
                stated[number] = line
            elif (said := self.said_on(line)) is not None:
                found.say(said)
            before = line[:LONGEST_HEADING]
        self.settle(found)
        self._of_people = {number: stated[number] for number in sorted(found.of_people)}
        self._day, self._number = None, 0

    def settle(self, found: DayLines) -> None:
        found.settle(self._dates)

    def read(self, line: str) -> Opening | None:
        self._number += 1
        line = line.removeprefix("\ufeff")
        if self._number in self._headings:
            self._day = None
            return Opening(is_day=True)
        day = None if self._number in self._of_people else self.written_day(line)
        if day is not None:
            self._day = self._dates.day(day)
            return Opening(is_day=True)
        return self.begun(line)

    @abstractmethod
    def begun(self, line: str) -> Opening | None:
        """Return the beginning that a line makes, if it is no day."""

    @abstractmethod
    def said_on(self, line: str) -> date | None:
        """Return the day of a message in a line, any day without a day, None for other lines."""

    @abstractmethod
    def written_day(self, line: str) -> WrittenDay | None:
        """Return the day in a line that only states it."""

    def note(self, notes: ReadNotes) -> None:
        if self._of_people:
            notes.look_odd("times", _DATES_IN_WORDS, self._of_people.values())

    def is_heading(self, line: str) -> bool:
        return self.heading.fullmatch(line[:LONGEST_HEADING]) is not None


class TextChat(NamedTuple):
    name: str
    label: Message
    grammar_of: Callable[[Sequence[str], Collection[str]], Grammar | None]
    """Return a file's grammar, by its first lines and the names of the files next to it."""
    ends: tuple[str, ...] = (".txt",)
    heading: re.Pattern[str] | None = None
    """Number of first lines; hundreds of the app's notices may stand between it and messages."""
    began: int | None = None
    """First year of the service."""
    steps: tuple[Message, ...] = ()
    is_most: bool = False
    """Whether half of a folder's texts must be such chats: any text may have such lines."""

    def grammar_in(
        self, content: Content, head: Sequence[str], beside: Collection[str]
    ) -> Grammar | None:
        grammar = self.grammar_of(head, beside)
        is_headed = self.heading and any(
            self.heading.fullmatch(line[:LONGEST_HEADING]) for line in head[:HEADING_LINES]
        )
        if grammar is None and is_headed:
            return self.grammar_of(head_of(content, _MOST_NOTICES), beside)
        return grammar


def text_formats(*apps: TextChat) -> list[Format]:
    """Return each app's format; in a zip, it also reads rooms of the later apps."""
    return [
        Format(
            app.name,
            app.label,
            partial(_read, apps[place:]),
            is_chat=True,
            began=app.began,
            steps=app.steps,
        )
        for place, app in enumerate(apps)
    ]


def _read(apps: Sequence[TextChat], source: Source, options: ReadOptions) -> RecordStream | None:
    beside = frozenset(name.rpartition("/")[2] for name in source.members)
    found: set[str] = set()

    def grammar_of(content: Content) -> Grammar | None:
        head = head_of(content)
        for app in apps:
            if grammar := app.grammar_in(content, head, beside):
                found.add(app.name)
                grammar.choose(options)
                return grammar
        return None

    first = apps[0]
    rooms = find_rooms(source, first.ends, grammar_of)
    if first.name not in found:
        return None
    named = source.contents(lambda name: name.lower().endswith(first.ends))
    if first.is_most and 2 * len(rooms) < len(list(named)):
        return None
    items = one_by_one(map(_room_items, rooms))
    return RecordStream(first.name, "line", None, items)


def _room_items(file: RoomFile[Grammar]) -> Iterator[Item]:
    room = file.grammar.room(file)
    room = structs.replace(room, file=room.file or file.content.name)
    folder = "".join(file.content.name.rpartition("/")[:2])
    for item in file.grammar.items(file.content):
        if isinstance(item, Record):
            files = tuple(name and f"{folder}{name}" for name in item.files)
            yield structs.replace(item, room=room, files=files)
        elif isinstance(item, Moved):
            yield replace(item, room=room)
        else:
            yield item


def title_of(texts: Iterable[str], patterns: Sequence[re.Pattern[str]]) -> str:
    for text in texts:
        for pattern in patterns:
            if (match := pattern.fullmatch(text)) and (title := clean_title(match["title"])):
                return title
    return ""


def head_of(content: Content, most: int = 100) -> list[str]:
    return [line.rstrip("\r\n").lstrip("\ufeff") for line in first_lines(content, most)]


def whole_lines(content: Content, *, is_crlf: bool = False) -> Iterator[tuple[int, str]]:
    """Yield numbered lines that may begin a message.

    With `is_crlf` only CRLF ends a line, so lines pasted into a message begin none.
    """
    number, parts, size = 0, [""], 0
    for line in lines(content):
        number = number or line.number
        size += len(line.text)
        if size <= MAX_LINE:
            parts.append(line.text)
        elif not any(parts):
            parts = [line.text[: 2 * LONGEST]]  # Its message is rejected.
        if not is_crlf or line.text.endswith("\r\n"):
            yield number, "".join(parts).rstrip("\r\n")
            number, parts, size = 0, [], 0
    if number:
        yield number, "".join(parts).rstrip("\r\n")
