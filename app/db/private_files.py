"""Files and folders that nobody else on the machine may read."""

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

EVERYBODY: Final = 0o007
OTHERS: Final = 0o077


def make_private_folder(path: Path) -> None:
    """Make a folder for its owner alone; one that is there already keeps the rights it has."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Make an empty file for its owner alone; close one that everybody may read or write.

    What its owner shares with a group on purpose stays so. An existing file is not opened:
    closing it again would take away the locks that this process has on it.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    with contextlib.suppress(FileNotFoundError, PermissionError):
        mode = path.stat().st_mode
        if stat.S_ISREG(mode) and mode & EVERYBODY:  # Not a folder named by mistake.
            path.chmod(mode & ~OTHERS & 0o7777)
