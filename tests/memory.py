"""Where tests keep what need not outlive them: in memory, where a machine has the room."""

import shutil
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - everybody makes a folder of its own in it
ROOM_BYTES: Final = 4 * 2**30


def memory_folder() -> Path | None:
    """Return the folder whose files are in memory; None where it is missing or small.

    Else each durable commit of each test would wait for the disk.
    """
    if MEMORY.exists() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        return MEMORY
    return None
