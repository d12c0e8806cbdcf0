"""Books and letters in TEI, as ELTeC and other corpora have them: the body of each text.

Notes, corrections' old readings, page breaks and texts before or behind the body are left out. The
header names the author. Source: the TEI Guidelines, P5; ELTeC's schemas.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final
from xml.parsers import expat

from saywho.errors import Message, RecordError, message_of
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Format, Item, ReadOptions, Record, RecordStream, by_author
from saywho.formats.source.file import Content, Source, bare_head
from saywho.formats.source.members import damaged
from saywho.formats.source.xml import xml_parser
from saywho.formats.texts import MOST_CHARACTERS

_NO_WORDS: Final = frozenset(
    (
        *("note", "fw", "figDesc", "orig", "sic", "abbr", "del", "gap", "app", "index", "ref"),
        *("speaker", "castList"),
    )
)
_PARAGRAPHS: Final = frozenset(
    ("p", "l", "head", "ab", "quote", "div", "item", "salute", "signed", "lg", "sp", "stage")
)
_LIFE: Final = re.compile(r"(?<!\s)\s*(?:\([^()]*\)|\[[^\[\]]*\])\.?")
_BLANKS: Final = re.compile(r"\s+")


class _Reader:
    def __init__(self) -> None:
        self._path: list[str] = []
        self._bodies = 0
        """Number of open bodies; to look for a body in the path takes long in deep files."""
        self._silent = 0
        """Number of open elements without words of the author."""
        self._parts: list[str] = []
        self._size = 0
        self.authors: list[str] = []
        self._parser = xml_parser(self._start, self._end, self._data)

    def read(self, content: Content) -> str:
        """Return the words. Raises expat.ExpatError, RecordError, BrokenFileError."""
        for data in chain(content.chunks(), [b""]):
            self._parser.Parse(data, not data)
        paragraphs = (_BLANKS.sub(" ", part).strip() for part in "".join(self._parts).split("\0"))
        return "\n\n".join(filter(None, paragraphs))

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self._path.append(name)
        self._bodies += name == "body"
        self._silent += name in _NO_WORDS
        if name == "author" and self._path[-2:-1] == ["titleStmt"]:
            self.authors.append("")
        if self._bodies:
            self._parts.append("\0" if name in _PARAGRAPHS else " " if name in {"lb", "pb"} else "")

    def _data(self, text: str) -> None:
        if self._path[-2:] == ["titleStmt", "author"] or _is_name_of_author(self._path):
            self.authors[-1] += text
        elif self._bodies and not self._silent:
            self._size += len(text)
            if self._size > MOST_CHARACTERS:
                raise RecordError("longer than {size} MB", size=MOST_CHARACTERS >> 20)
            self._parts.append(text)

    def _end(self, _name: str) -> None:
        name = self._path.pop()
        self._bodies -= name == "body"
        self._silent -= name in _NO_WORDS
        if name in _PARAGRAPHS and self._bodies:
            self._parts.append("\0")


def _is_name_of_author(path: list[str]) -> bool:
    """Return whether a text is of the name in an author of the header, or of a part of it."""
    inner = path[path.index("titleStmt") :] if "titleStmt" in path else []
    return inner[1:3] in (["author", "persName"], ["author", "name"]) and len(inner) <= 4


def _is_tei(content: Content) -> bool:
    head = bare_head(content)
    return "<teiHeader" in head and ("<TEI" in head or "tei-c.org/ns/" in head)


def read(source: Source, options: ReadOptions) -> RecordStream | None:
    if contents := source.take_wanted((".xml", ".tei"), _is_tei):
        return RecordStream(FORMAT.name, "record", None, _items(source, contents, options))
    return None


def _items(source: Source, contents: list[Content], options: ReadOptions) -> Iterator[Item]:
    for place, content in enumerate(contents, 1):
        reader = _Reader()
        try:
            text = reader.read(content)
        except (expat.ExpatError, RecordError) as error:
            fault = message_of(error)
            if not source.has_members:
                raise damaged(content.name, fault) from None
            yield BadRecord(place, Message("{name}: {fault}", name=content.name, fault=fault))
            continue
        if not text:
            yield Skipped(place, "empty")
            continue
        authors = [name for name in map(called, reader.authors) if name]
        source.notes.is_author_open |= len(authors) != 1
        record = Record(place=place, text=text)
        is_named = len(authors) == 1 and options.username is None
        yield by_author(record, authors[0]) if is_named else record


def called(author: str) -> str:
    """Return a name of a header: without years and notes, the given name first."""
    family, _, given = _BLANKS.sub(" ", _LIFE.sub("", author)).strip(" .,;").partition(", ")
    return f"{given} {family}".strip() if given and "," not in given else family


FORMAT: Final = Format(
    "tei", Message("TEI"), read, mark=Message("XML with a teiHeader, a text and its body")
)
