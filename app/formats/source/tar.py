"""Tar files, read as a stream: nothing is extracted by name, only JSON files are copied.

Not the tarfile module: it ends silently at a damaged header, reads headers of any stated length
into memory, and keeps a list of all members.
"""

import io
from collections.abc import Callable
from typing import BinaryIO, Final, NamedTuple

from app.formats.records import BrokenFileError
from app.formats.source.reading import BUFFER_BYTES, ChunkReader

BLOCK_BYTES: Final = 512
MAX_HEADER_BYTES: Final = 64 * 1024
MAX_KEPT_FILES: Final = 1000
MAX_NAMES_BYTES: Final = 128 * 2**20
"""Memory for the names of media files; those of the files after that are left out."""
_NAME_BYTES: Final = 256
"""About the memory of a name beside its characters."""

_KEPT_SUFFIX: Final = ".json"
_MEDIA_FOLDER: Final = "media_attachments"
_REGULAR: Final = frozenset(map(ord, ("\0", "0", "7")))
# Links, devices, folders, pipes: nothing follows their header, whatever size it states.
_WITHOUT_DATA: Final = b"123456"


class KeptFile(NamedTuple):
    """The place in the spool of a file of the tar; `is_cut` if the tar ends inside it."""

    start: int
    size: int
    is_cut: bool


class _Header(NamedTuple):
    name: str
    size: int
    kind: int


def is_tar(head: bytes) -> bool:
    """Return whether the beginning of a file is a tar's header, by its checksum."""
    return len(head) >= BLOCK_BYTES and _read_header(head[:BLOCK_BYTES]) is not None


class TarFiles:
    """The files of a tar that an import may read: JSON files, copied to the spool, and media.

    `read` returns at most the given number of bytes, none at the end. Links, devices and names
    that lead out of the tar are ignored. `reopen` opens the tar once more for media; where it
    cannot be, media are copied to the spool too, if they are wanted. Raises BrokenFileError where
    the tar is damaged, where it breaks off before the first JSON file, and where a header or the
    number of files is too large.
    """

    def __init__(
        self,
        read: Callable[[int], bytes],
        spool: BinaryIO,
        name: str,
        reopen: Callable[[], BinaryIO] | None,
        *,
        with_media: bool,
    ) -> None:
        reader = _Reader(read, spool, name, copies_media=with_media and reopen is None)
        self.kept = reader.read_files()
        self._media = reader.media if with_media else {}
        self._spool = spool
        self._reopen = reopen
        self._again: BinaryIO | None = None

    def open(self, name: str) -> BinaryIO:
        """Return one of the JSON files. Raises KeyError."""
        return io.BufferedReader(KeptFileReader(self._spool, self.kept[name]))

    def place_of(self, name: str) -> int | None:
        """Return where a media file begins; None where it is not there."""
        return self._media[name].start if name in self._media else None

    def open_media(self, name: str) -> BinaryIO:
        """Return a media file; of a packed tar, going back means to unpack it from its start."""
        if self._again is None:
            self._again = self._reopen() if self._reopen else self._spool
        return io.BufferedReader(KeptFileReader(self._again, self._media[name]))


class KeptFileReader(ChunkReader):
    """One kept file; EOFError at the end of one that is cut."""

    def __init__(self, spool: BinaryIO, kept: KeptFile) -> None:
        self._spool = spool
        self._kept = kept
        self._done = 0

    def next_chunk(self, size: int) -> bytes:
        size = min(size, self._kept.size - self._done)
        if size == 0 and self._kept.is_cut:
            raise EOFError
        # Several readers share the file, so each seeks its own place first.
        self._spool.seek(self._kept.start + self._done)
        chunk = self._spool.read(size)
        self._done += len(chunk)
        return chunk


