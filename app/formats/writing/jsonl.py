"""JSON lines: an object a post."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from app.formats.writing.formats import Format, Row

CONTENT_TYPE: Final = "application/x-ndjson"
_encoder = msgspec.json.Encoder()


class ExportedPost(msgspec.Struct, frozen=True):
    """A post as exports carry it."""

    username: str
    platform: str
    text: str
    kind: str
    created_at: datetime | None
    lang: str | None
    source_id: str | None
    url: str | None


def encode(rows: Sequence[Row]) -> bytes:
    return _encoder.encode_lines([ExportedPost(*row[1:]) for row in rows])


FORMAT: Final = Format("jsonl", "jsonl", CONTENT_TYPE, b"", encode)
