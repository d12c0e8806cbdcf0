"""The files of a folder or a zip, by name; nothing is extracted, hostile zips are refused."""

import os
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO, Final

from app.formats.records import BrokenFileError, UnrecognisedFileError

MAX_FOLDER_DEPTH: Final = 12
"""Folders below one another that are looked into; those of media have nine."""


def list_files(path: Path, is_folder: bool) -> dict[str, Path]:
    """Return the files of a folder and of those below it, or the files beside a file.

    Their names are relative to the folder. The extras that macOS adds are left out.
    """
    folder = path if is_folder else path.parent
    found = {}
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        if not is_folder or depth >= MAX_FOLDER_DEPTH:
            folders.clear()
        for name in names:
            file = Path(place, name)
            if file.is_file() and not name.startswith("._"):
                found[file.relative_to(folder).as_posix()] = file
    return found


def open_path(path: Path, label: str) -> BinaryIO:
    """Open a file. Raises UnrecognisedFileError."""
    try:
        return path.open("rb")
    except OSError as error:
        raise UnrecognisedFileError(
            "{name} cannot be opened: {why}", name=label, why=error.strerror
        ) from error


ZIP_STARTS: Final = (b"PK\x03\x04", b"PK\x05\x06")
MAX_DIRECTORY_BYTES: Final = 64 * 2**20

_END = struct.Struct("<4s4H2LH")
_LOCATOR_BYTES = 20
_END64_BYTES = 56
_ENCRYPTED_FLAG = 0x1
# The other methods unpack a small chunk into gigabytes at once, which no limit can stop.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def open_zip(file: BinaryIO, name: str) -> zipfile.ZipFile:
    """Return the opened zip.

    Raises UnrecognisedFileError where no directory can be read, BrokenFileError where it is too
    large.
    """
    try:
        if _directory_bytes(file) > MAX_DIRECTORY_BYTES:
            raise BrokenFileError("{name} lists too many files", name=name)
        file.seek(0)
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error) as error:
        raise UnrecognisedFileError(
            "{name} is a zip file whose directory cannot be read; was it downloaded to its end?",
            name=name,
        ) from error


def list_members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files of a zip by their names, without the extras that macOS adds."""
    names = {info.filename.replace("\\", "/"): info for info in archive.infolist()}
    return {name: info for name, info in names.items() if not name.endswith("/") and _wanted(name)}


def open_in_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, label: str) -> BinaryIO:
    """Return a stream of one member, unpacked chunk by chunk.

    Raises BrokenFileError if it is encrypted, compressed by a rare method, or damaged.
    """
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise BrokenFileError("{name} is encrypted; unpack it with its password first", name=label)
    if info.compress_type not in _METHODS:
        raise BrokenFileError("{name} is compressed by a method that is not supported", name=label)
    try:
        return archive.open(info)  # type: ignore[return-value] # typed as IO[bytes]
    except (zipfile.BadZipFile, RuntimeError, OSError, ValueError, struct.error) as error:
        raise BrokenFileError("{name} is damaged", name=label) from error


def _wanted(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" not in parts and not parts[-1].startswith("._")


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
