"""Pictures, videos and sounds of a message, recognised by file name."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, NamedTuple

from app.compute.text import normalized
from app.formats.post import Medium, MediumKind
from app.formats.records import Item, Record, Skipped

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
    """Yield the items, without messages that have neither words nor a shown file.

    A named file may be missing, unless the chat came without any files.
    """
    texts = (".txt", ".csv", ".json", ".jsonl", ".html")
    has_files = any(not name.lower().endswith(texts) for name in members)
    for item in items:
        if isinstance(item, Record) and not (item.text.strip() or (has_files and any(item.files))):
            yield Skipped(item.place, "media")
        else:
            yield item
