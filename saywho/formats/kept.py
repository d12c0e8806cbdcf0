"""Records that a preview reads, kept beside an upload: an import with the same choices does not
read the file again.

The preview's process goes on to the end of the file, and holds a lock on what it keeps, for which
an import waits. It stops if that is deleted, as by a preview with other choices.
"""

import fcntl
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

import msgspec
from msgspec import structs

from saywho.errors import Message, packed, unpacked
from saywho.formats.assumptions import SeenRow, decoded_sentence
from saywho.formats.chats.people import named_people
from saywho.formats.post import RoomReference
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import FileRoom, Item, ReadOptions, Record, RecordStream
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.sizes import MIB

WHOLE_BYTES: Final = 50 * MIB
"""Size up to which a file is looked at whole, and its records are kept in at most as much room."""
_TOGETHER: Final = 1_000
_DECISIVE: Final = (
    *("username", "include_restricted", "decode_entities", "columns", "timezone", "only"),
    *("rename", "dates", "encoding"),
)
"""Options on which the records depend."""
_SIZE_BYTES: Final = 4


class FileReading(msgspec.Struct):
    """How a file is read, and its records."""

    form: str
    """Name of the format, or `auto`."""
    options: ReadOptions
    digest: bytes | None
    """SHA-256 of what is read."""
    records: RecordStream
    expected: set[str]
    bytes_total: int | None
    is_kept: bool = False
    """Whether its records are being kept."""
    is_local: bool = False
    """Whether they are of a chat, and their times so far have no zone."""
    fields: tuple[str, ...] = Record.__struct_fields__
    """Version of a record; another version may have other fields."""

    def is_of(self, form: str, options: ReadOptions) -> bool:
        """Return whether these choices give the same records, as those that say what was assumed
        do.
        """
        notes, account = self.records.notes, self.records.account
        zones = [part.value for part in notes.assumptions if part.kind == "timezone"]
        zone = zones[0] if len(zones) == 1 else None
        said = {"timezone": zone, "username": account and account.username}
        # Names and zone of a chat are given to records that were kept without them.
        is_chat = self.records.is_chat
        is_later = {"only": is_chat, "rename": is_chat, "timezone": self.is_local}
        pairs = [(getattr(self.options, name), getattr(options, name)) for name in _DECISIVE]
        is_format = form in {self.form, self.records.format}
        return (
            is_format
            and self.fields == Record.__struct_fields__
            and all(
                is_later.get(name)
                or chosen == before
                or (before is None and chosen == said.get(name))
                for name, (before, chosen) in zip(_DECISIVE, pairs, strict=True)
            )
        )


def read_file(
    source: Source, form: str, options: ReadOptions, *, keeps: bool = False
) -> FileReading:
    """Return a reading of a file; with `keeps`, its records are kept beside it if all of them are
    taken.

    Raises as `open_records`.
    """
    records = open_records(source, format=form, options=options, with_people=False)
    total = source.bytes_total
    read = FileReading(form, options, source.digest(), records, source.expected, total)
    if keeps and source.path is not None and (total or 0) <= WHOLE_BYTES:
        read.is_kept, read.is_local = True, records.is_chat
        read.records = replace(records, items=_kept(source, source.path, read, records.items))
    return _with_people(read, options)


def _with_people(read: FileReading, options: ReadOptions) -> FileReading:
    """Return a reading with the chosen names of a chat's people, in the chosen time zone."""
    if read.records.is_chat:
        read.records = named_people(read.records, options)
    return read


def read_once(
    source: Source, form: str, options: ReadOptions, *, is_preview: bool = False
) -> FileReading:
    """Return what a preview has read with these choices, or else read the upload, and keep its
    records for a preview.

    An import waits for a preview that goes on reading; another preview reads in its place. Raises
    as `open_records`.
    """
    assert source.path is not None  # noqa: S101 # for the type checker
    path = kept_beside(source.path)
    read: FileReading | None = None
    with suppress(Exception):  # None may be there, or one that another version has written.
        read = _load(path, source, form, options, waits=not is_preview)
    if read is not None:
        return read
    path.unlink(missing_ok=True)
    return read_file(source, form, options, keeps=is_preview)


def kept_beside(path: Path) -> Path:
    """Return the path of the records that are kept of an upload."""
    return path.with_name(f"{path.name}.read")


def _kept(source: Source, path: Path, read: FileReading, items: Iterator[Item]) -> Iterator[Item]:
    chunk: list[Item] = []
    keeper = _Keeper(source, kept_beside(path), read)
    try:
        for item in items:
            yield item
            chunk.append(item)
            if len(chunk) == _TOGETHER:
                keeper.add(chunk)
                chunk = []
        keeper.add(chunk)
        keeper.end()
    finally:
        keeper.close()


