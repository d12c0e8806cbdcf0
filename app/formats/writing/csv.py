"""CSV (RFC 4180) that no spreadsheet takes for formulas, in UTF-8 without a mark at its start."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from app.formats.columns import is_damaged_id
from app.formats.csv import GUARDED, OWN_HEADER
from app.formats.writing.formats import Format, Row


def encode(rows: Sequence[Row]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(_cells(row) for row in rows)
    return written.getvalue().encode()


def _cells(row: Row) -> tuple[str | None, ...]:
    return (
        _guarded(row.username),
        row.platform,
        _guarded(row.text),
        row.kind,
        _time(row.created_at) if row.created_at else None,
        row.lang,
        _guarded_id(row.source_id) if row.source_id else None,
        row.url,
    )


def _guarded(value: str) -> str:
    return f"'{value}" if value.startswith(GUARDED) else value


def _guarded_id(value: str) -> str:
    """Guard an id, which may be anything, and one that looks as if a spreadsheet had cut it."""
    return f"'{value}" if is_damaged_id(value) else _guarded(value)


def _time(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


FORMAT: Final = Format(
    "csv", "csv", "text/csv; charset=utf-8; header=present", f"{OWN_HEADER}\r\n".encode(), encode
)
