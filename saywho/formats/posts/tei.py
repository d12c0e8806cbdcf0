"""Books, letters and speeches in TEI, as ELTeC, ParlaMint and other corpora have them.

The body of each text is a post of the author whom the header names. Where utterances in it name
who speaks, each is a post of its own. Notes, corrections' old readings, page breaks and texts
before or behind the body are left out. Source: the TEI Guidelines, P5; ELTeC's and Parla-CLARIN's
schemas.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple
from xml.parsers import expat

from saywho.errors import Message, RecordError, message_of
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Format, Item, ReadOptions, Record, RecordStream, by_author
from saywho.formats.source.file import Content, Source, bare_head
from saywho.formats.source.members import damaged
from saywho.formats.source.times import is_time, read_time
from saywho.formats.source.xml import xml_parser
from saywho.formats.texts import MOST_CHARACTERS

_NO_WORDS: Final = frozenset(
    (
        *("note", "fw", "figDesc", "orig", "sic", "abbr", "del", "gap", "app", "index", "ref"),
        *("speaker", "castList", "desc"),
    )
)
_PARAGRAPHS: Final = frozenset(
    ("p", "l", "head", "ab", "quote", "div", "item", "salute", "signed", "lg", "sp", "stage")
)
_NAMES: Final = ("forename", "surname", "persName")
_LIFE: Final = re.compile(r"(?<!\s)\s*(?:\([^()]*\)|\[[^\[\]]*\])\.?")
_BLANKS: Final = re.compile(r"\s+")
_LONGEST_NAME: Final = 1_000
"""Characters after which no more of an author's name is read, since each part is added to it."""


class _Speech(NamedTuple):
    who: str
    """The number of a person, or their name."""
    text: str


class _Reader:
    def __init__(self) -> None:
        self._path: list[str] = []
        self._speaks: list[tuple[str, int]] = []
        """Who speaks in the open utterances, if named; how many parts stand before their words."""
        self.speeches: list[_Speech] = []
        self.day: str | None = None
        """On which was spoken."""
        self._person = ""
        """Number of the open person."""
        self.names: dict[str, dict[str, str]] = {}
        """Parts of the names of people, by their number."""
        self._open = Counter[str]()
        """Number of open elements by name: no text is looked for in the whole path."""
        self._silent = 0
        """Number of open elements without words of the author."""
        self._parts: list[str] = []
        self._size = 0
        self.authors: list[str] = []
        self._is_called = False
        """Whether the name of the author has ended."""
        self._parser = xml_parser(self._start, self._end, self._data)

    def read(self, content: Content) -> str:
        """Return the words. Raises expat.ExpatError, RecordError, BrokenFileError."""
        for data in chain(content.chunks(), [b""]):
            self._parser.Parse(data, not data)
        return self._words(0)

    def name_of(self, who: str) -> str:
        """Return the name of who speaks; their number, as the text writes it, without a name."""
        parts = self.names.get(number := who.removeprefix("#"), {})
        found = (parts.get(part, "") for part in ("forename", "surname"))
        return " ".join(filter(None, found)) or parts.get("persName") or number

    def _words(self, begin: int) -> str:
        written = "".join(self._parts[begin:]).split("\0")
        return "\n\n".join(filter(None, (_BLANKS.sub(" ", part).strip() for part in written)))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self._path.append(name)
        self._open[name] += 1
        self._silent += name in _NO_WORDS
        if name == "author" and self._path[-2:-1] == ["titleStmt"]:
            self.authors.append("")
            self._is_called = False
        if name == "person":
            self._person = attributes.get("xml:id", "")
        elif name == "date" and self._open["setting"]:
            self.day = attributes.get("when", self.day)
        elif name == "u":
            self._speaks.append((attributes.get("who", ""), len(self._parts)))
        if self._open["body"]:
            self._parts.append("\0" if name in _PARAGRAPHS else " " if name in {"lb", "pb"} else "")

    def _data(self, text: str) -> None:
        if self._path[-2:] == ["titleStmt", "author"] or (
            not self._is_called and _is_name_of_author(self._path)
        ):
            if len(self.authors[-1]) < _LONGEST_NAME:
                self.authors[-1] += text[:_LONGEST_NAME]
        elif self._person and self._path[-1] in _NAMES and "persName" in self._path[-2:]:
            parts = self.names.setdefault(self._person, {})
            parts.setdefault(self._path[-1], text.strip())
        elif self._open["body"] and not self._silent:
            self._size += len(text)
            if self._size > MOST_CHARACTERS:
                raise RecordError("longer than {size} MB", size=MOST_CHARACTERS >> 20)
            self._parts.append(text)

    def _end(self, _name: str) -> None:
        name = self._path.pop()
        self._open[name] -= 1
        self._silent -= name in _NO_WORDS
        # Behind a name may stand the same in other letters.
        self._is_called |= name in {"persName", "name"} and self._path[-1:] == ["author"]
        if name == "person":
            self._person = ""
        elif name == "u":
            who, begin = self._speaks.pop()
            if who:
                self.speeches.append(_Speech(who, self._words(begin)))
                del self._parts[begin:]
        if name in _PARAGRAPHS and self._open["body"]:
            self._parts.append("\0")


def _is_name_of_author(path: list[str]) -> bool:
    """Return whether a text is of the name in an author of the header, or of a part of it."""
    inner = path[-3:] if path[-3:-2] == ["titleStmt"] else path[-4:]
    return inner[:2] == ["titleStmt", "author"] and inner[2:3] in (["persName"], ["name"])


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
        file = content.name if source.has_members else None
        said = read_time(reader.day) if reader.day and is_time(reader.day) else None
        for who, words in reader.speeches:
            record = Record(place=place, text=words, created_at=said, source=file)
            yield by_author(record, reader.name_of(who)) if words else Skipped(place, "empty")
        if not text or reader.speeches:
            if not reader.speeches:
                yield Skipped(place, "empty")
            continue
        authors = [name for name in map(called, reader.authors) if name]
        source.notes.is_author_open |= len(authors) != 1
        record = Record(place=place, text=text, source=file)
        is_named = len(authors) == 1 and options.username is None
        yield by_author(record, authors[0]) if is_named else record


def called(author: str) -> str:
    """Return a name of a header: without years and notes, the given name first."""
    family, _, given = _BLANKS.sub(" ", _LIFE.sub("", author)).strip(" .,;").partition(", ")
    return f"{given} {family}".strip() if given and "," not in given else family


FORMAT: Final = Format("tei", Message("TEI"), read)
