"""Files of chats: where a room lies, its lines, and its messages as records."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Final, TypeVar

from app.errors import ImportFileError
from app.formats.chats.messages import ChatMessage, Grammar
from app.formats.records import BROKEN, BadRecord, Item, Record, Skipped, is_broken
from app.formats.source.file import Content, Source
from app.formats.source.text import MAX_LINE, first_lines, lines

T = TypeVar("T")
MOST_LOOKED_AT: Final = 20
"""Texts of an archive that are looked at to find the room among them."""


def find_room(
    source: Source, names: Callable[[str], bool], grammar_of: Callable[[Content], T | None]
) -> tuple[Content, T] | None:
    """Return the room, the file itself or one of those in it, and how it is written."""
    if not source.has_members:
        grammar = grammar_of(source)
        return None if grammar is None else (source, grammar)
    wanted = sorted(filter(names, source.members()), key=len)
    for name in wanted[:MOST_LOOKED_AT]:
        with suppress(ImportFileError):
            if (grammar := grammar_of(source.member(name))) is not None:
                source.expect([name])
                return source.member(name), grammar
    return None


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
