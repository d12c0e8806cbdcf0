"""Types of files in a folder or an archive, and the errors of reading one."""

import io
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Final, NamedTuple

from app.compute.text import normalized
from app.errors import BrokenFileError, Message
from app.formats.source.encodings import encodings_of, lines_to_weigh

MAX_LIST_BYTES: Final = 32 * 2**20
"""Maximum size of a zip's directory or a tar's headers in memory: some 50,000 files."""
READ_ERRORS: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
DOS: Final = "cp437"
"""Defined encoding of names in a zip that are not marked as UTF-8."""
_NAMED: Final = 5
_OUTSIDE: Final = re.compile(r"(?:^|/)(?:\.\.)?/")
_EXTRA: Final = re.compile(r"(?:^|/)(?:__MACOSX/|(?:\._[^/]*)?\Z)")
"""Includes the entry of a folder."""


Stream = IO[bytes] | io.RawIOBase
Opener = Callable[[], Stream]


class Member(NamedTuple):
    size: int
    open: Opener


Members = dict[str, Member]


@dataclass(slots=True)
class Listing:
    members: Members = field(default_factory=dict)
    """Plain files inside, by name in NFC: a Mac writes Hangul by its letters."""
    left_out: list[str] = field(default_factory=list)
    """Names of links, devices and files that would be outside."""
    fault: BrokenFileError | None = None

    uncertain: list[tuple[bytes, Member | None]] = field(default_factory=list)
    names_in: str = DOS

    def name_by_letters(self) -> None:
        """Add the files with uncertain names, in the best-fitting encoding."""
        names = b"\n".join(name for name, _ in self.uncertain)
        self.names_in = next(iter(encodings_of(lines_to_weigh(names))), DOS)
        for name, member in self.uncertain:
            self.add(self._named(name), member)

    def name_in(self, encoding: str) -> None:
        for name, _ in self.uncertain:
            self.members.pop(normalized(self._named(name)), None)
        self.names_in = encoding
        for name, member in self.uncertain:
            self.add(self._named(name), member)

    def _named(self, name: bytes) -> str:
        return name.decode(self.names_in, "replace").replace("\\", "/")

    def add(self, name: str, member: Member | None) -> None:
        """Add a file, or note an entry that is none; macOS's additions are left out unnoted."""
        name = normalized(name)
        if _EXTRA.search(name):
            return
        if member is None or _OUTSIDE.search(name):
            self.left_out.append(name)
        else:
            self.members[name] = member

    @property
    def note(self) -> Message | None:
        if not self.left_out:
            return None
        first = (name[:200] for name in sorted(self.left_out)[:_NAMED])
        names = ", ".join(first).encode(errors="replace").decode()
        if (count := len(self.left_out) - _NAMED) > 0:
            names = Message("{names} and {count} more", names=names, count=count)
        return Message(
            "{names}: left out, because links, special files and files outside are not read",
            names=names,
        )


def damaged(label: str) -> BrokenFileError:
    return BrokenFileError("{name} is truncated or damaged", name=label)
