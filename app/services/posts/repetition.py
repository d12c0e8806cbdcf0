"""What a post that is sent again changes in the stored one: it fills, it renews, never the text."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from app.compute.languages import guess_language
from app.formats.post import Reactions, StoredMedium, stored_fields
from app.services.posts.stored_content import StoredContent


def completed(stored: StoredContent, sent: StoredContent) -> StoredContent:
    """Return the stored post with what the same post, sent again, says beyond it."""
    values = {name: _value(name, stored, sent) for name in stored_fields()}
    changed = {name: value for name, value in values.items() if value != getattr(stored, name)}
    if "lang" in changed and sent.lang == guess_language(sent.text):
        # A language guessed from the new text says nothing about the stored one.
        del changed["lang"]
    return structs.replace(stored, **changed) if changed else stored


def _value(name: str, stored: StoredContent, sent: StoredContent) -> Any:
    value, again = getattr(stored, name), getattr(sent, name)
    match stored_fields()[name].repetition:
        case "renews" if is_newer(again, value):
            return again
        case "fills" if value in (None, ()):
            return again
    return with_files(stored.media, sent.media) if name == "media" else value


def with_files(
    stored: Sequence[StoredMedium], sent: Sequence[StoredMedium]
) -> tuple[StoredMedium, ...]:
    """Return stored media with the files of the same post's media in an archive, where they lack.

    Media are the same if there are as many of them; where none are stored, all are taken.
    """
    if not stored:
        return tuple(sent)
    if len(stored) != len(sent):
        return tuple(stored)
    pairs = zip(stored, sent, strict=True)
    return tuple(structs.replace(medium, file=medium.file or again.file) for medium, again in pairs)


def is_newer(sent: object, stored: object) -> bool:
    """Return whether a value that renews says something else than the stored one.

    Null says nothing. Figures are not of before; other values have no time: the last one holds.
    """
    if isinstance(sent, Reactions) and isinstance(stored, Reactions):
        is_later = stored.as_of is None or (sent.as_of is not None and sent.as_of >= stored.as_of)
        return is_later and sent.figures != stored.figures
    return sent is not None and sent != stored
