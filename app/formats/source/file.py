"""A source of an import: a file, a folder, a zip, a tar or a stream."""

import contextlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from app.formats.records import BrokenFileError, UnrecognisedFileError
from app.formats.source.members import (
    ZIP_STARTS,
    list_files,
    list_members,
    open_in_zip,
    open_path,
    open_zip,
)
from app.formats.source.reading import (
    BUFFER_BYTES,
    READ_ERRORS,
    Meter,
    MeteredReader,
    Rejoined,
    check_packed,
    read_some,
    spooling,
    unpacked,
)
from app.formats.source.tar import BLOCK_BYTES, TarFiles, is_tar

DEFAULT_LIMIT_BYTES: Final = 4096 * 2**20
_GZIP_START: Final = b"\x1f\x8b"
_NO_LIMIT: Final = 2**62


class Source:
    """Reads a source piece by piece; extracts nothing and holds nothing in memory.

    A path that is neither a regular file nor a folder (a pipe) is read as a stream. A zip in a
    stream is copied to a temporary file first, and so are the JSON files of a tar, and its media if
    it is a stream and `with_media`. The caller's stream is never closed. What is packed is read
    twice, first for its checksum, unless `checks_packed` is false.

    Raises UnrecognisedFileError if the path does not exist or cannot be opened, or if it is a
    zip whose directory cannot be read.
    """

    def __init__(
        self,
        target: Path | BinaryIO,
        *,
        name: str | None = None,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        with_media: bool = True,
        checks_packed: bool = True,
    ) -> None:
        self._checks_packed = checks_packed
        self._with_media = with_media
        self.path = target if isinstance(target, Path) else None
        self.name = name or (str(target) if isinstance(target, Path) else "-")
        self.is_folder = self.path is not None and self.path.is_dir()
        self._meter = Meter(self.name, limit_bytes)
        self._opened = contextlib.ExitStack()
        self._stream: BinaryIO | None = None
        self._head = b""
        self._zip: zipfile.ZipFile | None = None
        self._zip_members: dict[str, zipfile.ZipInfo] = {}
        self._is_tar = False
        self._tar: TarFiles | None = None
        self._packed: BinaryIO | None = None
        self._paths: dict[str, Path] | None = None
        self._total: int | None = None
        self._closed_at: int | None = None
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
        """Close all that this source opened; `bytes_read` keeps its value."""
        self._closed_at = self.bytes_read
        self._opened.close()

    @property
    def has_members(self) -> bool:
        """Whether this is a folder, a zip or a tar, which `open_member` reads."""
        return self.is_folder or self._zip is not None or self._is_tar

    @property
    def bytes_read(self) -> int:
        """Bytes read of the file, as it is (compressed); at most the total."""
        if self._closed_at is not None:
            return self._closed_at
        read = self._packed.tell() if self._packed else round(self._meter.packed_bytes)
        return read if self._total is None else min(read, self._total)

    @property
    def bytes_total(self) -> int | None:
        """Bytes to read in all; None for streams, and for folders before `expect`."""
        return self._total

    def expect(self, names: Iterable[str]) -> None:
        """Set the members to be read, so that progress ends at the total."""
        if self._is_tar:
            self._total = sum(self._tar_files().kept[name].size for name in names)
        elif self._zip is None:
            self._total = sum(self._files()[name].stat().st_size for name in names)
        else:
            self._total = sum(self._zip_members[name].compress_size for name in names)

    def head(self, size: int) -> bytes:
        """Return the first bytes without consuming or counting them; fewer only at the end."""
        if self._stream is not None:
            return self._stream_head(self._stream, size)
        if self.path is None or self.is_folder:
            return b""
        try:
            with open_path(self.path, self.name) as file:
                return file.read(size)
        except OSError as error:
            raise UnrecognisedFileError("{name} cannot be read", name=self.name) from error

    def open(self) -> BinaryIO:
        """Return the whole file or stream, counted; a stream can be opened only once."""
        if self.is_folder:
            raise BrokenFileError("{name} is not a plain file", name=self.name)
        if self._checks_packed and self._packed is not None and self.path is not None:
            with open_path(self.path, self.name) as file:
                check_packed(unpacked(file), self._meter.limit_bytes, self.name)
        return self._metered(self._whole(), self.name)

    def members(self) -> tuple[str, ...]:
        """Return the names of all files in a folder, zip or tar, and of those beside a file."""
        if self._is_tar:
            return tuple(self._tar_files().kept)
        return tuple(self._zip_members if self._zip else self._files())

    def open_member(self, name: str) -> BinaryIO:
        """Return one of the members by its name, counted; KeyError for any other name.

        Raises BrokenFileError for one of a zip whose checksum does not fit.
        """
        label = f"{name} in {self.name}"
        share = 1.0
        if self._checks_packed and self._zip is not None:
            check_packed(self._open_raw(name, label), self._meter.limit_bytes, label)
        if self._zip is not None and (info := self._zip_members[name]).file_size:
            share = min(1.0, info.compress_size / info.file_size)
        return self._metered(self._open_raw(name, label), label, share)

    def head_member(self, name: str, size: int) -> bytes:
        """Return the first bytes of a member without counting them, up to where it is damaged."""
        label = f"{name} in {self.name}"
        head = b""
        try:
            with self._open_raw(name, label) as file:
                while len(head) < size and (chunk := read_some(file, size - len(head))):
                    head += chunk
        except READ_ERRORS as error:
            if not head:
                raise BrokenFileError("{name} is damaged", name=label) from error
        return head

    def place_of(self, name: str) -> int | None:
        """Return where a member lies in the archive; None where it is not there."""
        if self._zip is not None:
            return self._zip_members[name].header_offset if name in self._zip_members else None
        if self._is_tar:
            return self._tar_files().place_of(name)
        return 0 if name in self._files() else None

    def open_file(self, name: str) -> BinaryIO:
        """Open a member that has a place, not counted. Raises BrokenFileError, as reading does."""
        label = f"{name} in {self.name}"
        is_in_tar = self._is_tar and name not in self._tar_files().kept
        stream = self._tar_files().open_media(name) if is_in_tar else self._open_raw(name, label)
        reader = MeteredReader(stream, Meter(label, _NO_LIMIT), label=label)
        return io.BufferedReader(reader, BUFFER_BYTES)

    def _prepare(self, target: Path | BinaryIO) -> None:
        if self.is_folder:
            return
        if isinstance(target, Path) and target.is_file():
            self._total = target.stat().st_size
        else:
            self._stream = self._open_path() if isinstance(target, Path) else target
        if self.head(4) in ZIP_STARTS:
            self._use_zip(self._whole() if self._stream is None else self._spooled())
            return
        if self.head(2) == _GZIP_START:
            self._use_gzip()
        self._is_tar = is_tar(self.head(BLOCK_BYTES))

    def _use_zip(self, file: BinaryIO) -> None:
        self._zip = self._opened.enter_context(open_zip(file, self.name))
        self._zip_members = list_members(self._zip)

    def _use_gzip(self) -> None:
        """Read the unpacked bytes from here on."""
        packed = self._whole()
        if self._stream is None:
            self._packed = packed
        reader = MeteredReader(unpacked(packed), Meter(self.name, _NO_LIMIT), label=self.name)
        self._stream = self._opened.enter_context(reader)  # type: ignore[assignment] # is binary

    def _tar_files(self) -> TarFiles:
        """Return the files of the tar; the first call copies JSON to a temporary file.

        The whole tar counts towards the limit. Raises BrokenFileError.
        """
        if self._tar is not None:
            return self._tar
        meter = Meter(self.name, self._meter.limit_bytes)
        stream = self._whole()

        def read(size: int) -> bytes:
            try:
                chunk = read_some(stream, size)
            except BrokenFileError as error:
                if isinstance(error.__cause__, EOFError):
                    return b""
                raise
            return meter.count(chunk)

        def reopen() -> BinaryIO:
            file = self._open_path()
            return unpacked(file) if self._packed else file

        again = reopen if self.path is not None and self.path.is_file() else None
        with spooling(self._opened, self.name) as spool:
            self._tar = TarFiles(read, spool, self.name, again, with_media=self._with_media)
            while read(BUFFER_BYTES):
                pass  # The checksum of a packed tar comes after its end.
        return self._tar

    def _whole(self) -> BinaryIO:
        """Return the file or stream from its beginning, not counted, closed with the source."""
        if self._stream is None:
            return self._open_path()
        head, self._head = self._head, b""
        return io.BufferedReader(Rejoined(head, self._stream))

    def _open_path(self) -> BinaryIO:
        assert self.path is not None  # noqa: S101 # for the type checker
        return self._opened.enter_context(open_path(self.path, self.name))

    def _stream_head(self, stream: BinaryIO, size: int) -> bytes:
        """Return the first bytes of a stream, up to any damage."""
        with contextlib.suppress(BrokenFileError):
            while len(self._head) < size and (chunk := stream.read(size - len(self._head))):
                self._head += chunk
        return self._head[:size]

    def _open_raw(self, name: str, label: str) -> BinaryIO:
        if self._zip is not None:
            return open_in_zip(self._zip, self._zip_members[name], label)
        if self._is_tar:
            return self._tar_files().open(name)
        return open_path(self._files()[name], label)

    def _spooled(self) -> BinaryIO:
        """Copy the stream to a temporary file, up to the limit, and return that."""
        meter = Meter(self.name, self._meter.limit_bytes)
        assert self._stream is not None  # noqa: S101 # for the type checker
        with spooling(self._opened, self.name) as spool:
            while chunk := self._head or self._stream.read(BUFFER_BYTES):
                spool.write(meter.count(chunk))
                self._head = b""
            meter.count(b"")
        return spool

    def _metered(self, stream: BinaryIO, label: str, packed_share: float = 1.0) -> BinaryIO:
        reader = MeteredReader(stream, self._meter, label=label, packed_share=packed_share)
        return io.BufferedReader(reader, BUFFER_BYTES)

    def _files(self) -> dict[str, Path]:
        if self._paths is None:
            path = None if self._zip is not None else self.path
            self._paths = {} if path is None else list_files(path, self.is_folder)
        return self._paths
