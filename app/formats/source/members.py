"""What a file in a folder or an archive is, and what reading one may raise."""

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Final, NamedTuple

from app.errors import BrokenFileError

MAX_LIST_BYTES: Final = 32 * 2**20
"""Of a zip's directory, or of all headers of a tar: some 50,000 files, which are in memory."""
READ_ERRORS: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
"""What reading a damaged, locked or vanished file raises."""


Opener = Callable[[], IO[bytes]]


class Member(NamedTuple):
    """A file: its bytes unpacked, and how to open it."""

    size: int
    open: Opener


Members = dict[str, Member]


def damaged(label: str) -> BrokenFileError:
    return BrokenFileError("{name} is damaged and breaks off", name=label)
