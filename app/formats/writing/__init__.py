"""Posts as files that this program reads again: records in, bytes out, no database."""

from typing import Final

from app.formats.writing import csv as delimited
from app.formats.writing import jsonl, mongo
from app.formats.writing.formats import Format

FORMATS: Final[dict[str, Format]] = {
    known.name: known for known in (jsonl.FORMAT, delimited.FORMAT, mongo.FORMAT)
}
