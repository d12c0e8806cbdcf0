"""Files that commands write."""

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.security import open_private


@contextlib.contextmanager
def opened_output(path: Path | None) -> Iterator[BinaryIO]:
    """Open the file, or standard output; the file gets its name when it is complete."""
    if path is None:
        yield sys.stdout.buffer
        return
    path = path.resolve()  # Replace the target of a link, and keep the link.
    if path.exists() and not path.is_file():  # A pipe or a device.
        with path.open("wb") as special:
            yield special
        return
    unfinished = path.with_name(f".saywho-{secrets.token_hex(8)}.part")
    try:
        with open(unfinished, "xb", opener=open_private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
