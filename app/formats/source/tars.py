"""The files of a tar, found by its headers; the content between them is not read.

`tarfile.TarFile` copies global headers into each member, and takes quadratic time for some headers
(CVE-2024-6232). Sources: POSIX pax, "Extended Header"; GNU tar manual, "Basic Tar Format".
"""

import io
import tarfile
from collections.abc import Iterator, Mapping
from functools import partial
from typing import BinaryIO, Final, NamedTuple

from app.errors import BrokenFileError
from app.formats.source.members import MAX_LIST_BYTES, READ_ERRORS, Listing, Member, damaged

MAX_HEADER_BYTES: Final = 64 * 1024
"""Maximum size of a header without its block: names, times, and programs' notes."""
_BLOCK: Final = tarfile.BLOCKSIZE
_ENCODING: Final = ("utf-8", "surrogateescape")
_MOST_DIGITS: Final = 18
_LONG: Final = frozenset({tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
_OF_ONE: Final = frozenset({tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE})


class _Header(NamedTuple):
    info: tarfile.TarInfo
    name: str
    size: int
    is_sparse: bool


def is_tar(start: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(start, *_ENCODING)
    except tarfile.HeaderError:
        return False
    return True


def listing_of_tar(file: BinaryIO, label: str) -> Listing:
    """Return the plain files, and any damage of the tar.

    Raises BrokenFileError for too many files, and for too long a header.
    """
    listing = Listing()
    try:
        for header in _Headers(file, label):
            name = header.name.rstrip("/").removeprefix("./")
            if header.info.isreg() and not header.is_sparse:
                part = partial(_Part, file, file.tell(), header.size)
                listing.add(name, Member(header.size, part))
            elif not header.info.isdir():
                listing.add(name, None)
    except READ_ERRORS:
        listing.fault = damaged(label)
    return listing


class _Headers:
    """Reads header by header; the file is at the content of each yielded one."""

    def __init__(self, file: BinaryIO, label: str) -> None:
        self._file = file
        self._label = label
        self._left = MAX_LIST_BYTES
        self._end = file.seek(0, io.SEEK_END)

    def __iter__(self) -> Iterator[_Header]:
        """Raises the READ_ERRORS if the tar is damaged."""
        self._file.seek(0)
        for_all: dict[bytes, bytes] = {}
        for_one: dict[bytes, bytes] = {}
        while (block := self._block()) is not None:
            info = tarfile.TarInfo.frombuf(block, *_ENCODING)
            if info.type in _LONG:
                long_name = self._said(info).partition(b"\0")[0]
                for_one |= {b"path": long_name} if info.type == tarfile.GNUTYPE_LONGNAME else {}
            elif info.type in _OF_ONE or info.type == tarfile.XGLTYPE:
                said_of = for_one if info.type in _OF_ONE else for_all
                said_of |= _fields(self._said(info))
            else:
                header = self._header(block, info, for_all | for_one)
                at = self._file.tell()
                yield header
                # Only folders, links and devices have no content.
                if not (info.isdir() or info.issym() or info.islnk() or info.isdev()):
                    at += _padded(header.size)
                if at > self._end + _BLOCK:
                    raise EOFError
                self._file.seek(at)
                for_one = {}

    def _header(
        self, block: bytes, info: tarfile.TarInfo, fields: Mapping[bytes, bytes]
    ) -> _Header:
        is_old_sparse = info.type == tarfile.GNUTYPE_SPARSE
        # These bytes of its header, and of a block after it, say if another block follows.
        head, behind = 482, 504
        size = _number(fields[b"size"]) if b"size" in fields else info.size
        if size < 0:
            raise ValueError("no size")
        goes_on = is_old_sparse and block[head]
        while goes_on:
            goes_on = self._read(_BLOCK)[behind]
        return _Header(
            info,
            fields[b"path"].decode(*_ENCODING) if b"path" in fields else info.name,
            size,
            is_old_sparse or any(key.startswith(b"GNU.sparse.") for key in fields),
        )

    def _block(self) -> bytes | None:
        block = self._read(_BLOCK, is_end_allowed=True)
        return block if block.strip(b"\0") else None

    def _said(self, info: tarfile.TarInfo) -> bytes:
        if not 0 <= info.size <= self._end:
            raise EOFError
        if info.size > MAX_HEADER_BYTES:
            raise BrokenFileError(
                "{name} has a header of more than {size} KB",
                name=self._label,
                size=MAX_HEADER_BYTES >> 10,
            )
        return self._read(_padded(info.size))[: info.size]

    def _read(self, size: int, *, is_end_allowed: bool = False) -> bytes:
        self._left -= size
        if self._left < 0:
            raise BrokenFileError("{name} contains too many files", name=self._label)
        data = self._file.read(size)
        if len(data) < size and (data or not is_end_allowed):
            raise EOFError
        return data


def _fields(data: bytes) -> dict[bytes, bytes]:
    r"""Return the needed fields of an extended header's records, `LENGTH KEY=VALUE\\n` each.

    Raises ValueError.
    """
    fields: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        length = data[at : at + _MOST_DIGITS].partition(b" ")[0]
        end = at + _number(length)
        key, mark, value = data[at + len(length) + 1 : end].partition(b"=")
        if not mark or not value.endswith(b"\n"):
            raise ValueError("no record of an extended header")
        if key in {b"path", b"size"} or key.startswith(b"GNU.sparse."):
            fields[key] = value[:-1]
        at = end
    return fields


def _number(text: bytes) -> int:
    if not text.isdigit() or len(text) > _MOST_DIGITS:
        raise ValueError("no number")
    return int(text)


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


class _Part(io.RawIOBase):
    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._at = start
        self._end = start + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # is always one
        self._file.seek(self._at)
        data = self._file.read(min(len(buffer), self._end - self._at))
        if not data and self._at < self._end:
            raise EOFError
        self._at += len(data)
        buffer[: len(data)] = data
        return len(data)
