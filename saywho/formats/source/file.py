"""A source of an import: a file, a folder, a zip or a tar; a stream is copied first."""

import contextlib
import gzip
import io
import os
import posixpath
import re
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO, Final, TypeVar

from saywho import errors
from saywho.formats.assumptions import REPAIR, UNREPAIRED, ReadNotes
from saywho.formats.source import containers, members as inside
from saywho.formats.source.encodings import TextForm
from saywho.processes import watched

_BLANKS: Final = re.compile(rb"\s+")


_REACHED: Final = errors.Message("{name} is larger than {limit}, the limit of an import")
_MEDIA_REACHED: Final = errors.Message(
    "the pictures and videos of {name} unpack to more than {limit}, far more than"
    " expected; no more are stored"
)


class Meter:
    def __init__(self, name: str, limit_bytes: int, reached: errors.Message = _REACHED) -> None:
        self._name, self._reached = name, reached
        self.limit_bytes = limit_bytes
        self.bytes_read = 0
        self.reading = name
        self.files: set[str] = set()

    def counted(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the part of a chunk within the limit. Raises LimitReachedError after it."""
        room = self.limit_bytes - self.bytes_read
        self.bytes_read += len(chunk)
        yield chunk[: max(room, 0)]
        if len(chunk) > room:
            raise self.reached()

    def reached(self) -> errors.LimitReachedError:
        limit = f"{self.limit_bytes / 2**20:,.4g} MB"
        return errors.LimitReachedError(self._reached.template, name=self._name, limit=limit)


DEFAULT_LIMIT_BYTES: Final = 4096 * 2**20
BUFFER_BYTES: Final = 64 * 1024
_HEAD_BYTES: Final = 512
_SMALL_BYTES: Final = 4 * 2**20
"""Maximum size of a file about posts, without posts."""
_BEGINNING_BYTES: Final = 10 * 2**20
"""Examined part of a file; Telegram's exports may have much before the chats."""
MOST_GROWTH: Final = 10
LEAST_MEDIA_BYTES: Final = 64 * 2**20
"""Media of an archive may unpack to this size, plus the archive's size times MOST_GROWTH."""
WORDY_ENDS: Final = (
    *(".txt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".js", ".html", ".htm", ".xml"),
    *(".xlsx", ".xls", ".ods"),
)


@dataclass(slots=True)
class TextFacts:
    """Facts about the texts of a source's files."""

    encoding: str | None = None
    """The chosen encoding; None to detect it."""
    forms: dict[str, TextForm] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    """Beginnings of files without blanks, read once for all formats."""


@dataclass(eq=False)
class Content:
    name: str
    stored: inside.Member
    meter: Meter
    fault: errors.BrokenFileError | None = None
    has_members: bool = False
    """Whether it is a folder, zip or tar, not content itself."""
    notes: ReadNotes = field(default_factory=ReadNotes)
    """Shared by a source's files, except uncounted contents."""
    texts: TextFacts = field(default_factory=TextFacts)

    @property
    def beginning(self) -> "Content":
        """First part of this file, uncounted, to recognise it."""
        return self._apart(_BEGINNING_BYTES)

    @property
    def uncounted(self) -> "Content":
        """This file with a separate meter of equal limit, to recognise it."""
        return self._apart(self.meter.limit_bytes)

    def _apart(self, limit_bytes: int) -> "Content":
        meter = Meter(self.name, limit_bytes)
        return Content(self.name, self.stored, meter, self.fault, texts=self.texts)

    def chunks(self) -> Generator[bytes, None, None]:
        """Yield and count the bytes. Raises FileError after all that can be read."""
        self.meter.reading = self.name
        self.meter.files.add(self.name)
        try:
            with self.stored.open() as stream:
                while chunk := read_some(stream):
                    yield from self.meter.counted(chunk)
        except inside.READ_ERRORS as error:
            raise inside.damaged(self.name) from error
        if self.fault is not None:
            raise self.fault


T = TypeVar("T")


class Source(Content, contextlib.AbstractContextManager["Source"]):
    """Reads a source piece by piece; extracts nothing and holds nothing in memory.

    A stream, a special file such as a pipe, and a gzip's content are copied to a temporary file, up
    to the limit.

    Raises UnrecognisedFileError for a path that does not exist or cannot be opened, and a zip
    without a readable directory; BrokenFileError for a damaged gzip or tar.
    """

    def __init__(
        self,
        target: Path | BinaryIO | inside.PlainFile,
        *,
        name: str | None = None,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ) -> None:
        self.path = target if isinstance(target, Path) else None
        name = name or str(self.path or "-")
        super().__init__(name, inside.Member(0, self._whole), Meter(name, limit_bytes))
        self.listing = inside.Listing()
        self.about: Callable[[ReadNotes], None] | None = None
        """Notes the other content of an archive if its rows are read in its place."""
        self.bytes_total: int | None = None
        """Total bytes to read, unpacked; None for folders before `expect`."""
        self.expected: set[str] = set()
        self.taken: int | None = None
        """Bytes up to the last record that was taken from the records read ahead, if any were."""
        self._packed_bytes = 0
        self._opened = contextlib.ExitStack()
        self._file: inside.PlainFile | None = None
        """The file, or the copy of a stream or gzip; None for a folder."""
        self._is_copied = False
        try:
            with watched:
                self._prepare(target)
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._opened.close()

    def temporary(self) -> IO[bytes]:
        """Return a temporary file without a name, which is closed together with the source."""
        return self._opened.enter_context(tempfile.TemporaryFile())

    @property
    def most_rows(self) -> int:
        """Size that rows made of this source may have: a byte more than an import reads."""
        return self.meter.limit_bytes + 1

    def again(self) -> "Source":
        """Return another source of the same bytes, with its own meter and notes."""
        target = self._file if self._is_copied else self.path
        assert target is not None  # noqa: S101 # for the type checker
        source = Source(target, name=self.name, limit_bytes=self.meter.limit_bytes)
        source.fault = self.fault
        return source

    def restart(self) -> None:
        self.meter = Meter(self.name, self.meter.limit_bytes)
        self.notes.restart()
        self.expected = set()
        self.taken = None

    @property
    def bytes_read(self) -> int:
        read = self.meter.bytes_read if self.taken is None else self.taken
        return read if self.bytes_total is None else min(read, self.bytes_total)

    def expect(self, names: Iterable[str]) -> None:
        """Set the members to be read, so that progress ends at the total; a lone file has none."""
        if not self.members:
            return
        wanted = {*names}
        self.expected |= wanted
        # What an archive says of sizes may be any number.
        stated = sum(self.members[name].size for name in wanted)
        self.bytes_total = min(stated, self.meter.limit_bytes)

    def put_in_place(self, write: Callable[[IO[bytes], IO[bytes]], T]) -> T:
        """Read the output of `write`, given an archive as a plain file, in place of the archive."""
        rows = self.temporary()
        with self._whole() as packed:
            about = write(packed, rows)  # type: ignore[arg-type] # is binary
        self._keep(inside.PlainFile(os.dup(rows.fileno()), self.name))
        self._is_copied, self.has_members, self.listing = True, False, inside.Listing()
        return about

    @property
    def members(self) -> inside.Members:
        """The files of a folder, zip or tar, by name; see `look_beside`."""
        return self.listing.members

    def look_beside(self) -> bool:
        """Take the files next to a lone file as members; return whether there can be any."""
        if self.path is None or self._is_copied:
            return False
        with contextlib.suppress(OSError):  # A folder may let us open files, but not list them.
            self._list(self.path.parent, is_deep=False)
        # The file itself was named, and may be a link.
        self.members[self.path.name] = inside.Member(self.bytes_total or 0, self._whole)
        with contextlib.suppress(ValueError):
            self.listing.left_out.remove(self.path.name)
        return True

    def choose_encoding(self, encoding: str | None) -> None:
        """Set the encoding of texts and uncertain names in a zip; None to detect it."""
        self.texts.encoding = None if encoding in {REPAIR, UNREPAIRED} else encoding
        self.texts.forms.clear()
        self.texts.heads.clear()
        count = len(self.listing.uncertain)
        if count and self.texts.encoding:
            self.listing.name_in(self.texts.encoding)
        elif count:
            evidence = errors.Message(
                "names in the archive that are not UTF-8: {count}", count=count
            )
            self.notes.assume("encoding", self.listing.names_in, evidence=evidence)

    def check(self) -> None:
        """Raise BrokenFileError if the file was written to since it was opened."""
        if self._file is not None:
            self._file.check()

    def member(self, name: str) -> Content:
        """Return a file by name. Raises KeyError."""
        stored = self.members[name]
        return Content(name, stored, self.meter, notes=self.notes, texts=self.texts)

    def contents(self, is_wanted: Callable[[str], object]) -> Iterator[Content]:
        """Yield the files with such names, sorted; a lone file whatever its name."""
        if self.has_members:
            yield from map(self.member, sorted(filter(is_wanted, self.members)))
        else:
            yield self

    def only_content(self, is_wanted: Callable[[str], object]) -> Content | None:
        """Return the only file with such a name, if any.

        Raises UnrecognisedFileError for several.
        """
        contents = list(self.contents(is_wanted))
        self.only(content.name for content in contents)
        return contents[0] if contents else None

    def take_wanted(
        self, end: str | tuple[str, ...], is_wanted: Callable[[Content], object]
    ) -> list[Content]:
        """Take the files with such an ending that are wanted, and return them."""
        found = self.contents(lambda name: name.lower().endswith(end))
        contents = [content for content in found if is_wanted(content)]
        self.take(contents)
        return contents

    def take(self, taken: Iterable[Content]) -> None:
        """Note the files as read, and all files next to them as unread."""
        names = {content.name for content in taken if content is not self}
        if names:
            self.expect(names)
            for name in self.members:
                if name not in names and not is_hidden(name):
                    self.notes.leave("file", name)

    def note_unread(self, attached: Iterable[str]) -> None:
        """Note the unread files of a folder or archive that may contain words, after reading.

        `attached` are names of files that people sent.
        """
        sent = {posixpath.basename(name) for name in attached}
        for name in sorted(self.members.keys() - self.meter.files - self.expected):
            base = posixpath.basename(name)
            is_of_system = name.startswith("__MACOSX/") or base.startswith("._")
            if name.lower().endswith(WORDY_ENDS) and base not in sent and not is_of_system:
                self.notes.leave("file", name)

    def medium(self, name: str) -> Content:
        return Content(name, self.members[name], self._media_meter)

    @cached_property
    def _media_meter(self) -> Meter:
        """Counts media, which are packed already, so that an archive of them holds little more."""
        most = LEAST_MEDIA_BYTES + MOST_GROWTH * self._packed_bytes
        return Meter(self.name, sys.maxsize if self._file is None else most, _MEDIA_REACHED)

    def digest(self) -> bytes | None:
        """Return the SHA-256 of the bytes, of a folder or an archive of the files that are read.

        An app packs the same chat again at each export, so that the archive and the names in it do
        not count. None for a file that cannot be read to its end.
        """
        words = [name for name in self.members if name.lower().endswith(WORDY_ENDS)]
        contents = [*map(self.member, self.expected or words)] if self.has_members else [self]
        try:
            digests = sorted(map(_digest, contents))
        except errors.FileError:
            return None
        if len(digests) > 1:
            return sha256(b"".join(digests)).digest()
        return digests[0] if digests else None

    def start_of(self, name: str, size: int = _SMALL_BYTES) -> bytes:
        """Return a member's first bytes; none if missing or damaged."""
        with contextlib.suppress(KeyError, errors.BrokenFileError):
            return head(self.member(name), size)
        return b""

    def only(self, folders: Iterable[str]) -> str | None:
        """Return the only name, if any. Raises UnrecognisedFileError for several."""
        ordered = sorted(folders)
        if len(ordered) > 1:
            names = ", ".join(folder or "." for folder in ordered[:5])
            raise errors.UnrecognisedFileError(
                "{name} contains several archives or chats: {names}; import each separately",
                name=self.name,
                names=names,
            )
        return ordered[0] if ordered else None

    def _prepare(self, target: Path | BinaryIO | inside.PlainFile) -> None:
        try:
            self._open(target)
        except OSError as error:
            raise errors.UnrecognisedFileError(
                "{name} cannot be opened: {why}", name=self.name, why=error.strerror
            ) from error
        if self.has_members:
            return
        self._packed_bytes = self.bytes_total or 0
        start = head(self, _HEAD_BYTES)
        if start.startswith(b"\x1f\x8b") and not isinstance(target, inside.PlainFile):
            with self._whole() as packed, gzip.GzipFile(fileobj=packed) as unpacked:
                self._keep(self._copied(unpacked))  # type: ignore[arg-type] # is binary
            start = head(self, _HEAD_BYTES)
        if lister := containers.lister_of(start):
            self._unpack(lister)

    def _open(self, target: Path | BinaryIO | inside.PlainFile) -> None:
        if isinstance(target, inside.PlainFile):
            self._keep(target.again())
            self._is_copied = True
        elif not isinstance(target, Path):
            self._keep(self._copied(target))
        elif target.is_dir():
            self._list(target, is_deep=True)
            self.has_members = True
        elif target.is_file():
            self._keep(inside.open_plain(target, self.name))
        else:
            with target.open("rb") as pipe:
                self._keep(self._copied(pipe))

    def _keep(self, file: inside.PlainFile) -> None:
        self._file, self.bytes_total = self._opened.enter_context(file), file.size

    def _list(self, path: Path, *, is_deep: bool) -> None:
        folder = self._opened.enter_context(contextlib.closing(inside.Folder(path)))
        self.listing = folder.listing(is_deep=is_deep)

    def _unpack(self, lister: containers.Lister) -> None:
        file = self._whole()
        if self._is_copied and file.size > self.meter.limit_bytes:
            raise self.meter.reached()
        self.listing = lister(self._opened.enter_context(io.BufferedReader(file)), self.name)
        self.has_members, self.fault = True, self.fault or self.listing.fault
        if self.fault and not self.members:
            raise self.fault

    def _whole(self) -> inside.PlainFile:
        assert self._file is not None  # noqa: S101 # for the type checker
        return self._file.again()

    def _copied(self, stream: IO[bytes]) -> inside.PlainFile:
        spool: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 # is closed with the others
        self._opened.enter_context(contextlib.suppress(OSError))  # A full one fails to close.
        self._opened.enter_context(spool)
        try:
            while spool.tell() <= self.meter.limit_bytes and (chunk := self._next(stream)):
                spool.write(chunk)
            spool.flush()
        except OSError as error:
            raise errors.BrokenFileError(
                "{name} cannot be copied to a temporary file: {why}",
                name=self.name,
                why=error.strerror,
            ) from error
        self._is_copied = True
        return inside.PlainFile(os.dup(spool.fileno()), self.name)

    def _next(self, stream: IO[bytes]) -> bytes:
        try:
            return read_some(stream)
        except inside.READ_ERRORS:
            self.fault = inside.damaged(self.name)
        except errors.BrokenFileError as error:
            self.fault = error
        return b""


def head(content: Content, size: int) -> bytes:
    """Return the first bytes, up to any damage; fewer only at the end.

    Raises FileError if a fault leaves no bytes.
    """
    beginning = b""
    try:
        with contextlib.closing(content.uncounted.chunks()) as chunks:
            while len(beginning) < size and (chunk := next(chunks, b"")):
                beginning += chunk
    except errors.FileError:
        if not beginning:
            raise
    return beginning[:size]


def bare_head(content: Content) -> str:
    """Return a file's first 16 KB without blanks. Raises FileError as `head`."""
    heads = content.texts.heads
    if content.name not in heads:
        bare = _BLANKS.sub(b"", head(content, 16 * 1024))
        heads[content.name] = bare.decode("utf-8", "replace")
    return heads[content.name]


def _digest(content: Content) -> bytes:
    digest = sha256()
    for chunk in content.uncounted.chunks():
        digest.update(chunk)
    return digest.digest()


def contains(content: Content, *marks: bytes) -> bool:
    """Return whether a file contains any of the marks before any damage."""
    longest, rest = max(map(len, marks)), b""
    chunks = content.uncounted.chunks()
    with contextlib.suppress(errors.FileError), contextlib.closing(chunks):
        for chunk in chunks:
            text = rest + chunk
            if any(mark in text for mark in marks):
                return True
            rest = chunk[-longest:]
    return False


def read_some(stream: inside.Stream) -> bytes:
    """Return the next bytes, none only at the end, without losing any before damage."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    watched.renew()
    return read(BUFFER_BYTES)


def is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
