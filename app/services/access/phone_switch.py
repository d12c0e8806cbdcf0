"""The switch that lets phones of the network in.

It is a file in the data folder, so that it survives a restart and is of this machine alone.
"""

from pathlib import Path
from typing import Final

from app.security import sync_folder, write_durably

SWITCH: Final = "phones"
"""File in the data folder that lets phones in."""


def lets_phones_in(data_dir: Path) -> bool:
    return (data_dir / SWITCH).exists()


def switch_phones(data_dir: Path, *, is_on: bool) -> None:
    """Let phones in from now on, or no more."""
    path = data_dir / SWITCH
    if is_on:
        write_durably(path, b"")
    else:
        path.unlink(missing_ok=True)
        sync_folder(data_dir)
