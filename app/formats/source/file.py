"""A source of an import: a file, a folder, a zip or a tar; a stream is copied to a file first."""

import contextlib
import errno
import gzip
import io
import os
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final, Protocol, Self

from app.errors import BrokenFileError, ImportFileError
from app.formats.source.containers import ZIP_STARTS, Container, Folder, Tar, Zip, is_tar, open_path
from app.formats.source.reading import (
    BUFFER_BYTES,
    READ_ERRORS,
    Meter,
    MeteredReader,
    check_packed,
    limit_reached,
    read_some,
)

DEFAULT_LIMIT_BYTES: Final = 4096 * 2**20
_GZIP_START: Final = b"\x1f\x8b"


class Content(Protocol):
    """One file that is read, wherever it lies."""

    name: str

    @property
    def has_members(self) -> bool:
        """Whether it is a folder, a zip or a tar, and so no content itself."""

    def open(self) -> BinaryIO:
        """Open the file, and count what is read of it. Raises ImportFileError, as reading does."""

    def peek(self) -> BinaryIO:
        """Open the file without counting, to find out what it is. Raises ImportFileError."""


class Source:
    """Reads a source piece by piece; extracts nothing and holds nothing in memory.

    A stream, a path that is neither a regular file nor a folder (a pipe), and the inside of a
    packed tar are copied to a temporary file, up to the limit. What is packed is read twice, first
    for its checksum, unless `checks_packed` is false.

    Raises UnrecognisedFileError if the path does not exist or cannot be opened, or if it is a
    zip whose directory cannot be read; BrokenFileError for a packed tar that is damaged.
    """

    def __init__(
        self,
        target: Path | BinaryIO,
        *,
        name: str | None = None,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        checks_packed: bool = True,
    ) -> None:
        self.path = target if isinstance(target, Path) else None
        self.name = name or (str(target) if isinstance(target, Path) else "-")
        self.fault: BrokenFileError | None = None
        """Where a tar is damaged; its files before that are there."""
        self._checks_packed = checks_packed
        self._meter = Meter(self.name, limit_bytes)
        self._opened = contextlib.ExitStack()
        self._spool: BinaryIO | None = None
        self._container: Container | None = None
        self._beside: Folder | None = None
        self._is_gzip = False
        self._total: int | None = None
        try:
            self._prepare(target)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all that this source opened."""
        self._opened.close()

    @property
    def has_members(self) -> bool:
        """Whether this is a folder, a zip or a tar."""
        return self._container is not None

    @property
    def bytes_read(self) -> int:
        """Bytes read of the file, as it is (compressed); at most the total."""
        read = round(self._meter.packed_bytes)
        return read if self._total is None else min(read, self._total)

    @property
    def bytes_total(self) -> int | None:
        """Bytes to read in all; None for folders before `expect`."""
        return self._total

    def expect(self, names: Iterable[str]) -> None:
        """Set the members to be read, so that progress ends at the total."""
        self._total = sum(self._files().sizes(name)[0] for name in names)

    def peek(self) -> BinaryIO:
        return io.BufferedReader(MeteredReader(self._unpacked(), self.name), BUFFER_BYTES)

    def open(self) -> BinaryIO:
        if self._is_gzip and self._checks_packed:
            check_packed(self._unpacked(), self._meter.limit_bytes, self.name)
        share = self._packed_share() if self._is_gzip else 1.0
        reader = MeteredReader(self._unpacked(), self.name, self._meter, share)
        return io.BufferedReader(reader, BUFFER_BYTES)

    def members(self) -> tuple[str, ...]:
        """Return the names of all files in a folder, zip or tar, and of those beside a file."""
        return tuple(self._files().names)

    def member(self, name: str) -> "Member":
        """Return one of the members. Raises KeyError."""
        label = f"{name} in {self.name}"
        return Member(self._files(), name, label, self._meter, checks_packed=self._checks_packed)

    def place_of(self, name: str) -> int | None:
        """Return where a member lies in the archive; None where it is not there."""
        files = self._files()
        return files.place(name) if name in files.names else None

    def open_file(self, name: str) -> BinaryIO:
        """Open a member, not counted. Raises BrokenFileError, as reading does."""
        return self.member(name).peek()

    def _prepare(self, target: Path | BinaryIO) -> None:
        if isinstance(target, Path) and target.is_dir():
            self._container = Folder(target, is_deep=True)
            return
        if not isinstance(target, Path):
            self._spool = self._copied(target)
        elif not target.is_file():
            with open_path(target, self.name) as pipe:
                self._spool = self._copied(pipe)
        with self._whole() as file:
            self._total = file.seek(0, os.SEEK_END)
        if head(self, len(ZIP_STARTS[0])) in ZIP_STARTS:
            if self._spool is not None and self._total > self._meter.limit_bytes:
                raise limit_reached(self.name, self._meter.limit_bytes)
            self._container = Zip(self._opened.enter_context(self._whole()), self.name)
            return
        self._is_gzip = head(self, len(_GZIP_START)) == _GZIP_START
        if is_tar(head(self, tarfile.BLOCKSIZE)):
            self._use_tar()

    def _use_tar(self) -> None:
        if self._is_gzip:
            with self._unpacked() as stream:
                file = self._copied(stream)
            if file.tell() > self._meter.limit_bytes:
                raise limit_reached(self.name, self._meter.limit_bytes)
        else:
            file = self._opened.enter_context(self._whole())
        tar = Tar(file, self.name)
        if tar.fault and not tar.names:
            raise tar.fault
        self._container, self.fault = tar, tar.fault

    def _whole(self) -> BinaryIO:
        """Open the file as it is."""
        if self._spool is None:
            assert self.path is not None  # noqa: S101 # for the type checker
            return open_path(self.path, self.name)
        file = os.fdopen(os.dup(self._spool.fileno()), "rb")
        file.seek(0)
        return file

    def _unpacked(self) -> BinaryIO:
        """Open the file, unpacked if it is a gzip."""
        file = self._whole()
        if not self._is_gzip:
            return file
        unpacked = gzip.GzipFile(fileobj=file)
        unpacked.myfileobj = file  # type: ignore[assignment] # so that it is closed as well
        return unpacked  # type: ignore[return-value] # is binary

    def _packed_share(self) -> float:
        """Return the packed bytes for each unpacked one, as the end of a gzip states them."""
        with self._whole() as file:
            size = file.seek(-4, os.SEEK_END) + 4
            return min(1.0, size / (int.from_bytes(file.read(4), "little") or size))

    def _copied(self, stream: BinaryIO) -> BinaryIO:
        """Copy a stream to a temporary file: all of it, or somewhat more than the limit."""
        spool: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 # is closed with the others
        self._opened.callback(_close, spool)
        try:
            while spool.tell() <= self._meter.limit_bytes and (chunk := self._next(stream)):
                spool.write(chunk)
            spool.flush()
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise
            raise BrokenFileError(
                "{name} has to be copied first, and the folder for temporary files is full",
                name=self.name,
            ) from error
        return spool

    def _next(self, stream: BinaryIO) -> bytes:
        try:
            return read_some(stream, BUFFER_BYTES)
        except EOFError:
            return b""  # A tar that is cut tells so itself.
        except READ_ERRORS as error:
            raise BrokenFileError("{name} is damaged and breaks off", name=self.name) from error

    def _files(self) -> Container:
        if self._container is not None:
            return self._container
        if self._beside is None:
            folder = self.path.parent if self.path and self._spool is None else None
            self._beside = Folder(folder, is_deep=False)
        return self._beside


class Member:
    """One file of a folder, zip or tar, or one beside a plain file."""

    has_members = False

    def __init__(
        self, files: Container, path: str, label: str, meter: Meter, *, checks_packed: bool
    ) -> None:
        self.name = label
        self._files = files
        self._path = path
        self._meter = meter
        self._checks_packed = checks_packed and files.is_packed

    def peek(self) -> BinaryIO:
        return self._opened(None, 1.0)

    def open(self) -> BinaryIO:
        if self._checks_packed:
            packed = self._files.open(self._path, self.name)
            check_packed(packed, self._meter.limit_bytes, self.name)
        packed_bytes, size = self._files.sizes(self._path)
        return self._opened(self._meter, min(1.0, packed_bytes / size) if size else 1.0)

    def _opened(self, meter: Meter | None, packed_share: float) -> BinaryIO:
        stream = self._files.open(self._path, self.name)
        reader = MeteredReader(stream, self.name, meter, packed_share)
        return io.BufferedReader(reader, BUFFER_BYTES)


def head(content: Content, size: int) -> bytes:
    """Return the first bytes, up to where they are damaged; fewer only at the end.

    Raises ImportFileError where there are none for a reason.
    """
    found = b""
    try:
        with content.peek() as stream:
            while len(found) < size and (chunk := read_some(stream, size - len(found))):
                found += chunk
    except ImportFileError:
        if not found:
            raise
    return found


def _close(spool: BinaryIO) -> None:
    """Close a temporary file; where it is full, what was not written yet goes with it."""
    with contextlib.suppress(OSError):
        spool.close()
