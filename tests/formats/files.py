"""Files of JSON values in each form, saved archives, and reading them."""

import io
import json
from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from app.errors import BrokenFileError
from saywho.formats.assumptions import ColumnQuestion, columns_of
from saywho.formats.records import NO_OPTIONS, Item, ReadOptions, Record, RecordStream
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
    """Return the archive with all its items; questions get their likeliest answers."""
    chosen = answered(target, ReadOptions(**options), format_name)
    with Source(io.BytesIO(target) if isinstance(target, bytes) else target) as source:
        records = open_records(source, format=format_name, options=chosen)
        items = list(records.items)
        assert source.bytes_total is None or source.bytes_read <= source.bytes_total
        return records, items


def fields_in(names: str, target: bytes | Path, *arguments: Any, **options: Any) -> list[Any]:
    """Return a field of each record of a file, or several; blanks part their names."""
    _, items = read_file_records(target, *arguments, **options)
    return [*map(attrgetter(*names.split()), records_in(items))]


def asked_of(
    target: bytes | Path, options: ReadOptions = NO_OPTIONS, format_name: str = "auto"
) -> list[ColumnQuestion]:
    """Return what someone must choose before a file is used."""
    with Source(io.BytesIO(target) if isinstance(target, bytes) else target) as source:
        return [*open_records(source, format=format_name, options=options).notes.asked.values()]


def answered(
    target: bytes | Path, options: ReadOptions = NO_OPTIONS, format_name: str = "auto"
) -> ReadOptions:
    """Return the options with the likeliest answer to each question."""
    while asked := asked_of(target, options, format_name):
        answers = columns_of(f"{each.role}={each.choices[0]}" for each in asked)
        options = structs.replace(options, columns=options.columns | answers)
    return options


def records_in(items: Iterable[object]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


def only_records(items: Iterable[object]) -> list[Record]:
    """Return items, none of which may be anything else than a record."""
    found = [*items]
    records = records_in(found)
    assert len(records) == len(found)
    return records


def said_at(items: Iterable[object]) -> list[tuple[str | None, str, str | None]]:
    """Return author, text and minute of each post."""
    return [
        (item.username, item.text, f"{item.created_at:%Y-%m-%dT%H:%M}" if item.created_at else None)
        for item in records_in(items)
    ]


def reads(format_name: str, *, is_chat: bool, **usual: Any) -> Callable[..., list[Item]]:
    """Return what reads files of a format; it must be recognised."""

    def read(data: bytes, **options: Any) -> list[Item]:
        records, items = read_file_records(data, **usual | options)
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
