"""Uploads until their import: each has a folder in one place, which servers may share."""

import contextlib
import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import IO, Final

from app.clock import now

FILE: Final = "upload"
"""Name of the file in its folder; the browser's name for it is in the database."""


def open_upload(place: Path) -> tuple[str, IO[bytes]]:
    """Return the name of a new, private upload and its file."""
    parent = _parent(place)
    parent.mkdir(mode=0o700, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    return folder.name, (folder / FILE).open("w+b")


def sync_upload(place: Path, spool: str, file: IO[bytes]) -> None:
    """Sync an upload to the disk, so that it survives a power cut. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())
    for folder in (_parent(place) / spool, _parent(place)):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


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


def old_uploads(place: Path, age: timedelta) -> list[str]:
    """Return the names of the uploads that began longer ago."""
    parent, before = _parent(place), (now() - age).timestamp()
    names = []
    for name in held_uploads(place):
        # Another worker may have removed it meanwhile.
        with contextlib.suppress(FileNotFoundError):
            if (parent / name).stat().st_mtime < before:
                names.append(name)
    return names


def _parent(place: Path) -> Path:
    return place / "uploads"
