"""The folder of a website: which files are the website's, and how they change.

All new content is written into a folder of drafts first, so that a full disk leaves the website as
it was. Then the files are renamed, media and pages before the pages that link to them; the files
that are no longer needed go last.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

import msgspec
from msgspec import structs

from app.db.lock import file_lock
from app.security import make_folder, sync_file, sync_folder

MARK: Final = "saywho-website.json"
DRAFTS: Final = ".saywho-draft"


class FolderError(Exception):
    """The folder cannot take the website; the message gives the reason in one line."""


class WebsiteMark(msgspec.Struct, frozen=True):
    """The list of a website's files in a folder."""

    version: str
    options: dict[str, Any]
    files: Sequence[str] = ()

    def encoded(self, files: Iterable[str]) -> bytes:
        """Return the mark with these files."""
        listed = structs.replace(self, files=sorted(files))
        return msgspec.json.format(msgspec.json.encode(listed), indent=1) + b"\n"


class WebsiteFolder:
    """Takes the files of a website, in the order of their naming."""

    def __init__(self, root: Path, earlier: frozenset[str]) -> None:
        self.root = root
        self.written = self.unchanged = self.removed = self.size_bytes = 0
        self._earlier = earlier
        self._files: list[str] = []
        self._drafts: list[str] = []

    def add(self, name: str, content: bytes) -> None:
        """Raises FolderError for the name of a file that is not of the website."""
        self._check(name)
        self.size_bytes += len(content)
        path = self.root / name
        if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
            self.unchanged += 1
            return
        self._drafts.append(name)
        with self._draft(name) as draft:
            draft.write(content)

    def add_copy(self, name: str, source: Path) -> None:
        """Add a copy of a file that never changes while it has this name and size.

        Raises FolderError for the name of a file that is not of the website.
        """
        self._check(name)
        path, size = self.root / name, source.stat().st_size
        self.size_bytes += size
        if path.is_file() and not path.is_symlink() and path.stat().st_size == size:
            self.unchanged += 1
            return
        self._drafts.append(name)
        with self._draft(name) as draft, source.open("rb") as copied:
            shutil.copyfileobj(copied, draft)

    def finish(self, mark: WebsiteMark) -> None:
        """Give the drafts their names, and remove files that are no longer of the website."""
        gone = sorted(self._earlier - {*self._files})
        # If this is broken off, the next run knows the files of both.
        self._mark(mark, {*self._files, *gone})
        for name in self._drafts:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            (self.root / DRAFTS / name).replace(path)
        self._sync_names(self._drafts)
        self.written = len(self._drafts)
        for name in gone:
            path = self.root / name
            if self._is_inside(path) and (path.is_file() or path.is_symlink()):
                path.unlink()
                self.removed += 1
            for folder in PurePosixPath(name).parents[:-1]:
                with suppress(OSError):  # It has other files.
                    (self.root / folder).rmdir()
        # After a power cut, no file is there that the mark does not list.
        self._sync_names(gone)
        self._mark(mark, self._files)

    def _check(self, name: str) -> None:
        path = self.root / name
        self._files.append(name)
        if not self._is_inside(path):
            raise FolderError(f"{path} leads out of the folder")
        if name not in self._earlier and os.path.lexists(path):
            raise FolderError(f"{path} is not of the website, and would be replaced; move it away")

    def _is_inside(self, path: Path) -> bool:
        return path.parent.resolve().is_relative_to(self.root)

    @contextmanager
    def _draft(self, name: str) -> Iterator[BinaryIO]:
        path = self.root / DRAFTS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            yield file
            sync_file(file)

    def _sync_names(self, names: Iterable[str]) -> None:
        folders = {self.root / each for name in names for each in PurePosixPath(name).parents}
        for folder in filter(Path.exists, folders):
            sync_folder(folder)

    def _mark(self, mark: WebsiteMark, files: Iterable[str]) -> None:
        content = mark.encoded(files)
        path = self.root / MARK
        if path.is_file() and path.read_bytes() == content:
            return
        with self._draft(MARK) as draft:
            draft.write(content)
        (self.root / DRAFTS / MARK).replace(path)
        sync_folder(self.root)


def check_folder(root: Path) -> frozenset[str]:
    """Return the files that an earlier run wrote.

    Raises FolderError for a folder that has other files and no mark of a website.
    """
    mark = root / MARK
    if root.exists() and not root.is_dir():
        raise FolderError(f"{root} is not a folder")
    if mark.is_file():
        with suppress(msgspec.DecodeError):
            files = msgspec.json.decode(mark.read_bytes(), type=WebsiteMark).files
            if all(map(_is_name, files)):
                return frozenset(files)
        raise FolderError(f"{mark} cannot be read")
    if root.exists() and {*os.listdir(root)} - {DRAFTS}:
        raise FolderError(
            f"{root} has other files: name a folder that is empty, absent or a website of saywho"
        )
    return frozenset()


def _is_name(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not {"..", "/", DRAFTS, ".git"} & {*parts}


@contextmanager
def opened_folder(root: Path) -> Iterator[WebsiteFolder]:
    """Open a folder for one run. Raises FolderError."""
    check_folder(root)
    is_new = not root.exists()
    make_folder(root)
    root = root.resolve()
    with file_lock(root, waits=False) as is_free:
        if not is_free:
            raise FolderError(f"{root} is being written by another command")
        shutil.rmtree(root / DRAFTS, ignore_errors=True)
        (root / DRAFTS).mkdir()
        try:
            yield WebsiteFolder(root, check_folder(root))
        finally:
            shutil.rmtree(root / DRAFTS, ignore_errors=True)
            if is_new:
                with suppress(OSError):  # It has a website now.
                    root.rmdir()