class _Reader:
    def __init__(
        self, read: Callable[[int], bytes], spool: BinaryIO, name: str, *, copies_media: bool
    ) -> None:
        self._read = read
        self._spool = spool
        self._name = name
        self._copies_media = copies_media
        self._kept: dict[str, KeptFile] = {}
        self.media: dict[str, KeptFile] = {}
        """Places of media files in the tar itself, or in the spool if they are copied."""
        self._names_bytes = 0
        self._at = 0
        self._is_cut = False

    def read_files(self) -> dict[str, KeptFile]:
        long: dict[str, str] = {}
        while not self._is_cut and (block := self._take(BLOCK_BYTES)).strip(b"\0"):
            header = None if self._is_cut else _read_header(block)
            if header is None:
                if self._is_cut:
                    break
                raise BrokenFileError("{name} is damaged", name=self._name)
            if header.kind in b"Lx":
                long |= self._long_fields(header)
                continue
            size = int(long.get("size", header.size))
            data_bytes = 0 if header.kind in _WITHOUT_DATA else size
            self._copy_or_skip(long.get("path", header.name), header.kind, data_bytes)
            long = {}
        if self._is_cut and not self._kept:
            raise BrokenFileError("{name} breaks off before any posts", name=self._name)
        return self._kept

    def _copy_or_skip(self, path: str, kind: int, size: int) -> None:
        path = path.removeprefix("./")
        is_inside = kind in _REGULAR and _is_inside(path)
        start, wanted = self._spool.tell(), is_inside and path.endswith(_KEPT_SUFFIX)
        is_medium = is_inside and not wanted and _MEDIA_FOLDER in path.split("/")
        if is_medium:
            self._names_bytes += _NAME_BYTES + len(path)
            is_medium = self._names_bytes <= MAX_NAMES_BYTES
        is_copied = wanted or (is_medium and self._copies_media)
        began = start if is_copied else self._at
        left = size
        while left and (chunk := self._next(min(left, BUFFER_BYTES))):
            left -= len(chunk)
            if is_copied:
                self._spool.write(chunk)
        self._is_cut = left > 0
        if is_medium and not left:
            self.media[path] = KeptFile(began, size, is_cut=False)
        self._take(-size % BLOCK_BYTES)
        if wanted:
            if len(self._kept) >= MAX_KEPT_FILES:
                raise BrokenFileError("{name} holds too many files", name=self._name)
            self._kept[path] = KeptFile(start, size - left, left > 0)

    def _long_fields(self, header: _Header) -> dict[str, str]:
        """Return the name or size that a header of its own gives to the next file."""
        if header.size > MAX_HEADER_BYTES:
            raise BrokenFileError("{name} holds a header that is too large", name=self._name)
        data = self._take(header.size)
        self._take(-header.size % BLOCK_BYTES)
        if header.kind == ord("L"):
            return {"path": data.rstrip(b"\0").decode(errors="replace")}
        return _pax_fields(data)

    def _take(self, size: int) -> bytes:
        """Return the next bytes; fewer at the end, which sets `_is_cut`."""
        data = b""
        while len(data) < size and (chunk := self._next(size - len(data))):
            data += chunk
        self._is_cut = self._is_cut or 0 < len(data) < size
        return data

    def _next(self, size: int) -> bytes:
        chunk = self._read(size)
        self._at += len(chunk)
        return chunk


def _read_header(block: bytes) -> _Header | None:
    checksum = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if _number(block[148:156]) != checksum:
        return None
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and (prefix := _text(block[345:500])):
        name = f"{prefix}/{name}"
    size = _number(block[124:136])
    return None if size is None else _Header(name, size, block[156])


def _number(field: bytes) -> int | None:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        return None


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode(errors="replace")


def _pax_fields(data: bytes) -> dict[str, str]:
    """Return path and size out of records such as `25 path=archive/outbox.json\\n`."""
    fields: dict[str, str] = {}
    while data:
        digits, _, _ = data.partition(b" ")
        length = int(digits) if digits.isdigit() and len(digits) < 9 else 0
        if not len(digits) < length <= len(data):
            break
        key, _, value = data[len(digits) + 1 : length].rstrip(b"\n").partition(b"=")
        if key == b"path" or (key == b"size" and value.isdigit() and len(value) < 19):
            fields[key.decode()] = value.decode(errors="replace")
        data = data[length:]
    return fields


def _is_inside(path: str) -> bool:
    """Return whether a name stays inside the tar; names are only compared."""
    return not path.startswith("/") and ".." not in path.split("/")
