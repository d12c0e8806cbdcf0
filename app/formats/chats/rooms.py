"""Rooms of chats: where they lie in a file, their lines, and their messages as records."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import pairwise
from typing import Final, Literal, Protocol, TypeVar

from app.errors import BrokenFileError, ImportFileError, LimitReachedError, UnrecognisedFileError
from app.formats.records import BROKEN, BadRecord, Item, Record, Skipped, is_broken
from app.formats.source.file import Content, Source, head
from app.formats.source.text import MAX_LINE, first_lines, lines

T = TypeVar("T")
ReadRoom = Callable[[Content, T], Iterator[Item]]
MOST_ROOMS: Final = 100
"""Files of an archive that are looked at to find the rooms among them."""
Fate = Literal["said", "system", "media", "deleted"]
LONGEST: Final = 30_000
"""Characters of a message that are kept: more than a post may have."""
_TIME: Final = re.compile(
    r"(?P<before>오전|오후|[AP]M)?\s?(?P<h>\d{1,2})[:.](?P<m>\d{2})(?:[:.](?P<s>\d{2}))?"
    r"\s?(?P<after>[ap]\.?\s?m\.?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a line begins: a message, or a line of the app where `name` is empty."""

    name: str
    when: datetime | None
    """As the exporting device showed it, without a zone; None for the app's own."""
    text: str
    fate: Fate = "said"
    is_day: bool = False
    """Whether it only says the day of what follows."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message of a room, or a line of its app."""

    place: int
    """Number of its first line, from 1."""
    name: str
    when: datetime | None
    text: str
    fate: Fate


class Grammar(Protocol):
    """How one app writes a room."""

    def read(self, line: str) -> Opening | None:
        """Return what the line begins; None for a line that goes on with the one before."""

    def classify(self, text: str) -> tuple[Fate, str]:
        """Return whether the whole text was said, and the text without what the app added."""


def messages(lines: Iterable[tuple[int, str]], grammar: Grammar) -> Iterator[ChatMessage]:
    """Yield the messages of numbered lines; what comes before the first one is the heading.

    A line that says the day ends the message before it, and is none itself. Of a line that has
    others in it, they belong to the first.
    """
    opening, place, parts, size = None, 0, [""], 0
    for number, line in lines:
        first, _, rest = line.partition("\n")
        found = grammar.read(first)
        if found is None:
            size += len(line) + 1
            if size <= LONGEST:
                parts.append(line)
            continue
        if opening is not None and not opening.is_day:
            yield _message(grammar, opening, place, parts)
        opening, place, size = found, number, len(line)
        parts = [found.text[:LONGEST], rest[:LONGEST]] if rest else [found.text[:LONGEST]]
    if opening is not None and not opening.is_day:
        yield _message(grammar, opening, place, parts)


def _message(grammar: Grammar, opening: Opening, place: int, parts: list[str]) -> ChatMessage:
    text, fate = "\n".join(parts).strip("\n"), opening.fate
    if opening.name and fate == "said":
        fate, text = grammar.classify(text)
    return ChatMessage(place, opening.name, opening.when, text, fate)


def time_of(text: str) -> time | None:
    """Return a time of day, by 12 or 24 hours; None for one that no clock shows."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    half = (found["before"] or found["after"] or "").lower()
    hour = int(found["h"])
    if half:
        hour = hour % 12 + 12 * (half == "오후" or half.startswith("p"))
    try:
        return time(hour, int(found["m"]), int(found["s"] or 0))
    except ValueError:
        return None


def moment(day: date | None, text: str) -> datetime | None:
    """Return the day at that time; None where one of both is not known."""
    clock = time_of(text)
    return None if day is None or clock is None else datetime.combine(day, clock)


def find_rooms(
    source: Source, names: Callable[[str], bool], grammar_of: Callable[[Content], T | None]
) -> list[tuple[Content, T]]:
    """Return the rooms, the file itself or those in it, each with how it is written.

    Raises UnrecognisedFileError where there are too many files to look at.
    """
    if not source.has_members:
        grammar = grammar_of(source)
        return [] if grammar is None else [(source, grammar)]
    wanted = sorted(filter(names, source.members()))
    if len(wanted) > MOST_ROOMS:
        raise UnrecognisedFileError(
            "{name} holds {count} files that may be chats; import at most {most} at once",
            name=source.name,
            count=len(wanted),
            most=MOST_ROOMS,
        )
    found: dict[str, T] = {}
    damaged = []
    for name in wanted:
        try:
            head(source.member(name), 1)
            grammar = grammar_of(source.member(name))
        except ImportFileError:
            damaged.append(name)
            continue
        if grammar is not None:
            found[name] = grammar
    if found:
        # What is damaged may be a room too; reading it says so.
        found |= dict.fromkeys(damaged, next(iter(found.values())))
        source.expect(found)
    return [(source.member(name), grammar) for name, grammar in found.items()]


def items_of(rooms: Iterable[tuple[Content, T]], read: ReadRoom[T]) -> Iterator[Item]:
    """Yield the items of rooms one after the other, numbered through all.

    A damaged room ends itself. Raises BrokenFileError behind the last one.
    """
    place, fault = 0, None
    for content, grammar in rooms:
        before = place
        try:
            for item in read(content, grammar):
                place = before + item.place
                yield replace(item, place=place) if before else item
        except LimitReachedError:
            raise
        except BrokenFileError as error:
            fault = fault or error
    if fault:
        raise fault


def is_text(name: str) -> bool:
    """Return whether a file's name is that of a text."""
    return name.lower().endswith(".txt")


def head_of(content: Content) -> list[str]:
    """Return the first lines that are not blank, without their ends."""
    return [line.text.rstrip("\r\n").lstrip("\ufeff") for line in first_lines(content)]


def has_crlf(content: Content, grammar: Grammar) -> bool:
    """Return whether messages end in CRLF: then a bare LF is a line break inside of one."""
    first = [line.text for line in first_lines(content)]
    ends = [
        before.endswith("\r\n")
        for before, line in pairwise([*first[:1], *first])
        if (opening := grammar.read(line.strip("\ufeff\r\n"))) and opening.name
    ]
    return 2 * sum(ends) > len(ends)


def whole_lines(content: Content, *, is_crlf: bool) -> Iterator[tuple[int, str]]:
    """Yield the lines that may begin a message, with their numbers.

    With `is_crlf` only CRLF ends one: what was pasted into a message begins none.
    """
    number, parts, size = 0, [""], 0
    for line in lines(content):
        number = number or line.number
        size += len(line.text)
        if size <= MAX_LINE:
            parts.append(line.text)
        if not is_crlf or line.text.endswith("\r\n"):
            yield number, "".join(parts).rstrip("\r\n")
            number, parts, size = 0, [], 0
    if number:
        yield number, "".join(parts).rstrip("\r\n")


def read_messages(found: Iterable[ChatMessage], exporters: Collection[str]) -> Iterator[Item]:
    """Yield the messages as records, without a zone and under the names that stand there."""
    for message in found:
        if is_broken(message.name + message.text):
            yield BadRecord(message.place, BROKEN)
        elif message.fate == "said" and message.text.strip():
            yield Record(
                place=message.place,
                text=message.text,
                username=None if message.name in exporters else message.name,
                display_name=message.name,
                platform="local",
                created_at=message.when,
            )
        else:
            yield Skipped(message.place, "empty" if message.fate == "said" else message.fate)
