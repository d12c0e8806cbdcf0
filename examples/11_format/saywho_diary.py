"""A diary as a format of saywho: `# diary of NAME`, and below it a time and a text on each line."""

from collections.abc import Iterator

from saywho.errors import Message
from saywho.formats.records import (
    Account,
    BadRecord,
    Format,
    ReadOptions,
    Record,
    RecordStream,
    as_username,
    read_each,
    required_text,
)
from saywho.formats.source.file import Source
from saywho.formats.source.text import first_lines, lines
from saywho.formats.source.times import read_time

HEADING = "# diary of "


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return what is in a diary, line by line as it is taken; None for another file."""
    first = next(iter(first_lines(source)), "").lstrip("\ufeff").strip()
    if not first.startswith(HEADING):
        return None
    account = Account(as_username(first.removeprefix(HEADING)), None, "local")
    return RecordStream(FORMAT.name, "line", account, read_each(_entries(source), _record))


def _entries(source: Source) -> Iterator[tuple[int, str] | BadRecord]:
    for number, line, fault in lines(source):
        text = line.lstrip("\ufeff").strip()
        if fault is not None:
            yield BadRecord(number, fault)
        elif text and not text.startswith("#"):
            yield number, text


def _record(line: str, place: int) -> Record:
    """Return an entry; one that raises RecordError is told, and costs no other."""
    time, _, text = line.partition(" ")
    return Record(place=place, text=required_text(text or None), created_at=read_time(time))


FORMAT = Format("diary", Message("Diary"), read)
