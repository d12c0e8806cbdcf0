"""The files of a folder, and those beside a file."""

import os
from pathlib import Path
from typing import BinaryIO, Final

from app.formats.records import UnrecognisedFileError

MAX_FOLDER_DEPTH: Final = 12
"""Folders below one another that are looked into; those of media have nine."""


def list_files(path: Path, is_folder: bool) -> dict[str, Path]:
    """Return the files of a folder and of those below it, or the files beside a file.

    Their names are relative to the folder. The extras that macOS adds are left out.
    """
    folder = path if is_folder else path.parent
    found = {}
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        if not is_folder or depth >= MAX_FOLDER_DEPTH:
            folders.clear()
        for name in names:
            file = Path(place, name)
            if file.is_file() and not name.startswith("._"):
                found[file.relative_to(folder).as_posix()] = file
    return found


def open_path(path: Path, label: str) -> BinaryIO:
    """Open a file. Raises UnrecognisedFileError."""
    try:
        return path.open("rb")
    except OSError as error:
        raise UnrecognisedFileError(
            "{name} cannot be opened: {why}", name=label, why=error.strerror
        ) from error
