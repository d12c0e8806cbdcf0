"""Files of apps that are known and not read: by what they are known, and what to do instead."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple

from app.errors import ImportFileError, Message
from app.formats.source.file import Content, Source, bare_head, head, is_hidden

_HEAD: Final = 16 * 1024
_LOOKED_AT: Final = 20
"""Files of a folder or archive that are looked at."""
_TEXTS: Final = (".json", ".jsonl", ".ndjson", ".xml", ".txt", ".log", ".csv")

_CHATLAB: Final = Message("convert it to JSON of ChatLab, which saywho reads")
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


KNOWN: Final = (
    KnownFile("Gemini", ('"header":"GeminiApps"', '"products":['), _CHATLAB),
    KnownFile("Evernote", ("<en-export",), _TEXT),
    KnownFile("TEI", ("<teiHeader", "tei-c.org/ns/"), _TEXT),
    KnownFile("TEI", ("<TEI.2", "<teiHeader"), _TEXT),
)
"""The first that fits counts."""
_LOG: Final = re.compile(
    rb"--- Log opened |\[?\d\d:\d\d(?::\d\d)?\]?[ \t]+(?:<[ @+%&~]?[^<>\s]{1,40}>|\* \S|-!- )"
    rb"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\t[^\t\n]{0,40}\t|<[@+%&~]?[^<>\s]{1,40}> |IRC log started "
)
"""Line of a log of IRC: of irssi, WeeChat, ZNC, HexChat, EPIC."""
LOG: Final = Message("it is a log of IRC, which saywho cannot read; {way}", way=_CHATLAB)
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
                if all(mark in bare for mark in known.marks):
                    return _sentence(known)
            if not source.has_members and is_log(head(content, _HEAD)):
                return LOG
    return None


def is_log(beginning: bytes) -> bool:
    """Return whether most first lines are those of a log of IRC."""
    lines = [line for line in beginning.splitlines()[:40] if line.strip()]
    return len(lines) > 1 and 2 * sum(map(bool, map(_LOG.match, lines))) > len(lines)


def _contents(source: Source) -> Iterator[Content]:
    if not source.has_members:
        return iter([source])
    return source.contents(lambda name: name.lower().endswith(_TEXTS) and not is_hidden(name))


def _sentence(known: KnownFile) -> Message:
    return Message(
        "it is an export of {app}, which saywho cannot read; {way}", app=known.name, way=known.way
    )
