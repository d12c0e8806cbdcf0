"""The inputs of a job: files, here or in a store, cut into parts that are read at the same time."""

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.errors import AppError, InvalidInputError
from app.formats import open_archive
from app.formats.columns import Columns
from app.formats.records import Archive, BrokenFileError, UnrecognisedFileError, read_each
from app.formats.source.file import Source
from app.formats.source.json import Json, LinesSource, is_lines
from app.formats.source.lines import HEAD_BYTES
from app.formats.source.reading import ChunkReader

PART_BYTES: Final = 32 * 2**20
"""Bytes of a file that one task reads: some 100,000 posts, a minute of work."""
PART_GROUPS: Final = 1
"""Row groups of a Parquet file that one task reads."""
PARQUET: Final = "parquet"
_PARQUET_START: Final = b"PAR1"
_LINES: Final = frozenset({"jsonl", "mongo", "x-api"})
"""Formats of which a file may hold a document on each line."""
_NO_LIMIT: Final = 2**62


class JobError(InvalidInputError):
    """A job cannot begin, or an input cannot be read."""


@dataclass(frozen=True, slots=True)
class InputPart:
    """A part of a file: bytes of a file of lines, row groups of Parquet, else all of it."""

    file: int
    """Number of the file among the inputs, from 0."""
    name: str
    format: str
    start: int = 0
    end: int | None = None
    """None for a file that cannot be cut."""


@dataclass(slots=True)
class Opened:
    """A part that is being read."""

    archive: Archive
    lines: "LinePart | None"

    def where(self, place: int) -> str:
        """Return where in its file a record stands."""
        if self.lines is None:
            return f"{self.archive.unit} {place}"
        if self.archive.unit == "line":
            return f"byte {self.lines.offset_of(place)}"
        return f"record {place} after byte {self.lines.offset_of(1)}"


def named_files(inputs: Sequence[str]) -> list[str]:
    """Return the files of the inputs: files, folders of them, and patterns. Raises JobError."""
    files: list[str] = []
    for each in inputs:
        folder, _, last = each.rpartition("/")
        is_pattern = "*" in last
        found = _files_in(folder or "." if is_pattern else each)
        found = [name for name in found if not is_pattern or fnmatch(name.rpartition("/")[2], last)]
        if not found:
            raise JobError("{name} does not exist, or holds no files", name=each)
        files += found
    return files


def _files_in(name: str) -> list[str]:
    """Return the files of a folder, by name; a file itself."""
    from pyarrow.fs import FileSelector, FileType

    system, path = store(name)
    kind = system.get_file_info(path).type
    if kind != FileType.Directory:
        return [name] if kind == FileType.File else []
    infos = system.get_file_info(FileSelector(path))
    names = [each.base_name for each in infos if each.type == FileType.File]
    return [f"{name.rstrip('/')}/{each}" for each in sorted(names) if each[0] not in "._"]


def store(name: str) -> tuple[Any, str]:
    """Return the file system of a path or an address, and the path there. Raises JobError."""
    from pyarrow import ArrowException
    from pyarrow.fs import FileSystem

    try:
        is_here = "://" not in name
        uri = str(Path(name).absolute()) if is_here else name.replace("s3a://", "s3://", 1)
        system, path = FileSystem.from_uri(uri)
    except (ArrowException, OSError, ValueError) as error:
        raise JobError("{name} cannot be read: {error}", name=name, error=_line(error)) from error
    return system, path


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


@contextlib.contextmanager
def open_file(name: str) -> Iterator[BinaryIO]:
    """Open a file, here or in a store. Raises UnrecognisedFileError."""
    system, path = store(name)
    try:
        file: BinaryIO = io.BufferedReader(system.open_input_file(path))
    except OSError as error:
        raise UnrecognisedFileError("{name} cannot be read", name=name) from error
    with file:
        yield file


def cut(files: Sequence[str], format_name: str) -> list[InputPart]:
    """Return the parts of all files, in their order; each file is recognised by its beginning.

    Raises UnrecognisedFileError and BrokenFileError.
    """
    return [part for number, name in enumerate(files) for part in _cut(number, name, format_name)]


