"""The files of a zip, by name, and what lists those of a tar. Nothing is extracted."""

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
"""Of a zip; each takes up to 1 KB of memory."""
_DIRECTORY_ENTRY: Final = b"PK\x01\x02"
"""How what a zip's directory says about a file begins."""
_ZIP_STARTS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED_FLAG: Final = 0x1
_UTF8_FLAG: Final = 0x800
_EXTRA_HEAD: Final = struct.Struct("<HH")
"""Kind and size of an extra field."""
_UNICODE_PATH: Final = 0x7075
"""Kind of the field that repeats a name in UTF-8: APPNOTE.TXT of PKWARE, 4.6.9."""
_PLAIN_MODES: Final = frozenset({0, stat.S_IFREG, stat.S_IFDIR})
# The other methods unpack a small chunk into gigabytes at once, which no limit can stop.
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


Lister = Callable[[BinaryIO, str], Listing]
"""Returns the files, and where the container is damaged; raises BrokenFileError for too many."""


def lister_of(start: bytes) -> Lister | None:
    """Return what lists the files of a zip or a tar that begins so; None for other files."""
    if start.startswith(_ZIP_STARTS):
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
        is_plain = stat.S_IFMT(info.external_attr >> 16) in _PLAIN_MODES
        member = Member(info.file_size, partial(_in_zip, container, info)) if is_plain else None
        if isinstance(name, bytes):
            listing.uncertain.append((name, member))
        else:
            listing.add(name.replace("\\", "/"), member)
    listing.name_by_letters()
    return listing


def _name_of(info: zipfile.ZipInfo) -> str | bytes:
    """Return the name of a file, or its bytes if they do not tell their encoding.

    The module takes a name without the mark for UTF-8 as letters of DOS, which many programs do
    not mean. They mark some names and not others, so each is looked at by itself.
    """
    if info.flag_bits & _UTF8_FLAG or info.filename.isascii():
        return info.filename
    name = info.filename.encode(DOS)
    with contextlib.suppress(UnicodeDecodeError):
        return (_stated_name(info.extra, name) or name).decode()
    return name


def _stated_name(extra: bytes, name: bytes) -> bytes | None:
    """Return the name in UTF-8 that a program wrote beside this one; None if there is none."""
    while len(extra) >= _EXTRA_HEAD.size:
        kind, size = _EXTRA_HEAD.unpack_from(extra)
        content, extra = extra[_EXTRA_HEAD.size :][:size], extra[_EXTRA_HEAD.size + size :]
        if kind == _UNICODE_PATH and content[1:5] == zlib.crc32(name).to_bytes(4, "little"):
            return content[5:]
    return None


class _Bounded(io.RawIOBase):
    """A container, of whose lists only so much is read into memory."""

    def __init__(self, file: BinaryIO, label: str) -> None:
        self._file = file
        self._label = label
        self.left: int | None = MAX_LIST_BYTES
        """Bytes that may still be read; None once the lists were read."""

    def read(self, size: int = -1) -> bytes:
        if self.left is None:
            return self._file.read(size)
        data = self._file.read(size if 0 <= size <= self.left else self.left + 1)
        self.left -= len(data)
        # zipfile reads the directory at once, and makes an object for each entry afterwards.
        if self.left < 0 or data.count(_DIRECTORY_ENTRY) > MOST_FILES:
            raise BrokenFileError("{name} contains too many files", name=self._label)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _in_zip(container: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    name = info.filename
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise BrokenFileError(
            "{name} is encrypted; unpack it first, then import the unpacked files", name=name
        )
    if info.compress_type not in _METHODS:
        raise BrokenFileError("{name} is compressed with an unsupported method", name=name)
    return container.open(info)
