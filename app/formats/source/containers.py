"""The files of a zip, by name, and the choice between zip and tar. Nothing is extracted."""

import contextlib
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from typing import IO, BinaryIO, Final

from app.errors import BrokenFileError, UnrecognisedFileError
from app.formats.source.members import DOS, MAX_LIST_BYTES, READ_ERRORS, Listing, Member
from app.formats.source.tars import is_tar, listing_of_tar

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
