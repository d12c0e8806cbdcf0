"""Where uploads lie until they are imported: a folder for each, in the data folder."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

FILE: Final = "upload"
"""Name of the file in its folder; what the browser called it is in the database."""
STRAY_AFTER_S: Final = 24 * 3600


def make_upload_folder(data_dir: Path) -> Path:
    """Return a new, private folder for one upload."""
    parent = data_dir / "uploads"
    parent.mkdir(mode=0o700, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=parent))


def upload_path(data_dir: Path, spool: str) -> Path:
    """Return the file of the upload whose folder has that name."""
    return data_dir / "uploads" / spool / FILE


def remove_upload(data_dir: Path, spool: str) -> None:
    """Remove an upload and its folder; one that is open elsewhere can be read to its end."""
    shutil.rmtree(data_dir / "uploads" / spool, ignore_errors=True)


def remove_strays(data_dir: Path, known: Collection[str]) -> None:
    """Remove day-old uploads that no import knows, left by a process that died."""
    for folder in (data_dir / "uploads").glob("*"):
        # Another worker may remove it first.
        with contextlib.suppress(FileNotFoundError):
            if folder.name not in known and time.time() - folder.stat().st_mtime > STRAY_AFTER_S:
                shutil.rmtree(folder, ignore_errors=True)
