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

    name: str = ""
    when: datetime | None = None
    """As the exporting device showed it, without a zone; None for the app's own."""
    text: str = ""
    fate: Fate = "system"
    is_day: bool = False
    """Whether it only says the day of what follows."""


class Grammar(Protocol):
    """How one app writes a room."""

    exporters: Collection[str]
    """What stands for the person who exported the room."""

    def begin(self, lines: Iterable[str]) -> None:
        """Prepare for the lines of a file from its beginning."""

    def read(self, line: str) -> Opening | None:
        """Return what the line begins; None for a line that goes on with the one before."""

    def classify(self, text: str) -> tuple[Fate, str]:
        """Return whether the whole text was said, and the text without what the app added."""


def messages(lines: Iterable[tuple[int, str]], grammar: Grammar) -> Iterator[Item]:
    """Yield the messages of numbered lines; what comes before the first one is the heading.

    A line that says the day ends the message before it, and is none itself. Of a line that has
    others in it, they belong to the first.
    """
    opening, place, parts, size = Opening(is_day=True), 0, [""], 0
    for number, line in lines:
        first, *rest = line.split("\n", 1)
        found = grammar.read(first)
        if found is None:
            size += len(line) + 1
            parts += [line] if size <= LONGEST else []
            continue
        if not opening.is_day:
            yield message(grammar, opening, place, parts)
        opening, place, size = found, number, len(line)
        parts = [part[:LONGEST] for part in (found.text, *rest)]
    if not opening.is_day:
        yield message(grammar, opening, place, parts)


def message(grammar: Grammar, opening: Opening, place: int, parts: Iterable[str]) -> Item:
    """Return a message as a record, without a zone and under the name that stands there."""
    name, text, fate = opening.name, "\n".join(parts).strip("\n"), opening.fate
    if name and fate == "said":
        fate, text = grammar.classify(text)
    if is_broken(name + text):
        return BadRecord(place, BROKEN)
    if fate == "said" and text.strip():
        return Record(
            place=place,
            text=text,
            username=None if name in grammar.exporters else name,
            display_name=name,
            platform="local",
            created_at=opening.when,
        )
    return Skipped(place, "empty" if fate == "said" else fate)


def moment(day: date | None, text: str) -> datetime | None:
    """Return the day at a time by 12 or 24 hours; None where one of both is not known."""
    found = _TIME.fullmatch(text.strip())
    if day is None or found is None:
        return None
    hour, half = int(found["h"]), (found["before"] or found["after"] or "").lower()
    if half:
        hour = hour % 12 + 12 * (half == "오후" or half.startswith("p"))
    try:
        return datetime.combine(day, time(hour, int(found["m"]), int(found["s"] or 0)))
    except ValueError:
        return None


def find_rooms(
    source: Source, names: Callable[[str], bool], grammar_of: Callable[[Content], T | None]
) -> list[tuple[Content, T]]:
    """Return the rooms, the file itself or those in it, each with how it is written.

    Raises UnrecognisedFileError where there are too many files to look at.
    """
    if not source.has_members:
        grammar = grammar_of(source)
        return [] if grammar is None else [(source, grammar)]
    wanted = sorted(filter(names, source.members))
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
            if (grammar := grammar_of(source.member(name))) is not None:
                found[name] = grammar
        except ImportFileError:
            damaged.append(name)
    if found:
        # What is damaged may be a room too; reading it says so.
        found |= dict.fromkeys(damaged, next(iter(found.values())))
        source.expect(found)
    return [(source.member(name), grammar) for name, grammar in found.items()]


def items_of(
    rooms: Iterable[tuple[Content, T]], read: Callable[[Content, T], Iterator[Item]]
) -> Iterator[Item]:
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


def read_text(content: Content, grammar: Grammar) -> Iterator[Item]:
    """Yield the messages of a text."""
    is_crlf = _has_crlf(content, grammar)
    grammar.begin(line for _, line in _whole_lines(content.uncounted, is_crlf=is_crlf))
    yield from messages(_whole_lines(content, is_crlf=is_crlf), grammar)


def _has_crlf(content: Content, grammar: Grammar) -> bool:
    """Return whether messages end in CRLF: then a bare LF is a line break inside of one."""
    first = [line.text for line in first_lines(content)]
    ends = [
        before.endswith("\r\n")
        for before, line in pairwise([*first[:1], *first])
        if (opening := grammar.read(line.strip("\ufeff\r\n"))) and opening.name
    ]
    return 2 * sum(ends) > len(ends)


def _whole_lines(content: Content, *, is_crlf: bool) -> Iterator[tuple[int, str]]:
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
