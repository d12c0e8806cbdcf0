"""The files of a zip or a tar, by name. Nothing is extracted.

The headers of a tar are read without the content between them: `tarfile.TarFile` copies global
headers into each member, and takes quadratic time for some headers (CVE-2024-6232). Sources: POSIX
pax, "Extended Header"; GNU tar manual, "Basic Tar Format".
"""

import contextlib
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import IO, BinaryIO, Final, NamedTuple

from saywho.errors import BrokenFileError, UnrecognisedFileError
from saywho.formats.source.members import DOS, MAX_LIST_BYTES, READ_ERRORS, Listing, Member, damaged

MOST_FILES: Final = 100_000
"""Maximum number of files in a zip; each takes up to 1 KB of memory."""
_EXTRA_HEAD: Final = struct.Struct("<HH")


Lister = Callable[[BinaryIO, str], Listing]
"""Return the container's files and any damage. Raises BrokenFileError for too many files."""


def lister_of(start: bytes) -> Lister | None:
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _listing_of_zip
    return listing_of_tar if is_tar(start) else None


def _listing_of_zip(file: BinaryIO, label: str) -> Listing:
    directory = _Bounded(file, label)
    try:
        container = zipfile.ZipFile(directory)
    except READ_ERRORS as error:
        raise UnrecognisedFileError(
            "{name} is a zip file without a readable directory; it may be incomplete, so"
            " download it again",
            name=label,
        ) from error
    directory.left = None
    listing = Listing()
    for info in container.infolist():
        name = _name_of(info)
        # The upper half is the mode of Unix; its type is 0 where another system wrote the zip.
        is_plain = stat.S_IFMT(info.external_attr >> 16) in {0, stat.S_IFREG, stat.S_IFDIR}
        member = Member(info.file_size, partial(_in_zip, container, info)) if is_plain else None
        if isinstance(name, bytes):
            listing.uncertain.append((name, member))
        else:
            listing.add(name.replace("\\", "/"), member)
    listing.name_by_letters()
    return listing


def _name_of(info: zipfile.ZipInfo) -> str | bytes:
    """Return the name of a file, or its bytes if they do not tell their encoding.

    `zipfile` reads an unmarked name as letters of DOS, which many programs do not mean. Each name
    is examined, because programs may mark only some.
    """
    is_marked = info.flag_bits & 0x800
    if is_marked or info.filename.isascii():
        return info.filename
    name = info.filename.encode(DOS)
    with contextlib.suppress(UnicodeDecodeError):
        return (_stated_name(info.extra, name) or name).decode()
    return name


def _stated_name(extra: bytes, name: bytes) -> bytes | None:
    while len(extra) >= _EXTRA_HEAD.size:
        kind, size = _EXTRA_HEAD.unpack_from(extra)
        content, extra = extra[_EXTRA_HEAD.size :][:size], extra[_EXTRA_HEAD.size + size :]
        # This kind of field repeats a name in UTF-8: APPNOTE.TXT of PKWARE, 4.6.9.
        if kind == 0x7075 and content[1:5] == zlib.crc32(name).to_bytes(4, "little"):
            return content[5:]
    return None


class _Bounded(io.RawIOBase):
    """A container whose lists are read only up to a limit."""

    def __init__(self, file: BinaryIO, label: str) -> None:
        self._file = file
        self._label = label
        self.left: int | None = MAX_LIST_BYTES
        """Bytes that may still be read; None after the lists."""

    def read(self, size: int = -1) -> bytes:
        if self.left is None:
            return self._file.read(size)
        data = self._file.read(size if 0 <= size <= self.left else self.left + 1)
        self.left -= len(data)
        # zipfile reads the directory at once, and makes an object for each entry afterwards.
        if self.left < 0 or data.count(b"PK\x01\x02") > MOST_FILES:
            raise BrokenFileError("{name} contains too many files", name=self._label)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _in_zip(container: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    name = info.filename
    if info.flag_bits & 0x1:
        raise BrokenFileError(
            "{name} is encrypted; unpack it first, then import the unpacked files", name=name
        )
    # The other methods unpack a small chunk into gigabytes at once, which no limit can stop.
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise BrokenFileError("{name} is compressed with an unsupported method", name=name)
    return container.open(info)


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
    """Reads header by header; the file is at the content of each yielded header."""

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
        while (block := self._read(_BLOCK, is_end_allowed=True)).strip(b"\0"):
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
