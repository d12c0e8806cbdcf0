"""Kept media: a folder of pictures, videos and sounds, each a file named by its content.

A file gets its name once it is whole, and stays as it is. Who keeps files has a shared lock on the
folder until the rows that need them are committed; who removes files has an exclusive one. Imports
take turns, and a file beside the folder tells each how much the others have kept.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from app.config import Config
from app.db.lock import file_lock, open_lock
from app.errors import InvalidInputError, RecordError
from app.formats.source.reading import read_up_to
from app.security import make_private_folder, open_private

TYPES: Final = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
}
"""The types that are kept, none of which can act as a page."""
MOST_PICTURE_BYTES: Final = 64 * 2**20
MOST_BYTES: Final = 8 * 2**30
"""Sizes of a picture, and of any file: a small archive may unpack to a huge one."""
DRAFT: Final = ".draft-"
"""Beginning of the names of files that are not whole."""
_CHUNK_BYTES: Final = 2**20
_HEAD_BYTES: Final = 64
_NAME = re.compile(rf"[0-9a-f]{{64}}\.({'|'.join(TYPES)})")
_STARTS: Final = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"ID3", "mp3"),
    (b"\xff\xfb", "mp3"),
    (b"\xff\xf3", "mp3"),
    (b"OggS", "ogg"),
)
_MP4_BRANDS: Final = (b"iso", b"mp4", b"avc", b"M4V", b"M4A", b"dash")


class NoRoomError(InvalidInputError):
    """There is no room for more media."""


def content_type(name: str) -> str | None:
    """Return the type of a kept file by its name; None for what is no such name."""
    match = _NAME.fullmatch(name)
    return TYPES[match[1]] if match else None


def suffix_of(head: bytes) -> str | None:
    """Return the suffix for a file's first bytes; None for a type that is not kept."""
    if head[4:8] == b"ftyp" and head[8:].startswith(_MP4_BRANDS):
        return "mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head:
        return "webm"
    return next((suffix for start, suffix in _STARTS if head.startswith(start)), None)


class MediaKeeper:
    """Keeps the media of an import within a limit; one thread at a time uses it."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._used_bytes: int | None = None
        self._turn = -1
        self._lock: int | None = None
        self.names: set[str] = set()
        """The files since the last release."""

    def keep(self, stream: BinaryIO, name: str) -> str:
        """Copy a file and return the name of the copy; `name` is for messages.

        Raises RecordError for a file that is not kept, NoRoomError where the limit or the disk is
        reached, and what reading raises.
        """
        try:
            self._begin()
            kept = self._copy(stream, name)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise NoRoomError("the disk is full; no more media are kept") from error
            raise NoRoomError(
                "media cannot be written: {why}; no more of them are kept", why=error.strerror
            ) from error
        self.names.add(kept)
        return kept

    def release(self) -> None:
        """Sync the names, and release the lock: rows that need the files were committed."""
        self.names.clear()
        if self._lock is not None:
            os.fsync(self._lock)
            os.close(self._lock)
            os.close(self._turn)
            self._lock = None

    def _begin(self) -> None:
        if self._lock is None:
            make_private_folder(self._folder)
            self._turn = open_lock(Path(f"{self._folder}.turn"))
            fcntl.flock(self._turn, fcntl.LOCK_EX)
            self._lock = os.open(self._folder, os.O_RDONLY)
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            if self._used_bytes is None:
                with os.scandir(self._folder) as entries:
                    self._used_bytes = sum(entry.stat().st_size for entry in entries)
            else:
                self._used_bytes = int.from_bytes(os.pread(self._turn, 8, 0), "big")
            self._note_used(self._used_bytes)

    def _note_used(self, used_bytes: int) -> None:
        self._used_bytes = used_bytes
        os.pwrite(self._turn, used_bytes.to_bytes(8, "big"), 0)

    def _copy(self, stream: BinaryIO, name: str) -> str:
        chunk = read_up_to(stream, _CHUNK_BYTES)
        suffix = suffix_of(chunk[:_HEAD_BYTES])
        if suffix is None:
            raise RecordError("{name} is no picture, video or sound of a known type", name=name)
        is_picture = TYPES[suffix].startswith("image/")
        digest, size = hashlib.sha256(), 0
        draft = self._folder / f"{DRAFT}{secrets.token_hex(8)}"
        try:
            with open(draft, "xb", opener=open_private) as file:
                while chunk:
                    digest.update(chunk)
                    size += len(chunk)
                    self._check_size(size, name, MOST_PICTURE_BYTES if is_picture else MOST_BYTES)
                    file.write(chunk)
                    chunk = stream.read(_CHUNK_BYTES)
                kept = f"{digest.hexdigest()}.{suffix}"
                if not (self._folder / kept).exists():
                    file.flush()
                    os.fsync(file.fileno())
                    draft.rename(self._folder / kept)
                    self._note_used((self._used_bytes or 0) + size)
        finally:
            draft.unlink(missing_ok=True)
        return kept

    def _check_size(self, size: int, name: str, most: int) -> None:
        if size > most:
            raise RecordError(
                "{name} has more than {limit} MB and is not kept", name=name, limit=most >> 20
            )
        if (self._used_bytes or 0) + size > self._limit_bytes:
            raise NoRoomError("SAYWHO_MAX_MEDIA_GB is reached; no more media are kept")


def keeper_of(config: Config) -> MediaKeeper | None:
    """Return the keeper for an import; None where no media are kept."""
    if not config.max_media_gb:
        return None
    return MediaKeeper(config.media_dir, config.max_media_bytes)


def locked_against_removal(folder: Path) -> contextlib.AbstractContextManager[bool]:
    """Keep others from removing files meanwhile; they may keep more."""
    return file_lock(folder, is_shared=True) if folder.exists() else contextlib.nullcontext(True)


def locked_against_keeping(folder: Path) -> contextlib.AbstractContextManager[bool]:
    """Keep others from keeping and removing files meanwhile; give False where some do so now."""
    return file_lock(folder, waits=False) if folder.exists() else contextlib.nullcontext(True)


def kept_files(folder: Path) -> list[str]:
    """Return the names of all files in the folder, drafts too."""
    return sorted(os.listdir(folder)) if folder.exists() else []


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove files; those that are gone already are no fault."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
