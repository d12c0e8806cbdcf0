"""The first bad rows of a job, with file and place as in the report of an import.

Spark reads a large file in parts, and a task knows only a row's number in its part: the rows of
each part give the place.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from app.errors import Message, RecordError
from app.formats.source.json import NOT_AN_OBJECT, load

Row = dict[str, Any]
MAX_ERRORS: Final = 100
_MARK: Final = b'{"' + BOM_UTF8
"""Start of a CSV file with a byte order mark."""


class FilePart(NamedTuple):
    file: str
    start: int
    unit: str
    """`line` or `record`."""


class RowNumber(NamedTuple):
    part: FilePart
    number: int
    """The row's number in the part, from 1."""


@dataclass(slots=True)
class BadRows:
    """The number of rows in each part, and the first errors; a repeated task changes nothing, since
    Spark may repeat tasks.
    """

    sizes: dict[FilePart, int] = field(default_factory=dict)
    details: dict[RowNumber, str] = field(default_factory=dict)

    def zero(self, _value: object) -> "BadRows":
        """Return a new task's empty report; Spark calls this and `addInPlace`."""
        return BadRows()

    def addInPlace(self, one: "BadRows", two: "BadRows") -> "BadRows":  # noqa: N802 # Spark's name
        one.sizes |= two.sizes
        details = one.details | two.details
        one.details = {place: details[place] for place in sorted(details)[:MAX_ERRORS]}
        return one

    def errors(self) -> list[Row]:
        """Return file, place and detail of the first bad rows."""
        before: dict[FilePart, int] = {}
        parts = sorted(self.sizes)
        for part, rows in zip(parts, accumulate(map(self.sizes.__getitem__, parts)), strict=True):
            before[part] = rows - self.sizes[part]
        first = {part.file: before[part] for part in reversed(parts)}
        return [
            {
                "file": shown_name(part.file),
                part.unit: before[part] - first[part.file] + number,
                "detail": detail,
            }
            for (part, number), detail in self.details.items()
        ]


def answers(
    read: Callable[[Row, int], Row], accumulator: Any, rows: Iterator[Row]
) -> Iterator[Row]:
    """Yield the answer of `read` to each numbered row that is not blank; those with an `error` go
    to the accumulator of `BadRows`.
    """
    bad_rows = BadRows()
    for row in rows:
        part = FilePart(row["file"], row["start"], row["unit"])
        number = bad_rows.sizes[part] = bad_rows.sizes.get(part, 0) + 1
        if row["row"] and row["row"].strip():
            answer = read(row, number)
            if (error := answer.get("error")) and len(bad_rows.details) < MAX_ERRORS:
                bad_rows.details[RowNumber(part, number)] = error
            yield answer
    accumulator.add(bad_rows)


def json_object(row: bytes) -> Row:
    """Return the object of a row, with lone surrogates for bytes that are not UTF-8.

    Raises RecordError.
    """
    if row.startswith(_MARK):
        row = b'{"' + row.removeprefix(_MARK)
    try:
        return msgspec.json.decode(row, type=Row)
    except (ValueError, RecursionError):
        value = load(row.decode(errors="surrogateescape"))  # An import reads damaged rows this way.
    if isinstance(value, dict):
        return value
    raise RecordError(value if isinstance(value, Message) else NOT_AN_OBJECT)


def shown_name(address: str) -> str:
    """Return a file's name for messages: a path on this machine, or a URL."""
    parts = urlsplit(address)
    return unquote(parts.path) if parts.scheme == "file" else address
