"""Files in a folder or an archive, and plain files opened by descriptors.

No link inside a folder is followed: it may point to any file of this machine, and a name may become
a link at any time.
"""

import contextlib
import errno
import io
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Final, NamedTuple

from saywho.errors import BrokenFileError, Message
from saywho.formats.source.encodings import encodings_of, lines_to_weigh
from saywho.text import normalized

MAX_LIST_BYTES: Final = 32 * 2**20
"""Maximum size of a zip's directory or a tar's headers in memory: some 50,000 files."""
READ_ERRORS: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
DOS: Final = "cp437"
"""Defined encoding of names in a zip that are not marked as UTF-8."""
_NAMED: Final = 5
_OUTSIDE: Final = re.compile(r"(?:^|/)(?:\.\.)?/")
_EXTRA: Final = re.compile(r"(?:^|/)(?:__MACOSX/|(?:\._[^/]*)?\Z)")
"""Includes the entry of a folder."""


Stream = IO[bytes] | io.RawIOBase
Opener = Callable[[], Stream]


class Member(NamedTuple):
    size: int
    open: Opener


Members = dict[str, Member]


@dataclass(slots=True)
class Listing:
    members: Members = field(default_factory=dict)
    """Plain files inside, by name in NFC: a Mac writes Hangul by its letters."""
    left_out: list[str] = field(default_factory=list)
    """Names of links, devices and files that would be outside."""
    fault: BrokenFileError | None = None

    uncertain: list[tuple[bytes, Member | None]] = field(default_factory=list)
    names_in: str = DOS

    def name_by_letters(self) -> None:
        """Add the files with uncertain names, in the best-fitting encoding."""
        names = b"\n".join(name for name, _ in self.uncertain)
        self.names_in = next(iter(encodings_of(lines_to_weigh(names))), DOS)
        for name, member in self.uncertain:
            self.add(self._named(name), member)

    def name_in(self, encoding: str) -> None:
        for name, _ in self.uncertain:
            self.members.pop(normalized(self._named(name)), None)
        self.names_in = encoding
        for name, member in self.uncertain:
            self.add(self._named(name), member)

    def _named(self, name: bytes) -> str:
        return name.decode(self.names_in, "replace").replace("\\", "/")

    def add(self, name: str, member: Member | None) -> None:
        """Add a file, or note an entry that is no file; macOS's additions are left out unnoted."""
        name = normalized(name)
        if _EXTRA.search(name):
            return
        if member is None or _OUTSIDE.search(name):
            self.left_out.append(name)
        else:
            self.members[name] = member

    @property
    def note(self) -> Message | None:
        if not self.left_out:
            return None
        first = (name[:200] for name in sorted(self.left_out)[:_NAMED])
        names = ", ".join(first).encode(errors="replace").decode()
        if (count := len(self.left_out) - _NAMED) > 0:
            names = Message("{names} and {count} more", names=names, count=count)
        return Message(
            "{names}: left out, because links, special files and files outside are not read",
            names=names,
        )


def damaged(label: str, fault: object = None) -> BrokenFileError:
    if fault is None:
        return BrokenFileError("{name} is truncated or damaged", name=label)
    return BrokenFileError("{name} is truncated or damaged: {fault}", name=label, fault=fault)


# Without O_NONBLOCK, opening a named pipe waits until something writes to it.
_OPEN_FILE: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY


class PlainFile(io.RawIOBase):
    """A plain file with its length at opening.

    Reading raises BrokenFileError at its end if it was written to or shortened meanwhile.
    """

    def __init__(self, descriptor: int, label: str) -> None:
        """Take over the descriptor. Raises OSError if it is not of a plain file."""
        self._descriptor = descriptor
        self._label = label
        self._at = 0
        self._status = os.fstat(descriptor)
        if not stat.S_ISREG(self._status.st_mode):
            self.close()
            raise OSError(errno.EINVAL, "no plain file")

    @property
    def size(self) -> int:
        return self._status.st_size

    def again(self) -> "PlainFile":
        reader = PlainFile(os.dup(self._descriptor), self._label)
        reader._status = self._status
        return reader

    def check(self) -> None:
        status = os.fstat(self._descriptor)
        if (status.st_size, status.st_mtime_ns) != (self.size, self._status.st_mtime_ns):
            raise BrokenFileError(
                "{name} changed while it was being read; import it again", name=self._label
            )

    def fileno(self) -> int:
        """Return the descriptor, for another process."""
        return self._descriptor

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}
        self._at = max(0, starts[whence] + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # is always one
        # By place, since other readers of the same descriptor would move a common one.
        size = max(0, min(len(buffer), self.size - self._at))
        data = os.pread(self._descriptor, size, self._at)
        if buffer and not data:
            self.check()
        self._at += len(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def open_plain(path: Path, label: str) -> PlainFile:
    """Open a file or link named by the user. Raises OSError."""
    return PlainFile(os.open(path, _OPEN_FILE), label)


class Folder:
    """A folder, whose files are opened by its descriptor. Raises OSError if it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, _OPEN_FOLDER)  # Whoever named it may name a link.

    def close(self) -> None:
        os.close(self._descriptor)

    def listing(self, *, is_deep: bool) -> Listing:
        listing, folders = Listing(), [""]
        while folders:
            folder = folders.pop()
            try:
                folders += self._list(folder, listing) if is_deep or not folder else ()
            except OSError:  # It may be gone by now, or closed to us, or too deep.
                listing.add(folder or ".", None)
        return listing

    def _list(self, folder: str, listing: Listing) -> list[str]:
        folders = []
        with contextlib.ExitStack() as opened:
            entries = opened.enter_context(os.scandir(self._reach(folder, opened)))
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        folders.append(name)
                        continue
                    member = Member(status.st_size, partial(self._open, name))
                    listing.add(name, member if stat.S_ISREG(status.st_mode) else None)
        return folders

    def _open(self, name: str) -> PlainFile:
        """Open a file below. Raises BrokenFileError if a link has taken its place."""
        folder, _, last = name.rpartition("/")
        try:
            with contextlib.ExitStack() as opened:
                at = self._reach(folder, opened)
                return PlainFile(os.open(last, _OPEN_FILE | os.O_NOFOLLOW, dir_fd=at), name)
        except OSError as error:
            raise BrokenFileError(
                "{name} cannot be opened: {why}", name=name, why=error.strerror
            ) from error

    def _reach(self, folder: str, opened: contextlib.ExitStack) -> int:
        """Return the descriptor of a folder below, following no link."""
        at, parts = self._descriptor, folder.split("/") if folder else []
        if len(parts) > 50:  # Each file below opens all of its folders again.
            raise OSError(errno.ELOOP, "too deep")
        for part in parts:
            at = os.open(part, _OPEN_FOLDER | os.O_NOFOLLOW, dir_fd=at)
            opened.callback(os.close, at)
        return at
