"""Archives with JSON chats of several apps.

Chats in text are only named, because someone may have sent such a file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from app.errors import Message, UnrecognisedFileError, message_of
from app.formats.chats.chat_files import one_by_one
from app.formats.records import Format, Item, LeftOut, ReadOptions, Record, RecordStream
from app.formats.source.file import Source


class _Part(NamedTuple):
    stream: RecordStream
    size: int | None


def together(formats: Sequence[Format]) -> Format:
    chats = [form for form in formats if form.is_chat]
    in_json = [form for form in chats if form.file_name]
    in_text = [form for form in chats if not form.file_name]
    return Format(
        "chats",
        Message("Chats of several apps"),
        partial(_read, in_json, in_text),
        is_chat=True,
        mark=Message(
            "a folder or an archive with JSON chats of two or more apps, each recognised"
            " by its own marks"
        ),
    )


def _read(
    in_json: Sequence[Format], in_text: Sequence[Format], source: Source, options: ReadOptions
) -> RecordStream | None:
    """Return the messages of all chats; None for a single app, which its own format reads."""
    if not source.has_members:
        return None
    parts, refusals = _parts(source, options, in_json)
    texts = _parts(source, options, in_text)[0][:1] if parts else []
    if not parts or len(parts) + len(texts) + len(refusals) < 2:
        return None
    source.bytes_total = min(sum(part.size or 0 for part in parts), source.meter.limit_bytes)
    streams = [part.stream for part in parts]
    left_out = [part for stream in streams for part in stream.left_out] + refusals
    if texts:
        name = texts[0].stream.format
        template = "chats in text are left out of {name}; --format {format} reads them"
        left_out.append(LeftOut(Message(template, name=source.name, format=name), name))
    if len(streams) == 1:
        return replace(streams[0], left_out=tuple(left_out))
    apps = tuple(stream.format for stream in streams)
    silent = {*apps}
    return RecordStream(
        "chats",
        "record",
        None,
        one_by_one(_heard(stream, silent) for stream in streams),
        left_out=tuple(left_out),
        apps=apps,
        silent_apps=silent,
    )


def _heard(stream: RecordStream, silent: set[str]) -> Iterator[Item]:
    for item in stream.items:
        if isinstance(item, Record):
            silent.discard(stream.format)
        yield item


def _parts(
    source: Source, options: ReadOptions, formats: Sequence[Format]
) -> tuple[list[_Part], list[LeftOut]]:
    parts, refusals = [], []
    for form in formats:
        try:
            if (stream := form.read(source, options)) is not None:
                parts.append(_Part(stream, source.bytes_total))
        except UnrecognisedFileError as error:
            refusals.append(LeftOut(message_of(error)))
    return parts, refusals