class _Keeper:
    """Writes the records of a reading into a file, which it holds locked meanwhile.

    Begins with how the file is read, and ends with it once more: then all notes are known. It gives
    up if somebody has deleted the file, or what it would keep does not come back equal.
    """

    def __init__(self, source: Source, path: Path, read: FileReading) -> None:
        self._source, self._path, self._read = source, path, read
        self._file: IO[bytes] | None = None
        self._is_ended = False

    def add(self, items: Sequence[Item]) -> None:
        if not self._read.is_kept:
            return
        try:
            if self._file is None:
                self._file = self._path.open("xb")
                fcntl.flock(self._file, fcntl.LOCK_EX)
                self._write(_packed_reading(self._read))
            chunk = _packed_chunk(self._source.bytes_read, items)
            if _items_of(chunk)[1] != items:
                raise ValueError("these records change where they are kept")
            times = (item.created_at for item in items if isinstance(item, Record))
            self._read.is_local &= all(time is None or time.tzinfo is None for time in times)
            self._write(zlib.compress(chunk, 1))
        except (OSError, TypeError, ValueError):
            self._read.is_kept = False

    def end(self) -> None:
        if self._file is not None and self._read.is_kept:
            with suppress(OSError, TypeError, ValueError):
                self._write(_packed_reading(self._read))
                self._is_ended = True

    def close(self) -> None:
        """Close the file, which is deleted if it is not whole."""
        if self._file is not None:
            if not self._is_ended and os.fstat(self._file.fileno()).st_nlink:
                self._path.unlink(missing_ok=True)
            self._file.close()
        self._read.is_kept = False

    def _write(self, data: bytes) -> None:
        assert self._file is not None  # noqa: S101 # for the type checker
        is_deleted = not os.fstat(self._file.fileno()).st_nlink
        if is_deleted or self._file.tell() + len(data) > WHOLE_BYTES:
            raise ValueError("nobody wants these records, or they are too many")
        self._file.write(len(data).to_bytes(_SIZE_BYTES) + data)
        self._file.flush()


def _load(
    path: Path, source: Source, form: str, options: ReadOptions, *, waits: bool
) -> FileReading | None:
    with path.open("rb") as file:
        if not _reading_of(next(_frames(file))).is_of(form, options):
            return None
        fcntl.flock(file, fcntl.LOCK_SH | (0 if waits else fcntl.LOCK_NB))
        *chunks, end = _frames(file)
    read = _reading_of(end)
    if not read.is_of(form, options):
        return None
    notes, zone = read.records.notes, read.records.notes.zone
    if options.timezone is not None or read.is_local:
        notes.settle("timezone")
    source.expected, source.bytes_total = read.expected, read.bytes_total
    files = source if source.has_members else None
    records = replace(read.records, items=_items(source, chunks), files=files)
    read = _with_people(structs.replace(read, form=form, options=options, records=records), options)
    notes.zone = notes.zone if read.is_local else zone
    return read


def _frames(file: IO[bytes]) -> Iterator[bytes]:
    while size := file.read(_SIZE_BYTES):
        yield file.read(int.from_bytes(size))


def _items(source: Source, chunks: Sequence[bytes]) -> Iterator[Item]:
    for chunk in chunks:
        source.meter.bytes_read, items = _items_of(zlib.decompress(chunk))
        yield from items


class _Packed(msgspec.Struct, array_like=True):
    """An item without its type: msgspec tells no two of them apart, nor two kinds of rooms."""

    record: Record | None = None
    room: int | None = None
    bad: tuple[int, Any] | None = None
    skipped: Skipped | None = None

    @classmethod
    def of(cls, item: object, rooms: dict[RoomReference, int]) -> "_Packed":
        """Return an item whose room is a number."""
        match item:
            case Record(room=None):
                return cls(item)
            case Record(room=RoomReference() as room):
                number = rooms.setdefault(room, len(rooms))
                return cls(structs.replace(item, room=None), number)
            case BadRecord(place, detail):
                return cls(bad=(place, packed(detail)))
            case Skipped():
                return cls(skipped=item)
        return cls()

    def item(self, rooms: Sequence[RoomReference]) -> Any:
        if self.record is not None and self.room is not None:
            return structs.replace(self.record, room=rooms[self.room])
        bad = self.bad and BadRecord(self.bad[0], unpacked(self.bad[1]))
        return self.record or bad or self.skipped


class _Chunk(msgspec.Struct, array_like=True):
    bytes_read: int
    rooms: list[tuple[FileRoom | None, RoomReference | None]]
    items: list[_Packed]


class _PackedReading(msgspec.Struct, array_like=True):
    read: FileReading
    rows: list[tuple[Mapping[str, str], tuple[tuple[str, str], ...]]]
    items: bytes
    """What the rows were read as."""


def _encoded(value: Any) -> Any:
    return packed(value) if isinstance(value, Message) else [*value]


def _decoded(kind: Any, value: Any) -> Any:
    return decoded_sentence(kind, value) if kind is Message else iter(value)


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_encoded)
_CHUNKS: Final = msgspec.msgpack.Decoder(_Chunk)
_READINGS: Final = msgspec.msgpack.Decoder(_PackedReading, dec_hook=_decoded)


def _packed_chunk(bytes_read: int, items: Sequence[object]) -> bytes:
    rooms: dict[RoomReference, int] = {}
    listed = [_Packed.of(item, rooms) for item in items]
    kinds = [(room, None) if isinstance(room, FileRoom) else (None, room) for room in rooms]
    return _ENCODER.encode((bytes_read, kinds, listed))


def _items_of(chunk: bytes) -> tuple[int, list[Item]]:
    """Return the bytes that were read up to a chunk's end, and its items."""
    read = _CHUNKS.decode(chunk)
    rooms = [room for pair in read.rooms for room in pair if room is not None]
    return read.bytes_read, [item.item(rooms) for item in read.items]


def _packed_reading(read: FileReading) -> bytes:
    records = read.records
    rows = records.notes.rows
    items = _packed_chunk(0, [row.item for row in rows])
    notes = structs.replace(records.notes, rows=[], questions=None)
    plain = replace(records, items=iter(()), lines=(), files=None, notes=notes)
    kept = structs.replace(read, records=plain), [row[:2] for row in rows], items
    return _ENCODER.encode(kept)


def _reading_of(data: bytes) -> FileReading:
    kept = _READINGS.decode(data)
    rows = zip(kept.rows, _items_of(kept.items)[1], strict=True)
    kept.read.records.notes.rows = [SeenRow(*row, item) for row, item in rows]
    return kept.read
