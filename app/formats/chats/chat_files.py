"""Files of an archive that contain chats: finding, reading, naming damaged ones."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Final, Generic, NamedTuple, TypeVar

from app.compute.text import clean_title
from app.errors import BrokenFileError, LimitReachedError, Message, message_of
from app.formats.records import Item, LeftOut
from app.formats.source.file import Content, Source, head
from app.formats.source.json import check_closed

T = TypeVar("T")
MOST_OTHERS: Final = 500


class RoomFile(NamedTuple, Generic[T]):
    content: Content
    grammar: T
    names: tuple[str, ...]
    """Names of the file and its folder without endings; for one room, also the archive's."""


def find_rooms(
    source: Source, end: str | tuple[str, ...], grammar_of: Callable[[Content], T | None]
) -> list[RoomFile[T]]:
    if not source.has_members:
        grammar = grammar_of(source)
        return [] if grammar is None else [RoomFile(source, grammar, _names(source.name))]
    grammars: dict[str, T] = {}
    names = sorted(name for name in source.members if name.lower().endswith(end))
    for place, name in enumerate(names):
        if place - len(grammars) >= MOST_OTHERS:
            break
        if (grammar := grammar_of(source.member(name))) is not None:
            grammars[name] = grammar
    if grammars:
        source.expect(grammars)
    whole = _names(source.name) if len(grammars) == 1 else ()
    return [
        RoomFile(source.member(name), grammar, _names(name) + whole)
        for name, grammar in grammars.items()
    ]


def _names(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name.replace("\\", "/"))
    return clean_title(path.stem) or "", clean_title(path.parent.name) or ""


def one_by_one(parts: Iterable[Iterator[Item]]) -> Iterator[Item]:
    """Yield the items of all parts. Raises the first BrokenFileError after the last part."""
    fault: BrokenFileError | None = None
    for part in parts:
        try:
            yield from part
        except LimitReachedError:
            raise
        except BrokenFileError as error:
            fault = fault or error
    if fault is not None:
        raise fault


def damaged_beside(source: Source) -> list[LeftOut]:
    """Return a note for each file that is too damaged to be recognised as a chat."""
    names = sorted(
        name
        for name in source.members.keys() - source.expected
        if name.lower().endswith((".json", ".jsonl", ".txt", ".csv"))
    )
    faults = _faults(source.member(name) for name in names[:MOST_OTHERS])
    notes = [
        LeftOut(Message("{fault}; this file is left out", fault=fault))
        for fault in islice(faults, 20)
    ]
    is_more = bool(notes) and (len(names) > MOST_OTHERS or next(faults, None) is not None)
    further = Message("more files may be damaged and left out; they are not listed")
    return [*notes, LeftOut(further)] if is_more else notes


def _faults(contents: Iterator[Content]) -> Iterator[Message]:
    for content in contents:
        try:
            if not content.name.lower().endswith((".json", ".jsonl")):
                head(content, 1)
            elif content.stored.size:
                check_closed(content, is_json=True)
            else:
                yield Message("{name} is empty", name=content.name)
        except BrokenFileError as error:
            yield message_of(error)
