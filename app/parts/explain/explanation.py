"""Explanations of files: the format, and the parts that are not understood.

They can be sent to a developer of a format: names, letters and digits are masked. They are made in
the sandbox, and nothing of the file is stored.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import msgspec

from app.errors import FileError, Message, message_of, packed
from saywho.clock import monotonic
from saywho.formats.assumptions import (
    NO_NOTES,
    Assumption,
    NotesSummary,
    ReadNotes,
    decoded_sentence,
    note_lines,
)
from saywho.formats.doubts.questions import asked
from saywho.formats.masks import mask, masked_sentence, shape_of, shape_of_value
from saywho.formats.reading import BadRecord
from saywho.formats.records import Item, ReadOptions, Record, RecordStream, TextLine
from saywho.formats.registry import FORMATS, open_records
from saywho.formats.source.file import Content, Source
from saywho.formats.source.json import BadValue
from saywho.formats.source.text import first_lines, lines
from saywho.formats.tables.column_names import is_known
from saywho.formats.tally import Doubt

_LINE_KINDS: Final = {
    "heading": "before the first message",
    "message": "start a message",
    "more": "continue a message",
    "day": "give the date",
    "note": "written by the app",
    "stray": "have a date or a time, but do not start a message",
}
_RECORD_KINDS: Final = {
    "text": "with text",
    "picture": "with only pictures, videos or sounds",
    "with_media": "with pictures, videos or sounds",
    "reply": "that are replies",
    "app_like": "entirely in brackets, like notes by apps",
    "repost": "left out: reposted or forwarded",
    "restricted": "left out: for a limited audience",
    "deleted": "left out: deleted",
    "like": "left out: likes",
    "media": "left out: media without a file",
    "system": "left out: written by the app",
    "empty": "left out: empty",
    "unwanted": "left out: by people who were not chosen",
    "bad": "cannot be read",
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


def decoded_explanation(line: bytes) -> Explanation:
    return msgspec.json.decode(line, type=Explanation, dec_hook=decoded_sentence)


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    if explanation.failure is not None and not explanation.tried:  # It cannot be opened.
        yield str(explanation.failure)
        return
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
        ("lines", _labelled(_LINE_KINDS, explanation.lines)),
        ("records", _labelled(_RECORD_KINDS, explanation.records)),
        ("reasons why records cannot be read", explanation.faults),
    ):
        if counts:
            yield f"  {heading}:"
        yield from (f"    {label}: {count:,}" for label, count in counts)


def _labelled(labels: Mapping[str, str], counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(label, counts[kind]) for kind, label in labels.items() if counts.get(kind)]


def _note_lines(explanation: Explanation) -> Iterator[str]:
    lines = list(note_lines(explanation.notes))
    if lines:
        yield "  odd, assumed or not used:"
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


T = TypeVar("T")
MOST_PLACES: Final = 10
MOST_KINDS: Final = 30
_TEXTS: Final = (".txt", ".json", ".jsonl", ".js", ".csv", ".tsv", ".html", ".xml")
_MOMENT: Final = re.compile(
    r".{0,24}?(?:\d{1,2}\s?[:：h시]\s?\d{2}|\d{1,4}\s?[./년-]\s?\d{1,2}\s?[./월-]\s?\d{1,4})"
)
"""Start of a line that may start a message or a day."""
_NOTE: Final = re.compile(r"\u200e.*|[<(\[{‹«（【][^\n]{1,80}[>)\]}›»）】]", re.DOTALL)
_UNREAD: Final = Message("nothing was read here")


def explain(body: bytes) -> Iterator[object]:
    """Yield the explanation for an ExplanationRequest in JSON, as one plain value."""
    request = msgspec.json.decode(body, type=ExplanationRequest)
    ends_at = monotonic() + request.seconds
    result = Explanation(name=_file_shape(Path(request.name).name))
    try:
        path = Path(request.path)
        with Source(path, name=request.name, limit_bytes=request.limit_bytes) as source:
            _explain(source, request, result, ends_at)
    except FileError as error:
        result.failure = message_of(error)
    yield json.loads(msgspec.json.encode(result, enc_hook=_masked_and_packed))


def _masked_and_packed(sentence: Any) -> object:
    return packed(masked_sentence(sentence) if isinstance(sentence, Message) else sentence)


def _explain(
    source: Source, request: ExplanationRequest, result: Explanation, ends_at: float
) -> None:
    if source.has_members:
        result.files = dict(Counter(map(_end, source.members)).most_common(MOST_KINDS))
    try:
        records = open_records(
            source, format=request.format, options=request.options, with_values=True
        )
    except FileError as error:
        result.failure = message_of(error)
        names = FORMATS if request.format == "auto" else [request.format]
        result.tried = [_attempt(source, name, request.options, ends_at) for name in names]
        result.unclear = list(islice(_beginnings(source), MOST_PLACES))
        result.unclear_count = len(result.unclear)
        return
    result.format, result.left_out = records.format, [part.note for part in records.left_out]
    result.columns = [(_column_shape(name), field) for name, field in records.columns[:MOST_KINDS]]
    records, _ = asked(records, request.options)
    _Reading(source, records, result).read(ends_at)


def _masked_notes(notes: ReadNotes) -> NotesSummary:
    # Names from the file are masked; words of options are kept.
    summary = notes.summary
    assumptions = [_masked_assumption(part) for part in summary.assumptions]
    unread = [
        msgspec.structs.replace(
            part, what=(_file_shape if part.kind == "file" else _column_shape)(part.what)
        )
        for part in summary.unread
    ]
    doubts = tuple(map(_masked_doubt, summary.doubts))
    return msgspec.structs.replace(
        summary, assumptions=tuple(assumptions), unread=tuple(unread), doubts=doubts
    )


def _masked_doubt(doubt: Doubt) -> Doubt:
    examples = tuple(map(shape_of, doubt.examples))
    others = tuple(map(_masked_column, doubt.alternatives))
    return msgspec.structs.replace(doubt, examples=examples, alternatives=others)


def _masked_column(value: str) -> str:
    role, _, name = value.partition("=")
    return f"{role}={_column_shape(name)}"


def _column_shape(name: str) -> str:
    return name if is_known(name) else mask(name)


def _masked_assumption(part: Assumption) -> Assumption:
    def masked(value: str) -> str:
        if part.kind == "column":
            return _masked_column(value)
        return mask(value) if part.kind == "person" else value

    others = tuple(map(masked, part.alternatives))
    return msgspec.structs.replace(part, value=masked(part.value), alternatives=others)


def _end(name: str) -> str:
    end = Path(name).suffix.lower()
    return end if end in _TEXTS or guess_type(f"a{end}", strict=False)[0] else mask(end)


def _file_shape(name: str) -> str:
    return mask(name.removesuffix(Path(name).suffix)) + _end(name)


def _attempt(source: Source, name: str, options: ReadOptions, ends_at: float) -> Attempt:
    if monotonic() >= ends_at:
        return Attempt(name)
    try:
        FORMATS[name].read(source, options)
    except FileError as error:
        return Attempt(name, message_of(error))
    except RecursionError:
        return Attempt(name, Message("nested too deeply"))
    return Attempt(name)


def _beginnings(source: Source) -> Iterator[UnclearPlace]:
    if not source.has_members:
        for number, text in enumerate(first_lines(source), 1):
            yield UnclearPlace(detail=_UNREAD, unit="line", place=number, shape=_line_shape(text))
    names = sorted(source.members, key=lambda name: (not name.lower().endswith(_TEXTS), name))
    for name in names:
        first = ""
        if name.lower().endswith(_TEXTS):
            with suppress(FileError):
                first = next(iter(first_lines(source.member(name))), "")
        shape, file = _line_shape(first), _file_shape(name)
        yield UnclearPlace(detail=_UNREAD, file=file, unit="line", place=1, shape=shape)


def _line_shape(text: str) -> str:
    return shape_of(text.rstrip("\r\n"))


class _Reading:
    def __init__(self, source: Source, records: RecordStream, result: Explanation) -> None:
        self._source, self._records, self._result = source, records, result
        self._kinds: Counter[str] = Counter()
        self._lines: Counter[str] = Counter()
        self._faults: Counter[Message] = Counter()
        self._bad: list[UnclearPlace] = []
        self._stray: list[UnclearPlace] = []
        self._app_like: list[UnclearPlace] = []

    def read(self, ends_at: float) -> None:
        result = self._result
        half = (monotonic() + ends_at) / 2
        try:
            for line in self._in_time(iter(self._records.lines), half):
                self._count_line(line)
            for item in self._in_time(self._records.items, ends_at):
                self._count(item)
        except FileError as error:
            result.broken = message_of(error)
        result.notes = _masked_notes(self._records.notes)
        result.app_lines = [
            (shape_of(line), count) for line, count in self._records.notes.app_lines
        ]
        result.lines, result.records = dict(self._lines), dict(self._kinds)
        result.faults = self._faults.most_common(MOST_KINDS)
        places = [*self._bad, *self._stray, *self._app_like]
        result.unclear = self._with_lines(places[:MOST_PLACES])
        result.unclear_count = self._kinds["bad"] + self._lines["stray"] + self._kinds["app_like"]

    def _in_time(self, parts: Iterator[T], ends_at: float) -> Iterator[T]:
        for part in parts:
            yield part
            if monotonic() >= ends_at:
                self._result.is_whole = next(parts, None) is None and self._result.is_whole
                return

    def _count_line(self, line: TextLine) -> None:
        self._lines[line.kind] += 1
        may_begin = line.kind == "more" or (line.kind == "heading" and line.number > 5)
        if may_begin and _MOMENT.match(line.text):
            self._lines["stray"] += 1
            detail = Message("starts with a date or a time, but does not start a message")
            self._note(self._stray, detail, line.file, line.number, shape_of(line.text))

    def _count(self, item: Item) -> None:
        if isinstance(item, Record):
            self._count_record(item)
        elif isinstance(item, BadRecord):
            self._kinds["bad"] += 1
            detail = masked_sentence(_sentence(item.detail))
            if detail in self._faults or len(self._faults) < MOST_KINDS:
                self._faults[detail] += 1
            shape = "" if self._records.unit == "line" else _shape_of_bad(item.value)
            file, sentence = self._source.meter.reading, _sentence(item.detail)
            self._note(self._bad, sentence, file, item.place, shape)
        else:
            self._kinds[item.reason] += 1

    def _count_record(self, record: Record) -> None:
        self._kinds["text" if record.text.strip() else "picture"] += 1
        self._kinds["reply"] += record.reply_to is not None
        self._kinds["with_media"] += bool(record.media)
        if self._records.is_chat and _NOTE.fullmatch(record.text):
            self._kinds["app_like"] += 1
            detail = Message("entirely in brackets, like an app's note about a picture")
            shape = "" if self._records.unit == "line" else shape_of(record.text)
            file = self._source.meter.reading
            self._note(self._app_like, detail, file, record.place, shape)

    def _note(
        self, places: list[UnclearPlace], detail: Message, file: str, place: int, shape: str
    ) -> None:
        if len(places) < MOST_PLACES:
            unit = self._records.unit
            places.append(
                UnclearPlace(detail=detail, file=file, unit=unit, place=place, shape=shape)
            )

    def _with_lines(self, places: list[UnclearPlace]) -> list[UnclearPlace]:
        shapes: dict[tuple[str, int], str] = {}
        if self._records.unit == "line":
            for file in {place.file for place in places}:
                numbers = {place.place for place in places if place.file == file}
                source = self._source
                content = source.member(file) if file in source.members else source
                texts = _texts(content, numbers)
                shapes |= {(file, number): text for number, text in texts.items()}
        return [
            msgspec.structs.replace(
                place,
                shape=place.shape or shapes.get((place.file, place.place), ""),
                file=_file_shape(place.file) if self._source.has_members else "",
            )
            for place in places
        ]


def _sentence(detail: str) -> Message:
    return detail if isinstance(detail, Message) else Message(detail)


def _shape_of_bad(value: object) -> str:
    if isinstance(value, BadValue):
        return shape_of(value.text)
    if isinstance(value, tuple):  # The value comes after its file's facts of the room.
        return shape_of_value(value[-1])
    return "" if value is None or isinstance(value, Message) else shape_of_value(value)


def _texts(content: Content, numbers: set[int]) -> dict[int, str]:
    shapes = {}
    with suppress(FileError):
        for line in lines(content.uncounted):
            if line.number in numbers:
                shapes[line.number] = _line_shape(line.text)
            if len(shapes) == len(numbers):
                break
    return shapes
