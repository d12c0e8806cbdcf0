"""Plain files, and the folders whose files are opened by descriptors: no link in them is followed.

A folder may come from an archive that somebody else made, and a link in it may lead to any file of
this machine. A name may become a link at any time, so what counts is how it is opened.
"""

import contextlib
import errno
import io
import os
import stat
from functools import partial
from pathlib import Path
from typing import Final

from app.errors import BrokenFileError
from app.formats.source.members import Listing, Member

# Without O_NONBLOCK, opening a named pipe waits until something writes to it.
_OPEN_FILE: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY
_DEEPEST: Final = 50
"""Folders in each other. Each file beneath opens all of them again."""


class PlainFile(io.RawIOBase):
    """A plain file with the length that it had when it was opened.

    Reading raises BrokenFileError at its end where it was written to meanwhile, and where it has
    become shorter.
    """

    def __init__(self, descriptor: int, label: str) -> None:
        """Take over the descriptor. Raises OSError if it is of anything but a plain file."""
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
        """Return another reader of the same file, at its beginning."""
        reader = PlainFile(os.dup(self._descriptor), self._label)
        reader._status = self._status
        return reader

    def check(self) -> None:
        """Raise BrokenFileError if the file was written to since it was opened."""
        status = os.fstat(self._descriptor)
        if (status.st_size, status.st_mtime_ns) != (self.size, self._status.st_mtime_ns):
            raise BrokenFileError(
                "{name} changed while it was being read; import it again", name=self._label
            )

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
    """Open a file that somebody named, who may name a link. Raises OSError."""
    return PlainFile(os.open(path, _OPEN_FILE), label)


class Folder:
    """A folder, whose files are opened by its descriptor.

    Raises OSError where it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, _OPEN_FOLDER)  # Whoever named it may name a link.

    def close(self) -> None:
        os.close(self._descriptor)

    def listing(self, *, is_deep: bool) -> Listing:
        """Return the plain files, and those of the folders in it if `is_deep`."""
        listing, folders = Listing(), [""]
        while folders:
            folder = folders.pop()
            try:
                folders += self._list(folder, listing) if is_deep or not folder else ()
            except OSError:  # It may be gone by now, or closed to us, or too deep.
                listing.add(folder or ".", None)
        return listing

    def _list(self, folder: str, listing: Listing) -> list[str]:
        """Add what is in a folder to the listing; return the names of the folders in it."""
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
        """Open a file beneath. Raises BrokenFileError where a link has taken its place."""
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
        """Return the descriptor of a folder beneath, each part of whose name is no link."""
        at, parts = self._descriptor, folder.split("/") if folder else []
        if len(parts) > _DEEPEST:
            raise OSError(errno.ELOOP, "too deep")
        for part in parts:
            at = os.open(part, _OPEN_FOLDER | os.O_NOFOLLOW, dir_fd=at)
            opened.callback(os.close, at)
        return at
