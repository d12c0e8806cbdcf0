"""Records that a preview has read to the end of an upload, kept beside it: an import with the same
choices does not read the file again.
"""

import io
import os
import pickle
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from app.config import MIB
from app.formats.records import Item, ReadOptions, Record, RecordStream
from app.formats.registry import BROUGHT, open_records
from app.formats.source.file import Source

WHOLE_BYTES: Final = 50 * MIB
"""Size up to which a file is looked at whole, and its records are kept."""
_TOGETHER: Final = 1_000
_DECISIVE: Final = (
    *("username", "include_restricted", "decode_entities", "columns", "timezone", "only"),
    *("rename", "dates", "encoding"),
)
"""Options on which the records depend."""
_PLAIN: Final = {
    ("app.errors", "Message"),
    ("collections", "Counter"),
    ("datetime", "datetime"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("builtins", "iter"),
    ("msgspec._utils", "rebuild"),
}
"""Other classes and functions of which values are made."""


@dataclass(slots=True)
class FileReading:
    """How a file is read, and its records."""

    form: str
    """Name of the format, or `auto`."""
    options: ReadOptions
    digest: bytes | None
    """SHA-256 of what is read."""
    records: RecordStream
    expected: set[str]
    bytes_total: int | None
    chunks: list[tuple[int, bytes]] = field(default_factory=list)
    """Records, packed, with the bytes that were read up to them."""
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
        pairs = [(getattr(self.options, name), getattr(options, name)) for name in _DECISIVE]
        is_format = form in {self.form, self.records.format}
        return (
            is_format
            and self.fields == Record.__struct_fields__
            and all(
                chosen == before or (before is None and chosen == said.get(name))
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
    records = open_records(source, format=form, options=options)
    total = source.bytes_total
    read = FileReading(form, options, source.digest(), records, source.expected, total)
    is_own = records.format not in {brought.name for brought in BROUGHT.formats}
    if keeps and is_own and source.path is not None and (total or 0) <= WHOLE_BYTES:
        read.records = replace(records, items=_kept(source, source.path, replace(read)))
    return read


def read_once(source: Source, form: str, options: ReadOptions) -> FileReading:
    """Return what a preview has read with these choices, or else read the upload.

    Raises as `open_records`.
    """
    assert source.path is not None  # noqa: S101 # for the type checker
    read: object = None
    with suppress(Exception):  # None may be there, or one that another version has written.
        read = _load(kept_beside(source.path).read_bytes())
    if not (isinstance(read, FileReading) and read.is_of(form, options)):
        return read_file(source, form, options)
    if options.timezone is not None:
        read.records.notes.settle("timezone")
    source.expected, source.bytes_total = read.expected, read.bytes_total
    files = source if source.has_members else None
    records = replace(read.records, items=_items(source, read), files=files)
    return replace(read, form=form, options=options, records=records)


def _kept(source: Source, path: Path, read: FileReading) -> Iterator[Item]:
    chunk: list[Item] = []
    for item in read.records.items:
        yield item
        chunk.append(item)
        if len(chunk) == _TOGETHER:
            read.chunks.append(_packed(source, chunk))
            chunk = []
    read.chunks.append(_packed(source, chunk))
    read.records = replace(read.records, items=iter(()), lines=(), files=None)
    # A preview needs no room on the disk, and leaves nothing on a full one.
    part = path.with_name(f"{path.name}.part")
    with suppress(OSError), part.open("xb") as file:
        try:
            pickle.dump(read, file, pickle.HIGHEST_PROTOCOL)
            file.flush()
            os.replace(part, kept_beside(path))
        finally:
            part.unlink(missing_ok=True)


def _packed(source: Source, chunk: list[Item]) -> tuple[int, bytes]:
    return source.bytes_read, zlib.compress(pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL), 1)


def kept_beside(path: Path) -> Path:
    """Return the path of the records that are kept of an upload."""
    return path.with_name(f"{path.name}.read")


def _items(source: Source, read: FileReading) -> Iterator[Item]:
    for source.meter.bytes_read, packed in read.chunks:
        yield from _load(zlib.decompress(packed))


def _load(data: bytes) -> Any:
    return _Unpickler(io.BytesIO(data)).load()


class _Unpickler(pickle.Unpickler):
    """Makes only values of formats: a file beside an upload must not run code."""

    def find_class(self, module: str, name: str) -> Any:
        is_of_formats = module.startswith("app.formats.")
        if is_of_formats or (module, name) in _PLAIN:
            found = super().find_class(module, name)
            if not is_of_formats or (isinstance(found, type) and found.__module__ == module):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no value of a format")
