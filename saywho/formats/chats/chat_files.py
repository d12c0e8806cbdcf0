"""Files of an archive with chats: chats of any number of apps, pictures, damaged files."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import Final, Generic, NamedTuple, TypeVar

from saywho import errors
from saywho.formats.post import Medium, MediumKind
from saywho.formats.reading import Skipped
from saywho.formats.records import Format, Item, LeftOut, ReadOptions, Record, RecordStream
from saywho.formats.source.file import Content, Source, head
from saywho.formats.source.json import check_closed
from saywho.text import clean_title, normalized

T = TypeVar("T")
MOST_OTHERS: Final = 500


class RoomFile(NamedTuple, Generic[T]):
    content: Content
    grammar: T
    names: tuple[str, ...]
    """Names of the file and its folder without endings; for one room, also the archive's."""


def find_rooms(
    source: Source, end: str | tuple[str, ...], grammar_of: Callable[[Content], T | None]
) -> list[RoomFile[T]]:
    found: list[tuple[Content, T]] = []
    for place, content in enumerate(source.contents(lambda name: name.lower().endswith(end))):
        if place - len(found) >= MOST_OTHERS:
            break
        if (grammar := grammar_of(content)) is not None:
            found.append((content, grammar))
    if found:
        source.expect(content.name for content, _ in found)
    whole = _names(source.name) if source.has_members and len(found) == 1 else ()
    return [RoomFile(content, grammar, _names(content.name) + whole) for content, grammar in found]


def _names(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name.replace("\\", "/"))
    return clean_title(path.stem) or "", clean_title(path.parent.name) or ""


def one_by_one(parts: Iterable[Iterator[Item]]) -> Iterator[Item]:
    """Yield the items of all parts. Raises the first BrokenFileError after the last part."""
    fault: errors.BrokenFileError | None = None
    for part in parts:
        try:
            yield from part
        except errors.LimitReachedError:
            raise
        except errors.BrokenFileError as error:
            fault = fault or error
    if fault is not None:
        raise fault


def damaged_beside(source: Source) -> list[LeftOut]:
    """Return a note for each file that is too damaged to be recognised as a chat."""
    names = sorted(
        name
        for name in source.members.keys() - source.expected
        if name.lower().endswith((".json", ".jsonl", ".txt", ".csv"))
    )
    faults = _faults(source.member(name) for name in names[:MOST_OTHERS])
    notes = [
        LeftOut(errors.Message("{fault}; this file is left out", fault=fault))
        for fault in islice(faults, 20)
    ]
    is_more = bool(notes) and (len(names) > MOST_OTHERS or next(faults, None) is not None)
    further = errors.Message("more files may be damaged and left out; they are not listed")
    return [*notes, LeftOut(further)] if is_more else notes


def _faults(contents: Iterator[Content]) -> Iterator[errors.Message]:
    for content in contents:
        try:
            if not content.name.lower().endswith((".json", ".jsonl")):
                head(content, 1)
            elif content.stored.size:
                check_closed(content, is_json=True)
            else:
                yield errors.Message("{name} is empty", name=content.name)
        except errors.BrokenFileError as error:
            yield errors.message_of(error)


KINDS: Final[dict[str, MediumKind]] = {
    **dict.fromkeys(("jpg", "jpeg", "png", "webp", "heic", "heif", "avif"), "photo"),
    **dict.fromkeys(("mp4", "mov", "webm", "3gp", "m4v", "mkv"), "video"),
    **dict.fromkeys(("mp3", "ogg", "opus", "oga", "m4a", "aac", "amr", "wav"), "audio"),
    "gif": "gif",
}
"""Kinds of media by file name ending; other files are no media."""


class Attachments(NamedTuple):
    media: tuple[Medium, ...] = ()
    files: tuple[str | None, ...] = ()


NONE: Final = Attachments()


def attachments_of(
    names: Iterable[str],
    folder: str = "",
    *,
    kind_of: Callable[[str], MediumKind | None] | None = None,
) -> Attachments:
    """Return the media among file names: paths below `folder` in NFC, or web addresses.

    `kind_of` recognises files without an ending by content.
    """
    media, files = [], []
    for name in names:
        is_address = name.startswith(("https://", "http://"))
        ending = name.partition("?")[0] if is_address else name
        kind = KINDS.get(ending.rpartition(".")[2].lower())
        if kind is None and kind_of and not is_address and "." not in name.rpartition("/")[2]:
            kind = kind_of(normalized(name))
        if kind:
            media.append(Medium(kind, name if is_address else None))
            files.append(None if is_address else normalized(f"{folder}/{name}" if folder else name))
    return Attachments(tuple(media), tuple(files)) if media else NONE


def in_place(items: Iterable[Item], members: Collection[str]) -> Iterator[Item]:
    """Yield the items, without messages that lack words and a shown file.

    A named file may be missing, unless the chat came without any files.
    """
    texts = (".txt", ".csv", ".json", ".jsonl", ".html")
    has_files = any(not name.lower().endswith(texts) for name in members)
    for item in items:
        if isinstance(item, Record) and not (item.text.strip() or (has_files and any(item.files))):
            yield Skipped(item.place, "media")
        else:
            yield item


def together(formats: Sequence[Format]) -> Format:
    """Return the format of archives with JSON chats of several apps.

    Chats in text are only named, because someone may have sent such a file.
    """
    chats = [form for form in formats if form.is_chat]
    in_json = [form for form in chats if form.file_name]
    in_text = [form for form in chats if not form.file_name]
    return Format(
        "chats",
        errors.Message("Chats of several apps"),
        partial(_read, in_json, in_text),
        is_chat=True,
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
    source.bytes_total = min(sum(size for _, size in parts), source.meter.limit_bytes)
    streams = [stream for stream, _ in parts]
    left_out = [part for stream in streams for part in stream.left_out] + refusals
    if texts:
        name = texts[0][0].format
        note = errors.Message(
            "chats in text are left out of {name}, which the format {format} reads",
            name=source.name,
            format=name,
            choice="format",
        )
        left_out.append(LeftOut(note, name))
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
) -> tuple[list[tuple[RecordStream, int]], list[LeftOut]]:
    """Return the formats' records with their bytes to read, and the refusals of the rest."""
    parts, refusals = [], []
    for form in formats:
        try:
            if (stream := form.read(source, options)) is not None:
                parts.append((stream, source.bytes_total or 0))
        except errors.UnrecognisedFileError as error:
            refusals.append(LeftOut(errors.message_of(error)))
    return parts, refusals
