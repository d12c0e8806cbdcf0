"""Folders, zips and tars: their files by name. Nothing is extracted, hostile ones are refused."""

import contextlib
import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import BinaryIO, Final

from app.errors import BrokenFileError, UnrecognisedFileError
from app.formats.source.reading import READ_ERRORS

MAX_FOLDER_DEPTH: Final = 12
"""Folders below one another that are looked into; those of media have nine."""
ZIP_STARTS: Final = (b"PK\x03\x04", b"PK\x05\x06")
MAX_ZIP_DIRECTORY_BYTES: Final = 16 * 2**20
"""Of a zip's directory, all of which is in memory: some 100,000 files."""
MAX_TAR_HEADER_BYTES: Final = 64 * 2**20
"""Of all headers of a tar: some 100,000 files."""
_MAX_LONG_NAME_BYTES: Final = 64 * 1024

_END = struct.Struct("<4s4H2LH")
_LOCATOR_BYTES: Final = 20
_END64_BYTES: Final = 56
_ENCRYPTED_FLAG: Final = 0x1
# The other methods unpack a small chunk into gigabytes at once, which no limit can stop.
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


class Folder:
    """The files of a folder and of those below it, or those of it alone; none of no folder.

    Their names are relative to the folder. The extras that macOS adds are left out.
    """

    is_packed = False
    """Whether a file has a checksum, which stands at its end."""

    def __init__(self, folder: Path | None, *, is_deep: bool) -> None:
        self.names: dict[str, Path] = {}
        if folder is None:
            return
        for place, folders, names in os.walk(folder):
            depth = len(Path(place).relative_to(folder).parts)
            if not is_deep or depth >= MAX_FOLDER_DEPTH:
                folders.clear()
            for name in names:
                file = Path(place, name)
                if file.is_file() and not name.startswith("._"):
                    self.names[file.relative_to(folder).as_posix()] = file

    def open(self, name: str, label: str) -> BinaryIO:
        """Open a file. Raises KeyError, and ImportFileError, which names `label`."""
        return open_path(self.names[name], label)

    def sizes(self, name: str) -> tuple[int, int]:
        """Return how many bytes a file has, in here and unpacked."""
        size = self.names[name].stat().st_size
        return size, size

    def place(self, name: str) -> int:
        """Return where a file lies; files are best read in this order."""
        return 0


class Zip:
    """The files of a zip.

    Raises UnrecognisedFileError where no directory can be read, BrokenFileError where it is too
    large.
    """

    is_packed = True

    def __init__(self, file: BinaryIO, label: str) -> None:
        try:
            if _directory_bytes(file) > MAX_ZIP_DIRECTORY_BYTES:
                raise BrokenFileError("{name} lists too many files", name=label)
            file.seek(0)
            self._zip = zipfile.ZipFile(file)
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            OSError,
            ValueError,
            struct.error,
        ) as error:
            raise UnrecognisedFileError(
                "{name} is a zip file whose directory cannot be read;"
                " was it downloaded to its end?",
                name=label,
            ) from error
        found = {info.filename.replace("\\", "/"): info for info in self._zip.infolist()}
        self.names = {name: info for name, info in found.items() if _is_wanted(name)}

    def open(self, name: str, label: str) -> BinaryIO:
        info = self.names[name]
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise BrokenFileError(
                "{name} is encrypted; unpack it with its password first", name=label
            )
        if info.compress_type not in _METHODS:
            raise BrokenFileError(
                "{name} is compressed by a method that is not supported", name=label
            )
        try:
            return self._zip.open(info)  # type: ignore[return-value] # typed as IO[bytes]
        except (zipfile.BadZipFile, RuntimeError, OSError, ValueError, struct.error) as error:
            raise BrokenFileError("{name} is damaged", name=label) from error

    def sizes(self, name: str) -> tuple[int, int]:
        return self.names[name].compress_size, self.names[name].file_size

    def place(self, name: str) -> int:
        return self.names[name].header_offset


class Tar:
    """The plain files of a tar whose names stay inside it; `fault` says where it is damaged."""

    is_packed = False

    def __init__(self, file: BinaryIO, label: str) -> None:
        self.names: dict[str, tarfile.TarInfo] = {}
        self.fault: BrokenFileError | None = None
        headers = _Headers(file)
        file.seek(0)
        try:
            # Only this much of the tarfile module is used: it would keep a list of all members.
            self._tar = tarfile.TarFile(fileobj=headers)
            while (info := self._tar.next()) is not None:
                self._tar.members.clear()  # type: ignore[attr-defined]
                name = info.name.removeprefix("./")
                if info.isreg() and not info.issparse() and _is_inside(name) and _is_wanted(name):
                    self.names[name] = info
            # It ends silently at a damaged header, as at the zeros behind the last file.
            file.seek(self._tar.offset)
            is_whole = not file.read(tarfile.BLOCKSIZE).strip(b"\0")
        except READ_ERRORS:
            is_whole = False
        headers.left = None
        if not is_whole:
            self.fault = BrokenFileError("{name} is damaged and breaks off", name=label)

    def open(self, name: str, label: str) -> BinaryIO:
        found = self._tar.extractfile(self.names[name])
        assert found is not None  # noqa: S101 # it is a plain file
        return found  # type: ignore[return-value] # typed as IO[bytes]

    def sizes(self, name: str) -> tuple[int, int]:
        return self.names[name].size, self.names[name].size

    def place(self, name: str) -> int:
        return self.names[name].offset_data


Container = Folder | Zip | Tar


class _Headers(io.RawIOBase):
    """A tar, of whose headers only so much is read into memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.left: int | None = MAX_TAR_HEADER_BYTES
        """Bytes that may still be read; None once the headers were read."""

    def read(self, size: int = -1) -> bytes:
        if self.left is not None:
            self.left -= size
            if not 0 <= size <= _MAX_LONG_NAME_BYTES or self.left < 0:
                raise tarfile.ReadError("the headers are too large")
        return self._file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()


def is_tar(head: bytes) -> bool:
    """Return whether the beginning of a file is a tar's header, by its checksum."""
    with contextlib.suppress(tarfile.HeaderError):
        tarfile.TarInfo.frombuf(head, "utf-8", "replace")
        return True
    return False


def open_path(path: Path, label: str) -> BinaryIO:
    """Open a file. Raises UnrecognisedFileError."""
    try:
        return path.open("rb")
    except OSError as error:
        raise UnrecognisedFileError(
            "{name} cannot be opened: {why}", name=label, why=error.strerror
        ) from error


def _is_wanted(name: str) -> bool:
    """Return whether this is the name of a file, and none of the extras of macOS."""
    *folders, last = name.split("/")
    return bool(last) and "__MACOSX" not in folders and not last.startswith("._")


def _is_inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/")


def _directory_bytes(file: BinaryIO) -> int:
    """Return the stated length of the zip's directory, all of which zipfile reads into memory."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - 0xFFFF - _LOCATOR_BYTES - _END64_BYTES))
    tail = file.read()
    at = len(tail) - _END.size
    if not (tail[at:].startswith(b"PK\x05\x06") and tail.endswith(b"\0\0")):
        at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        return 0
    length = int(_END.unpack_from(tail, at)[5])
    locator = at - _LOCATOR_BYTES
    end64 = locator - _END64_BYTES
    if end64 >= 0 and tail[locator:at].startswith(b"PK\x06\x07"):
        length = int.from_bytes(tail[end64 + 40 : end64 + 48], "little")
    return length
