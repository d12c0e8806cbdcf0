"""Small versions of stored pictures, in a deletable folder next to them.

They are made at first sight or after an import; until then the original is shown.
"""

import asyncio
import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import msgspec

from app.config import MIB
from app.db.batch import Batch
from app.errors import overloaded, unwritable
from app.formats.small_pictures import (
    DECODERS,
    SMALL_SUFFIX,
    WIDTHS,
    SmallRequest,
    SmallVersion,
    small_versions,
)
from app.runtime.sandbox import ReadError, Sandbox
from app.security import make_private_folder, open_private
from app.services.posts.media import (
    DRAFT,
    changed_at,
    content_type,
    is_in_use,
    is_nearly_full,
    small_folder,
)

AT_A_TIME: Final = 8
"""Pictures in a run; its process starts in 0.2 s."""
_NONE: Final = b"-"
"""Content that stands for "no small version"; a crash may leave empty files."""


class SmallPictures:
    def __init__(self, folder: Path, limit_s: float = 30.0) -> None:
        self._folder, self._target = folder, small_folder(folder)
        self._sandbox = Sandbox(limit_s, 512 * MIB)  # 100 million pixels take 400 MB.
        self._given_up: set[str] = set()
        """Pictures that killed their decoding process."""
        self._done_at: int | None = None
        """Change time of the folder before the last complete run."""
        # After 5 s a page shows the original.
        self._waiting = Batch(self._make, max_size=AT_A_TIME, max_waiting=100, timeout_s=5.0)

    async def obtain(self, name: str, width: int) -> Path | None:
        """Return the file of a small version; None for the original.

        Raises UnavailableError if too many pictures wait, or the disk is full or read-only.
        """
        path = self._path(name, width)
        content_size = await asyncio.to_thread(_size, path)
        if not content_size:
            await self._waiting(name)
            content_size = await asyncio.to_thread(_size, path)
        if not content_size:
            raise overloaded()
        return path if content_size > len(_NONE) else None

    async def close(self) -> None:
        await self._waiting.close()

    def is_due(self) -> bool:
        is_changed = changed_at(self._folder) not in {0, self._done_at}
        return is_changed and not is_in_use(self._folder) and self._can_write()

    async def make_missing(self) -> None:
        began_at = changed_at(self._folder)
        missing = await asyncio.to_thread(self._missing)
        for start in range(0, len(missing), AT_A_TIME):
            await self._make(missing[start : start + AT_A_TIME])
        self._done_at = began_at

    def _path(self, name: str, width: int) -> Path:
        return self._target / f"{name.partition('.')[0]}-{width}.{SMALL_SUFFIX}"

    def _missing(self) -> list[str]:
        names = filter(has_small_versions, os.listdir(self._folder))
        return [name for name in names if not self._is_made(name) and name not in self._given_up]

    def _is_made(self, name: str) -> bool:
        return all(_size(self._path(name, width)) for width in WIDTHS)

    def _can_write(self) -> bool:
        try:
            make_private_folder(self._target)
            return os.access(self._target, os.W_OK) and not is_nearly_full(self._target)
        except OSError:
            return False

    async def _make(self, names: Sequence[str]) -> Sequence[None]:
        """Make these pictures' versions. Raises UnavailableError."""
        if not await asyncio.to_thread(self._can_write):
            raise unwritable()
        try:
            versions = await self._read(names)
            await asyncio.to_thread(self._write, versions)
        except OSError as error:
            raise unwritable() from error
        except ReadError:
            for name in names if len(names) > 1 else ():
                await self._make([name])
            if len(names) == 1:
                self._give_up(names[0])
        return [None] * len(names)

    async def _read(self, names: Iterable[str]) -> list[SmallVersion]:
        """Decode pictures in a separate process. Raises OSError, ReadError."""
        paths = [str(self._folder / name) for name in names if name not in self._given_up]
        if not paths:
            return []
        with TemporaryFile() as body:
            body.write(msgspec.json.encode(SmallRequest(paths)))
            body.flush()
            async with self._sandbox.read(small_versions, body) as lines:
                return [msgspec.json.decode(line, type=SmallVersion) for line in lines]

    def _give_up(self, name: str) -> None:
        if len(self._given_up) >= 10_000:
            self._given_up.clear()
        self._given_up.add(name)

    def _write(self, versions: Iterable[SmallVersion]) -> None:
        """Store versions, except of deleted pictures. Raises OSError."""
        for version in versions:
            path = self._path(version.name, version.width)
            draft = self._target / f"{DRAFT}{secrets.token_hex(8)}"
            try:
                with open(draft, "xb", opener=open_private) as file:
                    file.write(version.content or _NONE)
                draft.rename(path)
            finally:
                draft.unlink(missing_ok=True)
            if not (self._folder / version.name).exists():
                path.unlink(missing_ok=True)


def has_small_versions(name: str) -> bool:
    return content_type(name) is not None and name.rpartition(".")[2] in DECODERS


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
