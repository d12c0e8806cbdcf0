"""Rooms of chats: the file that holds one, its messages as records, and who is who in it."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from itertools import count, pairwise
from typing import Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

from msgspec import structs

from app.compute.text import MAX_USERNAME_LENGTH, clean_username, drop_controls, username_key
from app.errors import BrokenFileError
from app.formats.records import BROKEN, BadRecord, Item, ReadOptions, Record, Skipped, is_broken
from app.formats.source.file import Content, Source
from app.formats.source.text import MAX_LINE, first_lines, lines

T = TypeVar("T")
MOST_LOOKED_AT: Final = 100
"""Files of an archive that are looked at to find the room among them."""
MOST_PEOPLE: Final = 100_000
"""People of a chat; the largest groups of Telegram have 200,000, of whom few speak."""
_LONGEST_NAME: Final = MAX_USERNAME_LENGTH - 20
"""Characters of a name, which leave room for a suffix."""
_NOBODY: Final = "somebody"
"""Name of who has no character in the own one that a username may have."""
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

    def said(self, text: str) -> str:
        """Return the whole text without what the app added, which may be all of it."""


def messages(lines: Iterable[tuple[int, str]], grammar: Grammar) -> Iterator[Item]:
    """Yield the messages of numbered lines; what comes before the first one is the heading.

    A line that says the day ends the message before it, and is none itself. Of a line that has
    others in it, they belong to the first.
    """
    opening, place, parts, size = Opening(is_day=True), 0, [""], 0
    for number, line in lines:
        first, *later_lines = line.split("\n", 1)
        start = grammar.read(first)
        if start is None:
            size += len(line) + 1
            parts += [line] if size <= LONGEST else []
            continue
        if not opening.is_day:
            yield message(grammar, opening, place, parts)
        opening, place, size = start, number, len(line)
        parts = [part[:LONGEST] for part in (start.text, *later_lines)]
    if not opening.is_day:
        yield message(grammar, opening, place, parts)


def message(grammar: Grammar, opening: Opening, place: int, parts: Iterable[str]) -> Item:
    """Return a message as a record, without a zone and under the name that stands there."""
    name, text = opening.name, grammar.said("\n".join(parts).strip("\n"))
    if is_broken(name + text):
        return BadRecord(place, BROKEN)
    if not name or not text.strip():
        return Skipped(place, "media" if name else "system")
    return Record(
        place=place,
        text=text,
        username=None if name in grammar.exporters else name,
        display_name=name,
        platform="local",
        created_at=opening.when,
    )


def moment(day: date | None, text: str) -> datetime | None:
    """Return the day at a time by 12 or 24 hours; None where one of both is not known."""
    match = _TIME.fullmatch(text.strip())
    if day is None or match is None:
        return None
    hour, half = int(match["h"]), (match["before"] or match["after"] or "").lower()
    if half:
        hour = hour % 12 + 12 * (half == "오후" or half.startswith("p"))
    try:
        return datetime.combine(day, time(hour, int(match["m"]), int(match["s"] or 0)))
    except ValueError:
        return None


def find_room(
    source: Source, end: str | tuple[str, ...], grammar_of: Callable[[Content], T | None]
) -> tuple[Content, T] | None:
    """Return the room, the file itself or the one in it whose name ends so, and how it is written.

    Raises UnrecognisedFileError where there are several.
    """
    if not source.has_members:
        grammar = grammar_of(source)
        return None if grammar is None else (source, grammar)
    grammars: dict[str, T] = {}
    names = sorted(name for name in source.members if name.lower().endswith(end))
    for name in names[:MOST_LOOKED_AT]:
        if (grammar := grammar_of(source.member(name))) is not None:
            grammars[name] = grammar
    room = source.only(grammars)
    if room is None:
        return None
    source.expect([room])
    return source.member(room), grammars[room]


def head_of(content: Content) -> list[str]:
    """Return the first lines that are not blank, without their ends."""
    return [line.rstrip("\r\n").lstrip("\ufeff") for line in first_lines(content)]


def read_text(content: Content, grammar: Grammar) -> Iterator[Item]:
    """Yield the messages of a text."""
    is_crlf = _has_crlf(content, grammar)
    grammar.begin(line for _, line in _whole_lines(content.uncounted, is_crlf=is_crlf))
    yield from messages(_whole_lines(content, is_crlf=is_crlf), grammar)


def _has_crlf(content: Content, grammar: Grammar) -> bool:
    """Return whether messages end in CRLF: then a bare LF is a line break inside of one."""
    first = first_lines(content)
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


def zone_of(name: str | None) -> tzinfo | None:
    """Return the zone of that name, None for the machine's. Raises ValueError."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        raise ValueError("there is no such time zone; one is Asia/Seoul") from None


