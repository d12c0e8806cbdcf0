"""What stands beside the words of a message: pictures, videos and sounds, by the names of files.

Only what a file says of them is read here, not their bytes.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from app.formats.post import Medium, MediumKind

_KINDS: Final[dict[str, MediumKind]] = {
    **dict.fromkeys(("jpg", "jpeg", "png", "webp", "heic"), "photo"),
    **dict.fromkeys(("mp4", "mov", "webm", "3gp", "m4v", "mkv"), "video"),
    **dict.fromkeys(("mp3", "ogg", "opus", "oga", "m4a", "aac", "amr", "wav"), "audio"),
    "gif": "gif",
}
"""By the ends of names; other files are no media."""


class Attachments(NamedTuple):
    """Media of a message, and for each the name of its file."""

    media: tuple[Medium, ...] = ()
    files: tuple[str | None, ...] = ()


NONE: Final = Attachments()


def attachments_of(names: Iterable[str]) -> Attachments:
    """Return the media among files, told by their names, which may be addresses of the web."""
    media, files = [], []
    for name in names:
        is_address = name.startswith(("https://", "http://"))
        ending = name.partition("?")[0] if is_address else name
        if kind := _KINDS.get(ending.rpartition(".")[2].lower()):
            media.append(Medium(kind, name if is_address else None))
            files.append(None if is_address else name)
    return Attachments(tuple(media), tuple(files)) if media else NONE
