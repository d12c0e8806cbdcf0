"""An archive with chats of several apps that write JSON: all are read, one app after the other.

Chats in text are named beside them and left out: one may be a file that somebody sent.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, NamedTuple

from app.errors import Message, UnrecognisedFileError
from app.formats.chats import chatlab, kakaotalk, line, signal, telegram, whatsapp
from app.formats.chats.chat_files import one_by_one
from app.formats.discord import channels as discord
from app.formats.meta import chats as meta
from app.formats.records import Format, ReadOptions, RecordStream
from app.formats.slack import workspace as slack
from app.formats.source.file import Source

_IN_JSON: Final = (
    slack.FORMAT,
    telegram.FORMAT,
    chatlab.FORMAT,
    signal.FORMAT,
    discord.FORMAT,
    meta.FORMAT,
)
_IN_TEXT: Final = (kakaotalk.FORMAT, line.FORMAT, whatsapp.FORMAT)


class _Part(NamedTuple):
    """The chats of one app, and the bytes of their files; None where nobody says."""

    stream: RecordStream
    size: int | None


def read(source: Source, options: ReadOptions) -> RecordStream | None:
    """Return what was said in the chats; None where they are of one app, as it is."""
    if not source.has_members:
        return None
    parts = _parts(source, options, _IN_JSON)
    texts = _parts(source, options, _IN_TEXT)[:1] if parts else []
    if len(parts + texts) < 2:
        return None
    source.bytes_total = min(sum(part.size or 0 for part in parts), source.meter.limit_bytes)
    streams = [part.stream for part in parts]
    if texts:
        name = texts[0].stream.format
        template = "chats in text are left out of {name}; --format {format} reads them"
        note = Message(template, name=source.name, format=name)
        streams[0] = replace(streams[0], left_out=note, next_format=name)
    if len(streams) == 1:
        return streams[0]
    with_note = next((stream for stream in streams if stream.left_out), streams[0])
    items = one_by_one(stream.items for stream in streams)
    return replace(
        with_note,
        format=FORMAT.name,
        unit="record",
        items=items,
        apps=tuple(stream.format for stream in streams),
    )


def _parts(source: Source, options: ReadOptions, formats: Sequence[Format]) -> list[_Part]:
    """Return the chats of each app that is recognised."""
    parts = []
    for form in formats:
        with suppress(UnrecognisedFileError):  # Each says that when it is asked alone.
            if (stream := form.read(source, options)) is not None:
                parts.append(_Part(stream, source.bytes_total))
    return parts


FORMAT: Final = Format(
    "chats",
    Message("Chats of several apps"),
    read,
    is_chat=True,
    mark=Message("a folder or an archive with chats in JSON of two apps or more, each by its mark"),
)
