"""Cutting of texts that are longer than a post may be."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import structs

from saywho.errors import Message
from saywho.formats.assumptions import ReadNotes
from saywho.formats.records import Record
from saywho.text import MAX_TEXT_LENGTH, drop_controls, normalized

_ENDS: Final = tuple(
    map(
        re.compile,
        (r"\n[^\S\n]*\n\s*", r"\n\s*", r"(?<![.!?…。！？])[.!?…。！？]++[\"'”’」』)]*+\s+", r"\s+"),
    )
)
"""Ends of a part, best first: of a paragraph, a line, a sentence, a word."""
_SHORTEST: Final = MAX_TEXT_LENGTH // 2


def parts_of(record: Record, notes: ReadNotes) -> Iterator[Record]:
    """Yield the record, or several posts of it in order if its text is too long for a post.

    The first post keeps the id, the next posts get it with `#2` and so on.
    """
    is_long = len(record.text) > MAX_TEXT_LENGTH
    whole = normalized(drop_controls(record.text)) if is_long else ""
    texts = [whole[start:end] for start, end in pieces_of_long(whole)]
    if not texts:
        yield record
        return
    if record.source is None:
        record = structs.replace(record, source=record.source_id or f"{record.place}")
    if len(texts) > 1:
        count = notes.count_of("pieces")
        evidence = Message("texts: {count}", count=count)
        notes.assume("pieces", str(MAX_TEXT_LENGTH), evidence=evidence)
    yield structs.replace(record, text=texts[0])
    for number, text in enumerate(texts[1:], start=2):
        yield structs.replace(
            record,
            text=text,
            source_id=record.source_id and f"{record.source_id}#{number}",
            reply_to=None,
            media=(),
            files=(),
            counts=None,
        )


def pieces_of_long(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each piece of a text begins and ends, without blanks around it."""
    start = 0
    while start < len(text):
        end = len(text)
        if end - start > MAX_TEXT_LENGTH:
            end = _end_of_part(text, start)
        part = text[start:end]
        if part.strip():
            yield start + len(part) - len(part.lstrip()), start + len(part.rstrip())
        start = end


def _end_of_part(text: str, start: int) -> int:
    last = start + MAX_TEXT_LENGTH
    for pattern in _ENDS:
        end = 0
        for found in pattern.finditer(text, start + _SHORTEST, last + 1):
            if found.start() <= last:
                end = found.end()
        if end:
            return end
    return last
