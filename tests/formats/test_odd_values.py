"""JSON of the wrong shape: an odd value anywhere in a file costs at most what it stands in."""

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from app.errors import ImportFileError
from app.formats.records import Record
from app.formats.registry import open_records
from app.formats.source.file import Source
from tests.archives import SMALL_FILES, zip_bytes
from tests.formats import chatlab_variants, discord_variants, meta_variants, signal_variants
from tests.formats.invented_rooms import invented

ODD: tuple[Any, ...] = (None, True, -1, 1e300, 10**30, "", "\ud800", [], [[]], {}, [None], {"a": 1})
MANY_DIGITS = "1" * 5_000
"""More than Python reads as a number."""
ROOM = invented(7, seconds=True)[-3:]
DOCUMENTS = {
    "messenger": json.loads(meta_variants.lone(ROOM)),
    "messenger encrypted": json.loads(meta_variants.encrypted(ROOM)),
    "discord": json.loads(discord_variants.channel(ROOM)),
    "chatlab": json.loads(chatlab_variants.room(ROOM, chatlab_variants.in_object)),
    "telegram": json.loads(SMALL_FILES["telegram"]),
    "meta": json.loads(SMALL_FILES["meta"]),
    "discord-package": json.loads(SMALL_FILES["discord-package"]),
}
LINES = {
    "signal": signal_variants.chat(ROOM),
    "chatlab": chatlab_variants.room(ROOM, chatlab_variants.in_lines),
}


def spoiled(value: Any, odd: Sequence[Any] = ODD) -> Iterator[Any]:
    """Yield the document with each value in it replaced by each odd one."""
    if isinstance(value, dict | list):
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            for other in (*odd, *spoiled(inner, odd)):
                changed = value.copy()
                changed[key] = other
                yield changed


def records(data: bytes, name: str) -> int:
    """Return how many records are read; a file may be refused for a reason of our own."""
    try:
        with Source(io.BytesIO(data)) as source:
            items = open_records(source, format=name.split()[0]).items
            return sum(isinstance(item, Record) for item in items)
    except ImportFileError:
        return 0


@pytest.mark.parametrize("name", DOCUMENTS)
def test_odd_values_cost_at_most_what_they_stand_in(name: str) -> None:
    counts = [records(json.dumps(document).encode(), name) for document in spoiled(DOCUMENTS[name])]
    assert max(counts) == records(json.dumps(DOCUMENTS[name]).encode(), name) > 0


@pytest.mark.parametrize("name", DOCUMENTS)
def test_numbers_of_many_digits_end_no_file(name: str) -> None:
    total = records(json.dumps(DOCUMENTS[name]).encode(), name)
    for document in spoiled(DOCUMENTS[name], [MANY_DIGITS]):
        assert records(json.dumps(document).encode(), name) <= total + 1  # It may be words.


@pytest.mark.parametrize("name", LINES)
def test_odd_lines_cost_no_other(name: str) -> None:
    lines = LINES[name].splitlines()
    total = records(LINES[name], name)
    for at, line in enumerate(lines):
        value = json.loads(line) if line.startswith(b"{") else {}
        for document in spoiled(value, [*ODD, MANY_DIGITS]):
            changed = [*lines[:at], json.dumps(document).encode(), *lines[at + 1 :]]
            assert records(b"\n".join(changed), name) <= total


def test_odd_lists_of_slack_cost_names_alone() -> None:
    day = [{"type": "message", "user": "U1", "text": "hi", "ts": "1767225600.000200"}]
    users = [{"id": "U1", "name": "mina", "profile": {"display_name": "Mina"}}]
    channels = [{"id": "C1", "name": "us", "members": ["U1"]}]
    parts = {"users.json": users, "channels.json": channels, "us/2026-01-01.json": day}
    for name, value in parts.items():
        for document in spoiled(value):
            files = {part: json.dumps(parts[part]).encode() for part in parts}
            files[name] = json.dumps(document).encode()
            assert records(zip_bytes(files), "slack") == 1 or name.startswith("us/")


@pytest.mark.parametrize("name", [*DOCUMENTS, *LINES])
def test_what_is_nested_too_deeply_is_told(name: str) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    data = LINES[name] if name in LINES else json.dumps(DOCUMENTS[name]).encode()
    whole = records(data, name)
    for word in (b"text", b"content", b"title", b"name", b"Contents", b"meta"):
        key = b'"%s": ' % word
        assert records(data.replace(key, key + deep + b', "other": ', 1), name) <= whole
