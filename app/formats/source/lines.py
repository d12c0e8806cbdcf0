"""Lines of a file: as bytes, or as text in UTF-8, UTF-16 or CP949; the size of each is limited."""

import codecs
import contextlib
import io
import re
from collections.abc import Iterator
from itertools import count
from typing import IO, BinaryIO, Final, NamedTuple

from app.errors import Message
from app.formats.records import BrokenFileError
from app.formats.source.content import Content
from app.formats.source.file import Source
from app.formats.source.reading import BUFFER_BYTES, ChunkReader, Rejoined, read_up_to

HEAD_BYTES: Final = 2 * 2**20
MAX_LINE_BYTES: Final = 2**20
TOO_LONG_LINE: Final = Message("longer than {size} MB", size=MAX_LINE_BYTES >> 20)

_PIECE_BYTES: Final = 64 * 1024
_HANGUL = re.compile(r"[가-힣]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_GUESS_BYTES: Final = 4096
_MIN_NUL_SHARE: Final = 0.05


class RawLine(NamedTuple):
    """A line with its end, and its number from 1; only the beginning of one over the limit."""

    number: int
    raw: bytes
    is_too_long: bool


class Line(NamedTuple):
    """A physical line: its number from 1, its text with the line end, or the fault in it."""

    number: int
    text: str
    fault: Message | None = None


def raw_lines(stream: IO[bytes], limit: int = MAX_LINE_BYTES) -> Iterator[RawLine]:
    """Yield the lines of a stream, the last one with or without a line end."""
    for number in count(1):
        raw = stream.readline(limit + 2)
        if not raw:
            return
        is_too_long = len(raw.rstrip(b"\r\n")) > limit
        piece = raw
        while is_too_long and piece and not piece.endswith(b"\n"):
            piece = stream.readline(_PIECE_BYTES)
        yield RawLine(number, raw, is_too_long)


def source_lines(source: Source) -> Iterator[Line]:
    """Yield all lines of a source; its beginning tells the encoding."""
    head = source.head(HEAD_BYTES)
    with source.open() as stream:
        yield from _lines(stream, head)


def head_lines(source: Source) -> Iterator[Line]:
    """Yield the complete lines at the beginning of a source, without consuming them."""
    head = source.head(HEAD_BYTES)
    whole = head[: len(head) // 2 * 2] if _utf16(head) else head
    for line in _lines(io.BytesIO(whole), head):
        if len(head) < HEAD_BYTES or line.text.endswith("\n"):
            yield line


def is_blank(source: Source) -> bool:
    """Return whether there is nothing but white space in a source."""
    head = source.head(HEAD_BYTES)
    return len(head) < HEAD_BYTES and not head.decode(_utf16(head) or "utf-8-sig", "replace").strip(
        "\ufeff \t\r\n"
    )


def utf8_head(source: Content) -> bytes:
    """Return the beginning of a source, recoded if it is in UTF-16, without a byte order mark."""
    head = source.head(HEAD_BYTES)
    if utf16 := _utf16(head):
        head = head.decode(utf16, "ignore").encode(errors="ignore")
    return head.removeprefix(codecs.BOM_UTF8)


@contextlib.contextmanager
def open_utf8(source: Content) -> Iterator[BinaryIO]:
    """Open the whole source as bytes in UTF-8, without a byte order mark."""
    head = source.head(HEAD_BYTES)
    with source.open() as stream:
        if utf16 := _utf16(head):
            stream = io.BufferedReader(_Utf16AsUtf8(stream, utf16))
        start = read_up_to(stream, len(codecs.BOM_UTF8)).removeprefix(codecs.BOM_UTF8)
        yield io.BufferedReader(Rejoined(start, stream))


def _lines(stream: BinaryIO, head: bytes) -> Iterator[Line]:
    utf16 = _utf16(head)
    if utf16:
        stream = io.BufferedReader(_Utf16AsUtf8(stream, utf16))
    decoder = _Decoder(head if not utf16 else b"")
    for number, raw, is_too_long in raw_lines(stream):
        if is_too_long:
            yield Line(number, "\n", TOO_LONG_LINE)
        else:
            whole = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
            yield Line(number, *decoder.decode(whole))


class _Decoder:
    """Decodes line by line: UTF-8, unless the first letters beyond ASCII are CP949."""

    def __init__(self, head: bytes) -> None:
        beyond = [line for line in head.split(b"\n")[:1000] if not line.isascii()]
        korean = sum(_is_cp949(line) for line in beyond)
        self._encoding = "cp949" if korean > len(beyond) / 2 else "utf-8" if beyond else ""

    def decode(self, raw: bytes) -> tuple[str, Message | None]:
        """Return the text, and the fault in it."""
        if not self._encoding and not raw.isascii():
            self._encoding = "cp949" if _is_cp949(raw) else "utf-8"
        encoding = self._encoding or "utf-8"
        try:
            return raw.decode(encoding), None
        except UnicodeDecodeError:
            fault = Message("not valid {encoding}", encoding=encoding.upper())
            return raw.decode(encoding, "replace"), fault


def _is_cp949(raw: bytes) -> bool:
    """Return whether a line is no UTF-8, but as CP949 most of it beyond ASCII is Hangul."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("cp949", "replace")
        return len(_HANGUL.findall(text)) > len(_NOT_ASCII.findall(text)) / 2
    return False


def _utf16(head: bytes) -> str:
    """Return the codec of a file in UTF-16, by its mark or by the NULs beside ASCII; else ''."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    sample = head[:_GUESS_BYTES]
    low, high = sample[::2].count(0), sample[1::2].count(0)
    if low + high <= _MIN_NUL_SHARE * len(sample):
        return ""
    newlines = sample.count(b"\n")
    if high > 3 * low and 2 * sample.count(b"\n\0") >= newlines:
        return "utf-16-le"
    if low > 3 * high and 2 * sample.count(b"\0\n") >= newlines:
        return "utf-16-be"
    return ""


class _Utf16AsUtf8(ChunkReader):
    """A UTF-16 stream read as UTF-8; half surrogate pairs come out as invalid UTF-8."""

    def __init__(self, stream: BinaryIO, codec: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
        self._pending = b""
        self._has_ended = False

    def next_chunk(self, size: int) -> bytes:
        while not self._pending and not self._has_ended:
            chunk = self._stream.read(BUFFER_BYTES)
            self._has_ended = not chunk
            try:
                text = self._decoder.decode(chunk, final=self._has_ended)
            except UnicodeDecodeError as error:
                raise BrokenFileError("the file ends in the middle of a character") from error
            self._pending = text.encode("utf-8", "surrogatepass")
        chunk, self._pending = self._pending[:size], self._pending[size:]
        return chunk
