"""Files of an archive of chats that may hold a chat too, but are so damaged that none is seen."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from app.errors import BrokenFileError, Message, message_of
from app.formats.records import LeftOut
from app.formats.source.file import Content, Source, head
from app.formats.source.json import check_closed

_JSON: Final = (".json", ".jsonl")
_TEXT: Final = (".txt", ".csv")
_MOST_LOOKED_AT: Final = 500
"""Files that no format reads, behind which no more are looked at."""
_MOST_NAMED: Final = 20
_FURTHER: Final = Message("further files may be damaged and left out, too; they are not named")


def damaged_beside(source: Source) -> list[LeftOut]:
    """Return what is wrong with the files that no format recognised, a note for each."""
    names = sorted(name for name in source.members.keys() - source.expected if _may_hold(name))
    faults = _faults(source.member(name) for name in names[:_MOST_LOOKED_AT])
    notes = [
        LeftOut(Message("{fault}; it is left out", fault=fault))
        for fault in islice(faults, _MOST_NAMED)
    ]
    is_more = bool(notes) and (len(names) > _MOST_LOOKED_AT or next(faults, None) is not None)
    return [*notes, LeftOut(_FURTHER)] if is_more else notes


def _may_hold(name: str) -> bool:
    return name.lower().endswith(_JSON + _TEXT)


def _faults(contents: Iterator[Content]) -> Iterator[Message]:
    for content in contents:
        try:
            if not content.name.lower().endswith(_JSON):
                head(content, 1)
            elif content.stored.size:
                check_closed(content, is_json=True)
            else:
                yield Message("{name} is empty", name=content.name)
        except BrokenFileError as error:
            yield message_of(error)
