"""The files of a folder, a zip or a tar, by name. Nothing is extracted."""

import contextlib
import io
import os
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, Final, NamedTuple, cast

from app.errors import BrokenFileError, UnrecognisedFileError

MAX_LIST_BYTES: Final = 32 * 2**20
"""Of a zip's directory, or of all headers of a tar: some 50,000 files, which are in memory."""
READ_ERRORS: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
"""What reading a damaged, locked or vanished file raises."""
_ZIP_STARTS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED_FLAG: Final = 0x1
_UNWANTED: Final = re.compile(r"(?:^|/)(?:(?:\.\.|__MACOSX|)/|(?:\._[^/]*)?\Z)")
# The other methods unpack a small chunk into gigabytes at once, which no limit can stop.
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


Opener = Callable[[], IO[bytes]]


class Member(NamedTuple):
    """A file: its bytes unpacked, and how to open it."""

    size: int
    open: Opener


Members = dict[str, Member]
Lister = Callable[[BinaryIO, str], tuple[Members, BrokenFileError | None]]
"""Returns the files, and where the archive is damaged; raises BrokenFileError for too many."""


def members_of_folder(folder: Path, *, is_deep: bool) -> Members:
    """Return the files of a folder, and those of the folders in it if `is_deep`."""
    found: Members = {}
    for place, folders, names in os.walk(folder):
        if not is_deep:
            folders.clear()
        for file in (Path(place, name) for name in names):
            with contextlib.suppress(OSError):  # It may be gone by now.
                if file.is_file():
                    opener = partial(io.FileIO, file)
                    name = file.relative_to(folder).as_posix()
                    found[name] = Member(file.stat().st_size, opener)
    return _wanted(found)


def lister_of(start: bytes) -> Lister | None:
    """Return what lists the files of a zip or a tar that begins so; None for other files."""
    if start.startswith(_ZIP_STARTS):
        return _members_of_zip
    with contextlib.suppress(tarfile.HeaderError):
        tarfile.TarInfo.frombuf(start, "utf-8", "replace")  # It compares the header's checksum.
        return _members_of_tar
    return None


def _members_of_zip(file: BinaryIO, label: str) -> tuple[Members, None]:
    directory = _Bounded(file, label)
    try:
        archive = zipfile.ZipFile(directory)
    except READ_ERRORS as error:
        raise UnrecognisedFileError(
            "{name} is a zip file whose directory cannot be read; was it downloaded to its end?",
            name=label,
        ) from error
    directory.left = None
    found = {
        info.filename.replace("\\", "/"): Member(info.file_size, partial(_in_zip, archive, info))
        for info in archive.infolist()
    }
    return _wanted(found), None


def _members_of_tar(file: BinaryIO, label: str) -> tuple[Members, BrokenFileError | None]:
    headers = _Bounded(file, label)
    found: Members = {}
    fault = None
    file.seek(0)
    try:
        archive = tarfile.TarFile(fileobj=headers)
        for info in archive:
            if info.isreg() and not info.issparse():
                opener = cast("Opener", partial(archive.extractfile, info))  # It is a plain file.
                found[info.name.removeprefix("./")] = Member(info.size, opener)
    except READ_ERRORS:
        fault = damaged(label)
    headers.left = None
    return _wanted(found), fault


def damaged(label: str) -> BrokenFileError:
    return BrokenFileError("{name} is damaged and breaks off", name=label)


class _Bounded(io.RawIOBase):
    """An archive, of whose lists only so much is read into memory."""

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
        if self.left < 0:
            raise BrokenFileError("{name} lists too many files", name=self._label)
        return data

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()


def _in_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    name = info.filename
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise BrokenFileError("{name} is encrypted; unpack it with its password first", name=name)
    if info.compress_type not in _METHODS:
        raise BrokenFileError("{name} is compressed by a method that is not supported", name=name)
    return archive.open(info)


def _wanted(members: Members) -> Members:
    """Return the members whose names stay inside, without the extras of macOS."""
    return {name: member for name, member in members.items() if not _UNWANTED.search(name)}
