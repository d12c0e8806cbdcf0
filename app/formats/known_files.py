"""Files of apps that are known and not read: by what they are known, and what to do instead."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple

from app.errors import ImportFileError, Message
from app.formats.source.file import Content, Source, bare_head, is_hidden

_LOOKED_AT: Final = 20
"""Files of a folder or archive that are looked at."""
_TEXTS: Final = (".json", ".jsonl", ".ndjson", ".xml", ".txt", ".csv", ".arff")

_CHATLAB: Final = Message("convert it to JSON of ChatLab, which saywho reads")
_CSV: Final = Message("save it as CSV there, and import that file")
_TEXT: Final = Message(
    "save each work as plain text, `Author_Title.txt`, in one folder, and import that folder"
)


class KnownFile(NamedTuple):
    name: str
    """What the file is called in the world, in all languages alike."""
    marks: tuple[str, ...]
    """Parts of the file's beginning without blanks, all of which it has."""
    way: Message
    """What leads to posts or chats that can be read."""
    signs: str = ""
    """Its first sign is one of these: somebody's words in a chat may have the marks, too."""


KNOWN: Final = (
    KnownFile("Gemini", ('"header":"GeminiApps"', '"products":['), _CHATLAB, "["),
    KnownFile("Evernote", ("<en-export",), _TEXT, "<"),
    KnownFile("Weka (ARFF)", ("@relation", "@attribute"), _CSV, "@%"),
)
"""The first that fits counts."""
_FOLDERS: Final = (KnownFile("EPUB", ("META-INF/container.xml", ".opf"), _TEXT),)
"""By names of files in a folder or archive; the last parts of their paths."""


def known_folder(source: Source) -> Message | None:
    """Return what a folder or archive is that is known and not read by the names of its files."""
    for known in _FOLDERS:
        if all(any(mark in name for name in source.members) for mark in known.marks):
            return _sentence(known)
    return None


def known_file(source: Source) -> Message | None:
    """Return what a file is that is known and not read, and what to do; None for any other.

    Of a folder or archive, the first files are looked at.
    """
    for content in islice(_contents(source), _LOOKED_AT):
        with suppress(ImportFileError):
            bare = bare_head(content)
            for known in KNOWN:
                if bare[:1] in known.signs and all(mark in bare for mark in known.marks):
                    return _sentence(known)
    return None


def _contents(source: Source) -> Iterator[Content]:
    if not source.has_members:
        return iter([source])
    return source.contents(lambda name: name.lower().endswith(_TEXTS) and not is_hidden(name))


def _sentence(known: KnownFile) -> Message:
    return Message(
        "it is an export of {app}, which saywho cannot read; {way}", app=known.name, way=known.way
    )