def _cut(number: int, name: str, format_name: str) -> Iterator[InputPart]:
    with open_file(name) as file:
        size, head = file.seek(0, io.SEEK_END), b""
        if file.seek(0) == 0:
            head = file.read(HEAD_BYTES)
        if head.startswith(_PARQUET_START) or format_name == PARQUET:
            groups = parquet_file(file, name).num_row_groups
            yield from sliced(InputPart(number, name, PARQUET), groups, PART_GROUPS)
            return
        file.seek(0)
        with Source(file, name=name, limit_bytes=_NO_LIMIT, with_media=False) as source:
            found = open_archive(source, format=format_name)
            is_plain = b"\0" not in head and source.head(2) == head[:2] and not source.has_members
            is_cut = (
                found.format in _LINES
                and is_plain
                and (found.format == "jsonl" or is_lines(source))
            )
    if is_cut:
        yield from sliced(InputPart(number, name, found.format), size, PART_BYTES)
    else:
        yield InputPart(number, name, found.format)


def sliced(whole: InputPart, size: int, step: int) -> Iterator[InputPart]:
    """Return the parts of a file of that many bytes, or row groups."""
    for start in range(0, size, step):
        yield replace(whole, start=start, end=min(start + step, size))


@contextlib.contextmanager
def open_part(part: InputPart, **options: Any) -> Iterator[Opened]:
    """Open a part; its records come as they do from the whole file. Raises ImportFileError.

    `options` are those of `open_archive`.
    """
    with open_file(part.name) as file:
        if part.format == PARQUET:
            yield Opened(_parquet_archive(parquet_file(file, part.name), part), None)
            return
        lines = None if part.end is None else LinePart(file, part.start, part.end)
        kind = Source if lines is None else LinesSource
        stream = file if lines is None else cast(BinaryIO, io.BufferedReader(lines, 2**16))
        with kind(stream, name=part.name, limit_bytes=_NO_LIMIT, with_media=False) as source:
            yield Opened(open_archive(source, format=part.format, is_part=True, **options), lines)


def parquet_file(file: BinaryIO, name: str) -> Any:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(file)
    except (ArrowException, OSError) as error:
        raise BrokenFileError("{name} is damaged", name=name) from error


def parquet_rows(file: Any, part: InputPart) -> Iterator[tuple[int, Json]]:
    """Yield the rows of a part, with their numbers in the file, as JSON would hold them."""
    place = sum(file.metadata.row_group(each).num_rows for each in range(part.start))
    for batch in file.iter_batches(2000, row_groups=list(range(part.start, part.end or 0))):
        for row in msgspec.json.decode(msgspec.json.encode(batch.to_pylist())):
            place += 1
            yield place, row


def _parquet_archive(file: Any, part: InputPart) -> Archive:
    """Return the rows of a part of a Parquet file, read as lines of JSON are."""

    columns = Columns.find(file.schema_arrow.names)
    if not columns.has_text:
        raise BrokenFileError("{name} has no column of texts", name=part.name)
    return Archive(PARQUET, "record", None, read_each(parquet_rows(file, part), columns.read))


class LinePart(ChunkReader):
    """The lines of a file that begin between two offsets; knows where each begins."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file = file
        if start:
            file.seek(start - 1)
            while (piece := file.readline(2**20)) and not piece.endswith(b"\n"):
                pass
        self._at = file.tell()
        self._end = end
        self._is_within = False
        """Whether a line is open at this place."""
        self._begins: list[NDArray[np.int64]] = [np.array([self._at])]

    def next_chunk(self, size: int) -> bytes:
        if self._at < self._end:
            chunk = self._file.read(min(size, self._end - self._at))
        else:
            chunk = self._file.readline(size) if self._is_within else b""
        self._is_within = bool(chunk) and not chunk.endswith(b"\n")
        found = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n"))
        self._begins.append(found + (self._at + 1))
        self._at += len(chunk)
        return chunk

    def offset_of(self, line: int) -> int:
        """Return where a line begins that was read, from 1 on."""
        if len(self._begins) > 1:
            self._begins = [np.concatenate(self._begins)]
        return int(self._begins[0][line - 1])


def close_reason(error: AppError, name: str) -> str:
    """Return why a file could not be read, with its name."""
    return error.detail if name in error.detail else f"{name}: {error.detail}"
