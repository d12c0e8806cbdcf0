"""Files of JSON values in each form, saved archives, and reading them."""

import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from app.errors import BrokenFileError
from saywho.formats.records import Item, ReadOptions, Record, RecordStream
from saywho.formats.registry import open_records
from saywho.formats.source.file import DEFAULT_LIMIT_BYTES, Source


def lines(*values: Any) -> bytes:
    return "\n".join(json.dumps(value, ensure_ascii=False) for value in values).encode()


def array(*values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def pretty_array(*values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=False, indent="\t").encode()


def pretty(*values: Any) -> bytes:
    return "\n".join(json.dumps(value, indent="\t") for value in values).encode() + b"\n"


FORMS: list[Callable[..., bytes]] = [lines, array, pretty_array, pretty]


def read_file_records(
    target: bytes | Path, format_name: str = "auto", **options: Any
) -> tuple[RecordStream, list[Item]]:
    """Return the archive with all its items."""
    with Source(io.BytesIO(target) if isinstance(target, bytes) else target) as source:
        records = open_records(source, format=format_name, options=ReadOptions(**options))
        items = list(records.items)
        assert source.bytes_total is None or source.bytes_read <= source.bytes_total
        return records, items


def records_in(items: Iterable[object]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


def only_records(items: Iterable[object]) -> list[Record]:
    """Return items, none of which may be anything else than a record."""
    found = [*items]
    records = records_in(found)
    assert len(records) == len(found)
    return records


def reads(format_name: str, *, is_chat: bool) -> Callable[[bytes], list[Item]]:
    """Return what reads files of a format; it must be recognised."""

    def read(data: bytes) -> list[Item]:
        records, items = read_file_records(data)
        assert (records.format, records.is_chat) == (format_name, is_chat)
        return items

    return read


def read_one(target: bytes | Path, format_name: str = "auto") -> Record:
    """Return the one record of a file."""
    (item,) = read_file_records(target, format_name)[1]
    assert isinstance(item, Record)
    return item


def read_broken(
    target: bytes | Path, reason: str, *, limit_bytes: int = DEFAULT_LIMIT_BYTES
) -> list[Item]:
    """Return the items that come before a file breaks off for that reason."""
    items: list[Item] = []
    opened = io.BytesIO(target) if isinstance(target, bytes) else target
    with (
        Source(opened, limit_bytes=limit_bytes) as source,
        pytest.raises(BrokenFileError, match=reason),
    ):
        items.extend(open_records(source).items)
    return items


def texts(items: list[Item]) -> list[str]:
    return [getattr(item, "text", "") for item in items if hasattr(item, "text")]


def saved_folder(folder: Path, members: dict[str, bytes]) -> Path:
    for name, data in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
