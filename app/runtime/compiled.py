"""What takes long to make from files of the program, stored next to Python's compiled modules."""

import contextlib
import marshal
import os
import sys
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from app.security import sync_file


class Compiled:
    """A value of `marshal` made from a file, which is discarded when the state has changed."""

    def __init__(self, source: Path, state: str) -> None:
        self._file = Path(cache_from_source(str(source.with_suffix(".py")))).with_suffix(".marshal")
        self._state = state
        self.value: Any = None
        """None if it is not stored."""
        # The last three are errors of `marshal` for a file that contains something else.
        with contextlib.suppress(OSError, EOFError, TypeError, ValueError):
            found, value = marshal.loads(self._file.read_bytes())  # noqa: S302 - as safe as modules
            if found == state:
                self.value = value

    def store(self, value: Any) -> None:
        """Store the value, unless Python stores no compiled modules either."""
        self.value = value
        if sys.dont_write_bytecode:
            return
        part = self._file.with_suffix(f".{os.getpid()}")  # Others may start at the same time.
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                marshal.dump((self._state, value), file)
                sync_file(file)
            part.replace(self._file)
        except OSError:  # The folder is another user's, or the disk is full.
            with contextlib.suppress(OSError):
                part.unlink()
