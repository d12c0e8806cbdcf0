"""Uploads until their import: each has a folder in one place, which servers may share."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from app.db.lock import file_lock

FILE: Final = "upload"
"""Name of the file in its folder; the browser's name for it is in the database."""


def open_upload(place: Path) -> tuple[str, IO[bytes]]:
    """Return the name of a new, private upload and its file, locked until it is closed."""
    parent = _parent(place)
    parent.mkdir(mode=0o700, exist_ok=True)
    with file_lock(parent, is_shared=True):  # So that no upload is seen before it is locked.
        folder = Path(tempfile.mkdtemp(dir=parent))
        file = (folder / FILE).open("w+b")
        fcntl.flock(file, fcntl.LOCK_EX)
    return folder.name, file


def sync_upload(place: Path, spool: str, file: IO[bytes]) -> None:
    """Sync an upload to the disk, so that it survives a power cut. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())
    for folder in (_parent(place) / spool, _parent(place)):
        with _opened(folder) as number:
            os.fsync(number)


def upload_path(place: Path, spool: str) -> Path:
    """Return the file of an upload."""
    return _parent(place) / spool / FILE


def remove_upload(place: Path, spool: str) -> None:
    """Remove an upload; a process that has it open can still read it to the end."""
    shutil.rmtree(_parent(place) / spool, ignore_errors=True)


def held_uploads(place: Path) -> list[str]:
    """Return the names of all uploads in this place."""
    parent = _parent(place)
    return os.listdir(parent) if parent.exists() else []


def finished_uploads(place: Path) -> list[str]:
    """Return the uploads that no process is writing; those without an import are left over."""
    parent = _parent(place)
    if not parent.exists():
        return []
    with file_lock(parent):
        return [folder.name for folder in parent.iterdir() if not _is_locked(folder / FILE)]


def _parent(place: Path) -> Path:
    return place / "uploads"


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        # It is half made or half removed, by a process that has ended.
        return False
    return False


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    number = os.open(folder, os.O_RDONLY)
    try:
        yield number
    finally:
        os.close(number)
