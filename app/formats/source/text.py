"""The text of a file, in UTF-8, UTF-16 or CP949: in pieces, or line by line."""

import codecs
import io
import itertools
import re
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Final, NamedTuple

from app.errors import BrokenFileError, ImportFileError, Message
from app.formats.source.file import Content, head
from app.formats.source.reading import BUFFER_BYTES, read_some

MAX_LINE: Final = 2**20
"""Characters of a line, by default."""
_FIRST_LINES: Final = 100
_FIRST_CHARACTERS: Final = 2 * 2**20
"""How much of a file is looked at to find out what it is."""
_SAMPLE_BYTES: Final = 4096
_ASCII_PIECES: Final = 4
"""Megabytes of ASCII alone, behind which UTF-8 is expected."""
_MIN_NUL_SHARE: Final = 0.05
_PIECE: Final = 64 * 1024
_HANGUL: Final = re.compile(r"[가-힣]")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")


class Line(NamedTuple):
    """A line: its number from 1, its text with the line end, and the fault in it.

    Of one that is too long, the text is the beginning.
    """

    number: int
    text: str
    fault: Message | None = None


class Encoding(NamedTuple):
    """How bytes become text; those that are not valid become half surrogates."""

    codec: str
    label: str
    errors: str = "surrogateescape"

    def fault(self, text: str) -> Message | None:
        """Return the fault of text that held bytes which are not valid."""
        try:
            text.encode()
        except UnicodeEncodeError:
            return Message("not valid {encoding}", encoding=self.label)
        return None


def pieces(content: Content, encoding: Encoding, *, peeks: bool = False) -> Iterator[str]:
    """Yield the text of a file. Raises BrokenFileError where that breaks off."""
    decoder = codecs.getincrementaldecoder(encoding.codec)(encoding.errors)
    with content.peek() if peeks else content.open() as stream:
        while chunk := read_some(stream, BUFFER_BYTES):
            yield decoder.decode(chunk)
        try:
            yield decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise BrokenFileError("the file ends in the middle of a character") from error


def lines(
    content: Content, limit: int = MAX_LINE, *, peeks: bool = False
) -> Generator[Line, None, None]:
    """Yield the lines of a file, the last one with or without a line end."""
    encoding, too_long = encoding_of(content), Message("longer than {size} MB", size=limit >> 20)
    with (
        content.peek() if peeks else content.open() as stream,
        io.TextIOWrapper(stream, encoding.codec, encoding.errors, newline="\n") as text,
    ):
        for number in itertools.count(1):
            line = _line(text, limit + 2)
            if not line:
                return
            if len(line) <= limit or len(line.rstrip("\r\n")) <= limit:
                yield Line(number, line, None if line.isascii() else encoding.fault(line))
                continue
            yield Line(number, line, too_long)
            while line and not line.endswith("\n"):
                line = _line(text, _PIECE)


def _line(text: io.TextIOWrapper, limit: int) -> str:
    try:
        return text.readline(limit)
    except UnicodeDecodeError as error:
        raise BrokenFileError("the file ends in the middle of a character") from error


def first_lines(content: Content, limit: int = MAX_LINE) -> list[Line]:
    """Return the first lines that are not blank, up to where the file is damaged."""
    found: list[Line] = []
    characters = 0
    with closing(lines(content, limit, peeks=True)) as read:
        try:
            for line in read:
                characters += len(line.text)
                if line.text.strip():
                    found.append(line)
                if len(found) == _FIRST_LINES or characters > _FIRST_CHARACTERS:
                    break
        except BrokenFileError:
            pass
    return found


def encoding_of(content: Content) -> Encoding:
    """Return the encoding: by its mark, by the NULs beside ASCII, by the first other letters."""
    sample = head(content, _SAMPLE_BYTES)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16", "UTF-16", "surrogatepass")
    if utf16 := _utf16(sample):
        return Encoding(utf16, "UTF-16", "surrogatepass")
    try:
        with content.peek() as stream:
            for _ in range(_ASCII_PIECES):
                piece = stream.read(2**20)
                if not piece.isascii() or not piece:
                    break
    except ImportFileError:
        piece = sample
    beyond = [line for line in piece.split(b"\n")[:10_000] if not line.isascii()][:1000]
    if sum(map(_is_cp949, beyond)) > len(beyond) / 2:
        return Encoding("cp949", "CP949")
    return Encoding("utf-8-sig", "UTF-8")


def is_blank(content: Content) -> bool:
    """Return whether there is nothing but white space in a file."""
    start = head(content, _FIRST_CHARACTERS)
    text = start.decode(encoding_of(content).codec, "replace")
    return len(start) < _FIRST_CHARACTERS and not text.strip("\ufeff \t\r\n")


def _is_cp949(raw: bytes) -> bool:
    """Return whether a line is no UTF-8, but as CP949 most of it beyond ASCII is Hangul."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)  # Its end may be cut.
    except UnicodeDecodeError:
        text = raw.decode("cp949", "replace")
        return len(_HANGUL.findall(text)) > len(_NOT_ASCII.findall(text)) / 2
    return False


def _utf16(sample: bytes) -> str:
    low, high = sample[::2].count(0), sample[1::2].count(0)
    if low + high <= _MIN_NUL_SHARE * len(sample):
        return ""
    newlines = sample.count(b"\n")
    if high > 3 * low and 2 * sample.count(b"\n\0") >= newlines:
        return "utf-16-le"
    if low > 3 * high and 2 * sample.count(b"\0\n") >= newlines:
        return "utf-16-be"
    return ""
