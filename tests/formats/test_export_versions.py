"""Exports of any age are known again: every header that they have had, in all three formats."""

import io
import json
from typing import Any

import pytest
from msgspec import structs

from app.formats.post import Medium, Reactions, ReplyTarget, RoomReference, headers, stored_fields
from app.formats.records import ExportedPost, Record
from app.formats.registry import WRITERS, open_records
from app.formats.source.file import Source

# What each version had, in the words of its time: today's program may not change them.
VERSIONS = (
    "username,platform,text,kind,created_at,lang,source_id,url",
    "username,platform,text,kind,created_at,lang,source_id,url,reply_to",
    "username,platform,text,kind,created_at,lang,source_id,url,reply_to,media,counts",
    "username,platform,text,kind,created_at,lang,source_id,url,reply_to,media,counts,room",
)
POST: dict[str, Any] = {
    "username": "@mina",
    "platform": "mastodon",
    "text": '=1+1, 안녕 😀 "שלום"',
    "kind": "reply",
    "created_at": "2024-05-01T12:00:00Z",
    "lang": "ko",
    "source_id": " =id 1e+18 ",
    "url": "https://a.example/1",
    "reply_to": {"source_id": "7", "username": "jun"},
    "media": [{"kind": "photo", "source_url": "https://a.example/1.jpg", "alt": "바다"}],
    "counts": {"likes": 3, "reposts": None, "replies": 0, "quotes": None, "as_of": None},
    "room": {"id": 7, "name": "우리 반, 2반"},
}
READ: dict[str, Any] = POST | {
    "reply_to": ReplyTarget("7", "jun"),
    "media": (Medium("photo", "https://a.example/1.jpg", "바다"),),
    "counts": Reactions(3, None, 0, None),
    "room": RoomReference(id=7, name="우리 반, 2반"),
}


def test_each_header_of_an_export_stays_known() -> None:
    assert tuple(map(",".join, headers())) == VERSIONS
    assert ExportedPost.__struct_fields__ == tuple(VERSIONS[-1].split(","))


def written(format_name: str, names: list[str]) -> bytes:
    """Return the post as an export of a version with these fields had it."""
    fields = {name: POST[name] for name in names}
    match format_name:
        case "jsonl":
            return json.dumps(fields).encode() + b"\n"
        case "mongo":
            dated = fields | {"created_at": {"$date": POST["created_at"]}}
            return json.dumps({"_id": 5} | dated).encode() + b"\n"
    guarded = fields | {"text": f"'{POST['text']}", "username": "'@mina"}
    cells = [
        guarded[name] if isinstance(guarded[name], str) else json.dumps(guarded[name])
        for name in names
    ]
    quoted = (f'"{cell}"' for cell in (cell.replace('"', '""') for cell in cells))
    return f"{','.join(names)}\r\n{','.join(quoted)}\r\n".encode()


@pytest.mark.parametrize("format_name", sorted(WRITERS))
@pytest.mark.parametrize("header", VERSIONS)
def test_an_export_of_any_version_is_read_as_it_was(format_name: str, header: str) -> None:
    names = header.split(",")
    with Source(io.BytesIO(written(format_name, names))) as source:
        (record,) = open_records(source).items
    assert isinstance(record, Record)
    as_read = {name: getattr(record, name) for name in ("username", "platform", *stored_fields())}
    time = record.created_at
    assert time is not None
    as_read["created_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = structs.fields(ExportedPost)
    absent = {field.name: field.default for field in fields if not field.required}
    assert as_read == absent | {name: READ[name] for name in names}