def renaming(pairs: Iterable[str]) -> dict[str, str]:
    """Return the new names by the old ones, each pair `A=B`. Raises ValueError."""
    names = {}
    for pair in pairs:
        old, _, new = pair.rpartition("=")
        if not old.strip() or not new.strip():
            raise ValueError("a new name is given as A=B")
        names[old.strip()] = new.strip()
    return names


@dataclass(slots=True)
class People:
    """Gives each of a chat's people a username; who comes first has the plain one."""

    options: ReadOptions
    absent: set[str] = field(init=False)
    """Names in the options that nobody has had so far."""
    _zone: tzinfo | None = field(init=False)
    _usernames: dict[tuple[str, str | None], str] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)
    """Of several people of one name, who is meant by it: the username."""
    _taken: set[str] = field(default_factory=set)
    _suffixes: dict[str, Iterator[int]] = field(default_factory=dict)
    """Of several usernames that would be alike, the numbers that are not taken yet."""

    def __post_init__(self) -> None:
        self._zone = zone_of(self.options.timezone)
        self.absent = {*self.options.only, *self.options.rename}

    def named(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items with usernames, and times in UTC; who exported may have none."""
        for item in items:
            yield self._named(item) if isinstance(item, Record) else item

    def _named(self, record: Record) -> Item:
        name = record.username
        username = self._username(name, record.author_id) if name else self.options.username
        person = record.display_name or ""
        names = {username, person} if self._first.get(person, username) == username else {username}
        new = next((new for old, new in self.options.rename.items() if old in names), None)
        if new:
            username = as_username(new)
            names |= {new, username}
        self.absent.difference_update(names)
        if self.options.only and names.isdisjoint(self.options.only):
            return Skipped(record.place, "unwanted")
        return structs.replace(
            record,
            username=username,
            author_id=None,
            display_name=new or (person if name or not username else None),
            created_at=self._utc(record.created_at),
        )

    def _username(self, name: str, number: str | None) -> str:
        """Return a person's username: the name, or what it becomes where it can be none."""
        username = self._usernames.get((name, number))
        if username is None:
            if len(self._usernames) >= MOST_PEOPLE:
                raise BrokenFileError(
                    "more than {count} people speak in this chat", count=f"{MOST_PEOPLE:,}"
                )
            username = plain = as_username(name)
            suffixes = self._suffixes.setdefault(username_key(plain), count(2))
            while username_key(username) in self._taken:
                username = f"{plain}_{next(suffixes)}"
            self._taken.add(username_key(username))
            self._usernames[name, number] = username
            self._first.setdefault(name, username)
        return username

    def _utc(self, when: datetime | None) -> datetime | None:
        if when is None or when.tzinfo is not None:
            return when
        try:
            local = when.replace(tzinfo=self._zone) if self._zone else when
            return local.astimezone(UTC)
        except (OverflowError, ValueError, OSError):
            return None


@lru_cache(maxsize=1_000)
def as_username(name: str) -> str:
    """Return a name without what a username may not have, spaces as `_`."""
    printable = "_".join(drop_controls(name[:_LONGEST_NAME]).split())
    possible = "".join(c for c in printable if _is_possible(f"a{c}"))
    return clean_username(possible) if _is_possible(possible) else _NOBODY


def _is_possible(name: str) -> bool:
    try:
        clean_username(name)
    except ValueError:
        return False
    return True
