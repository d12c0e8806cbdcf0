"""One thing that a user names to be imported: a file, a folder, a zip or a stream."""

import io
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from app.importing.reading import (
    BUFFER_BYTES,
    READ_ERRORS,
    Meter,
    MeteredReader,
    Rejoined,
    read_up_to,
)
from app.importing.records import BrokenFileError, UnrecognisedFileError
from app.importing.zipped import ZIP_STARTS, list_members, open_in_zip, open_zip

DEFAULT_LIMIT_BYTES: Final = 4096 * 2**20
MAX_FOLDER_DEPTH: Final = 6


class Source:
    """What is imported, read piece by piece; nothing is extracted and nothing held in memory.

    A path that is neither a regular file nor a folder (a pipe) is read as a stream. A stream that
    holds a zip is copied to a temporary file first. The caller's stream is never closed. Close
    the source, or use it in a `with`.

    Raises UnrecognisedFileError if the path does not exist or cannot be opened, or if it is a
    zip whose directory cannot be read.
    """

    def __init__(
        self,
        target: Path | BinaryIO,
        *,
        name: str | None = None,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ) -> None:
        self.path = target if isinstance(target, Path) else None
        self.name = name or (str(target) if isinstance(target, Path) else "-")
        self.is_folder = self.path is not None and self.path.is_dir()
        self._meter = Meter(self.name, limit_bytes)
        self._stream: BinaryIO | None = None
        self._owns_stream = False
        self._head = b""
        self._zip: zipfile.ZipFile | None = None
        self._zip_file: BinaryIO | None = None
        self._zip_members: dict[str, zipfile.ZipInfo] = {}
        self._paths: dict[str, Path] | None = None
        self._total: int | None = None
        try:
            self._prepare(target)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what this source opened; the caller's stream stays open."""
        owned = self._stream if self._owns_stream else None
        for opened in (self._zip, self._zip_file, owned):
            if opened is not None:
                opened.close()

    @property
    def has_members(self) -> bool:
        """Whether this is a folder or a zip, which are read by `open_member`."""
        return self.is_folder or self._zip is not None

    @property
    def bytes_read(self) -> int:
        """How much of the file was read, in its own (compressed) bytes; at most the total."""
        read = round(self._meter.packed_bytes)
        return read if self._total is None else min(read, self._total)

    @property
    def bytes_total(self) -> int | None:
        """How much there is to read in all; None for streams and for folders without a plan."""
        return self._total

    def expect(self, names: Iterable[str]) -> None:
        """Say which members will be read, so that progress ends at the whole."""
        if self._zip is None:
            self._total = sum(self._files()[name].stat().st_size for name in names)
        else:
            self._total = sum(self._zip_members[name].compress_size for name in names)

    def head(self, size: int) -> bytes:
        """Return the first bytes without consuming or counting them; fewer only at the end."""
        if self._stream is not None:
            self._head += read_up_to(self._stream, size - len(self._head))
            return self._head[:size]
        if self.path is None or self.is_folder:
            return b""
        try:
            with _open_file(self.path, self.name) as file:
                return file.read(size)
        except OSError as error:
            raise UnrecognisedFileError(f"{self.name} cannot be read") from error

    def open(self) -> BinaryIO:
        """Return the whole file or stream, counted; a stream can be opened only once."""
        if self._stream is not None:
            head, self._head = self._head, b""
            return self._metered(io.BufferedReader(Rejoined(head, self._stream)), self.name)
        if self.path is None or self.is_folder:
            raise BrokenFileError(f"{self.name} is not a plain file")
        return self._metered(_open_file(self.path, self.name), self.name)

    def members(self) -> tuple[str, ...]:
        """Return the names of all files in a folder or zip, and of those beside a plain file."""
        return tuple(self._zip_members if self._zip else self._files())

    def open_member(self, name: str) -> BinaryIO:
        """Return one of the members by its name, counted; KeyError for any other name."""
        label = f"{name} in {self.name}"
        if self._zip is None:
            return self._metered(_open_file(self._files()[name], label), label)
        info = self._zip_members[name]
        share = min(1.0, info.compress_size / info.file_size) if info.file_size else 1.0
        return self._metered(open_in_zip(self._zip, info, label), label, share)

    def head_member(self, name: str, size: int) -> bytes:
        """Return the first bytes of a member without counting them."""
        label = f"{name} in {self.name}"
        try:
            if self._zip is None:
                with _open_file(self._files()[name], label) as file:
                    return file.read(size)
            with open_in_zip(self._zip, self._zip_members[name], label) as file:
                return file.read(size)
        except READ_ERRORS as error:
            raise BrokenFileError(f"{label} is damaged") from error

    def _prepare(self, target: Path | BinaryIO) -> None:
        if self.is_folder:
            return
        if isinstance(target, Path) and target.is_file():
            self._total = target.stat().st_size
            if self.head(4) in ZIP_STARTS:
                self._use_zip(_open_file(target, self.name))
            return
        self._owns_stream = isinstance(target, Path)
        self._stream = _open_file(target, self.name) if isinstance(target, Path) else target
        if self.head(4) in ZIP_STARTS:
            self._use_zip(self._spooled())

    def _use_zip(self, file: BinaryIO) -> None:
        self._zip_file = file
        self._zip = open_zip(file, self.name)
        self._zip_members = list_members(self._zip)

    def _spooled(self) -> BinaryIO:
        """Copy the stream to a temporary file, up to the limit, and return that."""
        meter = Meter(self.name, self._meter.limit_bytes)
        spool: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 # closed with the source
        self._zip_file = spool
        assert self._stream is not None  # noqa: S101 # for the type checker
        while chunk := self._head or self._stream.read(BUFFER_BYTES):
            spool.write(meter.take(chunk, 1.0))
            self._head = b""
        meter.take(b"", 1.0)
        return spool

    def _metered(self, stream: BinaryIO, label: str, packed_share: float = 1.0) -> BinaryIO:
        reader = MeteredReader(stream, self._meter, label=label, packed_share=packed_share)
        return io.BufferedReader(reader, BUFFER_BYTES)

    def _files(self) -> dict[str, Path]:
        if self._paths is None:
            self._paths = dict(self._list_files())
        return self._paths

    def _list_files(self) -> Iterator[tuple[str, Path]]:
        if self.path is None or self._zip is not None:
            return
        folder = self.path if self.is_folder else self.path.parent
        for place, folders, names in os.walk(folder):
            depth = len(Path(place).relative_to(folder).parts)
            if not self.is_folder or depth >= MAX_FOLDER_DEPTH:
                folders.clear()
            for name in names:
                path = Path(place, name)
                if path.is_file() and not name.startswith("._"):
                    yield path.relative_to(folder).as_posix(), path


def _open_file(path: Path, label: str) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UnrecognisedFileError(f"{label} cannot be opened: {error.strerror}") from error
