"""What `mongoimport` reads: MongoDB Extended JSON v2, relaxed, a document a line.

`_id` is the post's id here, since `source_id` is unique for each author only.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from app.formats.writing.formats import Format, Row
from app.formats.writing.jsonl import CONTENT_TYPE

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_encoder = msgspec.json.Encoder()


def encode(rows: Sequence[Row]) -> bytes:
    return _encoder.encode_lines([_document(row) for row in rows])


def _document(row: Row) -> dict[str, Any]:
    document = row._asdict()
    document = {"_id": document.pop("id"), **document}
    if row.created_at is not None:
        document["created_at"] = {"$date": _date(row.created_at)}
    return document


def _date(time: datetime) -> datetime | dict[str, str]:
    """Return a date as relaxed Extended JSON has it: before 1970 in milliseconds."""
    if time >= EPOCH:
        return time
    return {"$numberLong": str(int((time - EPOCH).total_seconds()) * 1000)}


FORMAT: Final = Format("mongo", "json", CONTENT_TYPE, b"", encode)
