"""Folders for copies of a database that are thrown away, by others if their owner was killed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

INFIX: Final = ".copy-"


@contextlib.contextmanager
def scratch_folder(database: Path) -> Iterator[Path]:
    """Give a private folder beside the database that goes afterwards; it is locked meanwhile."""
    prefix = f"{database.name}{INFIX}"
    with tempfile.TemporaryDirectory(dir=database.parent, prefix=prefix) as name:
        folder = os.open(name, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(folder)


def remove_abandoned(database: Path) -> None:
    """Remove such folders whose owner has died."""
    for entry in database.parent.iterdir():
        # One that is still empty may not be locked yet.
        if entry.name.startswith(f"{database.name}{INFIX}") and not _is_in_use(entry):
            shutil.rmtree(entry, ignore_errors=True)


def _is_in_use(path: Path) -> bool:
    try:
        if not any(path.iterdir()):
            return True
        folder = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(folder)
    except OSError:
        return True
    return False
