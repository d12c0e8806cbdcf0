"""Explanations of files: the format, and the parts that are not understood.

They can be sent to a developer of a format: names, letters and digits are masked.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from app.errors import Message
from app.formats.assumptions import NO_NOTES, NotesSummary, decoded_sentence
from app.formats.note_sentences import note_lines
from app.formats.records import ReadOptions
from app.formats.registry import FORMATS

LINE_KINDS: Final = {
    "heading": Message("before the first message"),
    "message": Message("start a message"),
    "more": Message("continue a message"),
    "day": Message("give the date"),
    "note": Message("written by the app"),
    "stray": Message("have a date or a time, but do not start a message"),
}
RECORD_KINDS: Final = {
    "text": Message("with text"),
    "picture": Message("with only pictures, videos or sounds"),
    "with_media": Message("with pictures, videos or sounds"),
    "reply": Message("that are replies"),
    "app_like": Message("entirely in brackets, like notes by apps"),
    "repost": Message("left out: reposted or forwarded"),
    "restricted": Message("left out: for a limited audience"),
    "deleted": Message("left out: deleted"),
    "like": Message("left out: likes"),
    "media": Message("left out: media without a file"),
    "system": Message("left out: written by the app"),
    "empty": Message("left out: empty"),
    "unwanted": Message("left out: by people who were not chosen"),
    "bad": Message("cannot be read"),
}


class ExplanationRequest(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    name: str
    options: ReadOptions
    limit_bytes: int
    seconds: float
    format: str = "auto"


class UnclearPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    detail: Message
    file: str = ""
    unit: Literal["line", "record"]
    place: int
    shape: str = ""
    """Masked content of the place; empty if unknown."""


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True):
    format: str
    fault: Message | None = None


class Explanation(msgspec.Struct, kw_only=True):
    name: str
    format: str = ""
    failure: Message | None = None
    tried: list[Attempt] = []
    """The tried formats in order, if none is recognised."""
    broken: Message | None = None
    """Reason why the file cannot be read to its end."""
    is_whole: bool = True
    left_out: list[Message] = []
    files: dict[str, int] = {}
    columns: list[tuple[str, str]] = []
    notes: NotesSummary = NO_NOTES
    app_lines: list[tuple[str, int]] = []
    lines: dict[str, int] = {}
    records: dict[str, int] = {}
    faults: list[tuple[Message, int]] = []
    """Reasons why records cannot be read, with counts, the most frequent first."""
    unclear: list[UnclearPlace] = []
    unclear_count: int = 0


def labelled(labels: Mapping[str, Message], counts: Mapping[str, int]) -> list[tuple[Message, int]]:
    return [(label, counts[kind]) for kind, label in labels.items() if counts.get(kind)]


def decoded_explanation(line: bytes) -> Explanation:
    return msgspec.json.decode(line, type=Explanation, dec_hook=decoded_sentence)


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    if explanation.format:
        form = FORMATS[explanation.format]
        yield f"{explanation.name}: {form.label} ({form.name})"
        yield f"  recognised by: {form.mark}"
    else:
        yield f"{explanation.name}: nothing is recognised"
    for problem in (explanation.failure, explanation.broken, *explanation.left_out):
        if problem is not None:
            yield f"  {problem}"
    yield from _attempt_lines(explanation)
    yield from _counts(explanation)
    yield from _note_lines(explanation)
    yield from _place_lines(explanation)


def _attempt_lines(explanation: Explanation) -> Iterator[str]:
    if explanation.tried:
        yield "  what the formats look for, and none of it is there:"
    for attempt in explanation.tried:
        form = FORMATS[attempt.format]
        claim = f" (it says: {attempt.fault})" if attempt.fault else ""
        yield f"    {form.name}: {form.mark}{claim}"


def _counts(explanation: Explanation) -> Iterator[str]:
    if explanation.files:
        ends = (f"{end or 'without an ending'} {n:,}" for end, n in explanation.files.items())
        yield f"  files: {', '.join(ends)}"
    if explanation.columns:
        columns = (f"{name}{field and f' = {field}'}" for name, field in explanation.columns)
        yield f"  columns: {', '.join(columns)}"
    if not explanation.is_whole:
        yield "  not read to its end, since there was no more time"
    for heading, counts in (
        ("lines", labelled(LINE_KINDS, explanation.lines)),
        ("records", labelled(RECORD_KINDS, explanation.records)),
        ("reasons why records cannot be read", explanation.faults),
    ):
        if counts:
            yield f"  {heading}:"
        yield from (f"    {label}: {count:,}" for label, count in counts)


def _note_lines(explanation: Explanation) -> Iterator[str]:
    lines = list(note_lines(explanation.notes))
    if lines:
        yield "  assumed or not used:"
    yield from (f"    {line}" for line in lines)
    if explanation.app_lines:
        yield "  the most frequent lines taken for the app's own, masked:"
    yield from (f"    {count:,} × {shape}" for shape, count in explanation.app_lines)


def _place_lines(explanation: Explanation) -> Iterator[str]:
    length, count = len(explanation.unclear), explanation.unclear_count
    is_understood = not count and explanation.notes.is_empty
    if is_understood and explanation.format and explanation.is_whole:
        yield "  everything was understood"
    if not count:
        return
    cut = f", the first {length} of {count:,}" if count > length else ""
    yield f"  not understood{cut}, letters and digits masked:"
    for place in explanation.unclear:
        where = f"{place.file}, " if place.file else ""
        yield f"    {where}{place.unit} {place.place}: {place.detail}"
        if place.shape:
            yield f"      {place.shape}"
