"""DAG-CBOR, the part of CBOR that Bluesky stores records in, and the blocks of a CAR file.

A general CBOR library would also create regular expressions, big numbers and references from an
upload. Sources: https://ipld.io/specs/codecs/dag-cbor/spec/,
https://ipld.io/specs/transport/car/carv1/.
"""

import struct
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Final, NamedTuple

from app.errors import Message, RecordError
from app.formats.reading import TOO_DEEP
from app.formats.source.file import Content
from app.formats.source.members import damaged

_SIZES: Final = {24: 1, 25: 2, 26: 4, 27: 8}
"""Bytes of a number after its first byte, by that byte's low bits."""
_SIMPLE: Final[dict[int, object]] = {20: False, 21: True, 22: None}
_CID_START: Final = b"\x01"
_NOT_CBOR: Final = Message("not valid DAG-CBOR")
_LONGEST_VARINT: Final = 9


class Link(NamedTuple):
    cid: bytes


class Block(NamedTuple):
    cid: bytes
    data: bytes


def decode(data: bytes) -> object:
    """Return the encoded value. Raises RecordError for anything but one value."""
    reader = _Decoder(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise RecordError(_NOT_CBOR)
    return value


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0
        self._values = 0

    def value(self, depth: int) -> object:
        self._values += 1
        if depth > 100 or self._values > 100_000:
            raise RecordError(TOO_DEEP)
        first = self._bytes(1)[0]
        kind, low = first >> 5, first & 31
        if kind == 7:
            return self._simple(low)
        number = self._number(low)
        match kind:
            case 0:
                return number
            case 1:
                return -1 - number
            case 2:
                return self._bytes(number)
            case 3:
                return self._text(number)
            case 4:
                return [self.value(depth + 1) for _ in range(self._count(number))]
            case 5:
                return {self._key(): self.value(depth + 1) for _ in range(self._count(number))}
        return self._link(number)

    def _bytes(self, size: int) -> bytes:
        start, self.at = self.at, self.at + size
        if self.at > len(self._data):
            raise RecordError(_NOT_CBOR)
        return self._data[start : self.at]

    def _number(self, low: int) -> int:
        if low < min(_SIZES):
            return low
        if low not in _SIZES:  # A length that is not stated is not allowed.
            raise RecordError(_NOT_CBOR)
        return int.from_bytes(self._bytes(_SIZES[low]), "big")

    def _count(self, number: int) -> int:
        if number > len(self._data) - self.at:
            raise RecordError(_NOT_CBOR)
        return number

    def _text(self, size: int) -> str:
        try:
            return self._bytes(size).decode()
        except UnicodeDecodeError:
            raise RecordError(_NOT_CBOR) from None

    def _key(self) -> str:
        first = self._bytes(1)[0]
        if first >> 5 != 3:
            raise RecordError(_NOT_CBOR)
        return self._text(self._number(first & 31))

    def _simple(self, low: int) -> object:
        if low == 27:  # A double.
            return struct.unpack(">d", self._bytes(8))[0]
        if low not in _SIMPLE:
            raise RecordError(_NOT_CBOR)
        return _SIMPLE[low]

    def _link(self, tag: int) -> Link:
        first = self._bytes(1)[0] if tag == 42 else 0
        cid = self._bytes(self._number(first & 31)) if first >> 5 == 2 else b""
        if not cid.startswith(b"\0" + _CID_START):
            raise RecordError(_NOT_CBOR)
        return Link(cid[1:])


def blocks(content: Content) -> Generator[Block, None, None]:
    """Yield a CAR file's blocks. Raises BrokenFileError for a truncated or other file."""
    with closing(_Sections(content)) as sections:
        header = sections.next()
        if header is None or not is_header(header):
            raise damaged(content.name)
        while (section := sections.next()) is not None:
            size = _cid_size(section)
            if not size:
                raise damaged(content.name)
            yield Block(section[:size], section[size:])


def is_car(start: bytes) -> bool:
    size, at = _varint(start)
    return bool(at) and is_header(start[at : at + size])


def is_header(data: bytes) -> bool:
    try:
        header = decode(data)
    except RecordError:
        return False
    return isinstance(header, dict) and header.get("version") == 1 and "roots" in header


def _varint(data: bytes) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[:_LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, place + 1
    return 0, 0


def _cid_size(section: bytes) -> int:
    """Return a CID's size for version 1 with SHA-256; 0 for any other."""
    _, codec_end = _varint(section[1:10])
    hash_at = 1 + codec_end
    is_known = section.startswith(_CID_START) and section[hash_at : hash_at + 2] == b"\x12\x20"
    return hash_at + 34 if is_known and codec_end and len(section) >= hash_at + 34 else 0


class _Sections:
    def __init__(self, content: Content) -> None:
        self._name = content.name
        self._chunks: Iterator[bytes] = content.chunks()
        self._data = b""

    def close(self) -> None:
        self._data = b""
        if isinstance(self._chunks, Generator):
            self._chunks.close()

    def next(self) -> bytes | None:
        self._fill(_LONGEST_VARINT)
        if not self._data:
            return None
        size, at = _varint(self._data)
        # A part is a block with its CID; a server of Bluesky accepts half of this size.
        if not at or not 0 < size <= 2 * 2**20:
            raise damaged(self._name)
        self._fill(at + size)
        if len(self._data) < at + size:
            raise damaged(self._name)
        part, self._data = self._data[at : at + size], self._data[at + size :]
        return part

    def _fill(self, size: int) -> None:
        if len(self._data) < size:
            parts, have = [self._data], len(self._data)
            while have < size and (chunk := next(self._chunks, b"")):
                parts.append(chunk)
                have += len(chunk)
            self._data = b"".join(parts)
