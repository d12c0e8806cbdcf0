"""XML of any length, as elements with their texts."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final, TypeAlias
from xml.parsers import expat

from saywho.errors import Message, RecordError, message_of
from saywho.formats.assumptions import Words
from saywho.formats.reading import TOO_DEEP, BadRecord
from saywho.formats.source.file import Content
from saywho.formats.source.json import MAX_DEPTH
from saywho.formats.source.members import damaged

Fields = Mapping[str, str]
"""First text of each element of a post, by its path, such as `author/name`, and its attributes."""
OfAttributes: TypeAlias = Callable[[str, Mapping[str, str]], Fields]
_MOST_LETTERS: Final = 8 * 2**20
"""Maximum number of characters of one post, markup included."""


def xml_parser(
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
) -> expat.XMLParserType:
    """Return a parser that raises RecordError for entities and for elements in more than
    `MAX_DEPTH` levels, and calls these for all else.
    """
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise RecordError(TOO_DEEP)
        start(name, attributes)

    def close(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name)

    def refuse(*_: object) -> None:
        raise RecordError("entities are declared")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, close
    parser.CharacterDataHandler, parser.EntityDeclHandler = data, refuse
    return parser


class _Reader:
    """Collects the texts of the elements with such names, and the fields of attributes in them."""

    def __init__(
        self, names: frozenset[str], said_by: OfAttributes, words: Words | None = None
    ) -> None:
        self._names, self._said_by, self._words = names, said_by, words
        self._others: list[dict[str, str]] = []
        """Attributes, and texts of elements inside, of the open elements that are not wanted."""
        self._path: list[str] = []
        """Names of the open elements from the wanted element on."""
        self._fields: dict[str, str] = {}
        self._text: list[str] = []
        self._size = 0
        self.found: list[Fields | Message] = []
        self._parser = xml_parser(self._start, self._end, self._data)

    def feed(self, data: bytes, *, is_last: bool = False) -> list[Fields | Message]:
        """Return the elements that end here. Raises expat.ExpatError, RecordError."""
        self._parser.Parse(data, is_last)
        found, self.found = self.found, []
        return found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path and name not in self._names:
            self._others.append({**attributes})
            self._text, self._size = [], 0
            return
        self._path.append(name)
        if len(self._path) == 1:
            self._fields = {"": name} | {f"@{key}": value for key, value in attributes.items()}
            self._size = 0
        elif len(self._path) < 4:
            self._text = []
            self._fields.update(self._said_by(name, attributes))

    def _data(self, text: str) -> None:
        if 1 < len(self._path) < 4 or not self._path:
            self._size += len(text)
            if self._size <= _MOST_LETTERS:
                self._text.append(text)

    def _end(self, name: str) -> None:
        if not self._path:
            fields, text = self._others.pop(), "".join(self._text).strip()
            if text and self._others:
                self._others[-1][name] = text
            if self._words is not None and len(fields) > 1:
                self._words.see(fields, name)
            self._text = []
            return
        if len(self._path) == 1:
            fault = Message("longer than {size} MB", size=_MOST_LETTERS >> 20)
            self.found.append(self._fields if self._size <= _MOST_LETTERS else fault)
        elif len(self._path) < 4:
            if text := "".join(self._text).strip():
                path = "/".join(self._path[1:])
                if path == "wp:postmeta/wp:meta_value":
                    path = f"wp:postmeta/{self._fields.pop('wp:postmeta/wp:meta_key', '')}"
                self._fields.setdefault(path, text)
            self._text = []
        self._path.pop()


_PAIR: Final = re.compile(rb"&#(5[5-6]\d{3});&#(5[6-7]\d{3});")
_CUT_PAIR: Final = re.compile(rb"&(?:#(?:5[5-6]\d{0,3}(?:;(?:&(?:#\d{0,5})?)?)?)?)?\Z")


def _in_unicode(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield XML with a character in place of two halves, which old phones write as references."""
    before = b""
    for chunk in chunks:
        data = before + chunk
        cut = _CUT_PAIR.search(data) if chunk else None
        before = data[cut.start() :] if cut else b""
        whole = data[: cut.start()] if cut else data
        if whole or not chunk:
            yield _PAIR.sub(_character, whole)


def _character(match: re.Match[bytes]) -> bytes:
    halves = b"".join(int(half).to_bytes(2, "big") for half in match.groups())
    return halves.decode("utf-16-be", "replace").encode()


def elements(
    content: Content, names: frozenset[str], said_by: OfAttributes = lambda _name, _attributes: {}
) -> Iterator[tuple[int, Fields] | BadRecord]:
    """Yield the numbered elements. Raises BrokenFileError behind the last one before damage.

    said_by: returns the fields that the attributes of an inner element say.
    """
    reader, place = _Reader(names, said_by, content.notes.words), 0
    try:
        for data in _in_unicode(chain(content.chunks(), [b""])):
            for found in reader.feed(data, is_last=not data):
                place += 1
                yield BadRecord(place, found) if isinstance(found, Message) else (place, found)
    except (expat.ExpatError, RecordError) as error:
        raise damaged(content.name, message_of(error)) from None
