"""Posts as files that this program reads again: records in, bytes out, no database."""

from typing import Final

from app.exporting import delimited, jsonl, mongo
from app.exporting.formats import Format

FORMATS: Final[dict[str, Format]] = {
    known.name: known for known in (jsonl.FORMAT, delimited.FORMAT, mongo.FORMAT)
}
