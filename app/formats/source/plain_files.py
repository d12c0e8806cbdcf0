"""Plain files, and folders whose files are opened by descriptors: no link in them is followed.

A link in someone else's folder may point to any file of this machine, and a name may become a link
at any time.
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
