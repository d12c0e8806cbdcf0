"""How a file is read, in sentences: its format, what was guessed, what was not read, and why.

Letters and digits of the file are masked, so that a developer of a format may see the sentences.
Nothing is stored.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from saywho.clock import monotonic
from saywho.errors import FileError, Message, message_of
from saywho.formats.assumptions import NO_COLUMN, NotesSummary, note_lines
from saywho.formats.doubts.questions import asked
from saywho.formats.masks import mask, masked_sentence, shape_of, shape_of_value
from saywho.formats.reading import BadRecord
from saywho.formats.records import Item, ReadOptions, Record, RecordStream
from saywho.formats.registry import FORMATS, open_records
from saywho.formats.source.file import Source
from saywho.formats.source.json import BadValue
from saywho.formats.source.text import first_lines
from saywho.formats.tables.column_names import is_known

_KINDS: Final = {
    "text": "with text",
    "picture": "with only pictures, videos or sounds",
    "reply": "that are replies",
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
MOST_PLACES: Final = 10
_MOST_COLUMNS: Final = 30
_END: Final = re.compile(r"\.(?:txt|jsonl?|js|[ct]sv|html|xml|zip|xlsx|md)\Z", re.IGNORECASE)


class ExplanationRequest(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    name: str
    options: ReadOptions
    limit_bytes: int
    seconds: float
    format: str = "auto"
    has_words: bool = False
    """Whether words of the file are shown as they stand there."""


class Explanation(msgspec.Struct, kw_only=True):
    """The sentences about one file, and its counts by kind of record."""

    name: str
    format: str = ""
    """Empty if no format recognises the file."""
    failure: str | None = None
    """Why nothing was read."""
    broken: str | None = None
    """Why the file cannot be read to its end."""
    records: dict[str, int] = {}
    lines: list[str] = []


class _Words(NamedTuple):
    """How words of the file are shown."""

    text: Callable[[str], str]
    value: Callable[[object], str]
    name: Callable[[str], str]
    column: Callable[[str], str]
    sentence: Callable[[Message], Message]


def _file_shape(name: str) -> str:
    end = _END.search(name)
    return f"{mask(name[: end.start()])}{end[0]}" if end else mask(name)


_MASKED: Final = _Words(
    shape_of,
    shape_of_value,
    _file_shape,
    lambda name: name if is_known(name) or name == NO_COLUMN else mask(name),
    masked_sentence,
)
_SHOWN: Final = _Words(str, str, str, str, lambda sentence: sentence)


def explain(body: bytes) -> Iterator[object]:
    """Yield the explanation for an ExplanationRequest in JSON, as one plain value."""
    request = msgspec.json.decode(body, type=ExplanationRequest)
    words = _SHOWN if request.has_words else _MASKED
    result = Explanation(name=words.name(request.name))
    try:
        path = Path(request.path)
        with Source(path, name=request.name, limit_bytes=request.limit_bytes) as source:
            _explain(source, request, result, words)
    except FileError as error:
        result.failure = str(words.sentence(message_of(error)))
        result.lines.insert(0, result.failure)
    yield json.loads(msgspec.json.encode(result))


def _explain(
    source: Source, request: ExplanationRequest, result: Explanation, words: _Words
) -> None:
    ends_at = monotonic() + request.seconds
    options = request.options
    try:
        records = open_records(source, format=request.format, options=options, with_values=True)
    except FileError:
        result.lines += [f"{result.name}: nothing is recognised", *_beginning(source, words)]
        raise
    form = FORMATS[records.format]
    result.format = form.name
    result.lines += [f"{result.name}: {form.label} ({form.name})", f"  recognised by: {form.mark}"]
    columns = [
        f"{words.column(name)}{field and f' = {field}'}"
        for name, field in records.columns[:_MOST_COLUMNS]
    ]
    if columns:
        result.lines.append(f"  columns: {', '.join(columns)}")
    records, _ = asked(records, options)
    reading = _Reading(records, words)
    result.broken, is_whole = reading.read(ends_at)
    result.records = dict(reading.kinds)
    result.lines += reading.lines(is_whole=is_whole, broken=result.broken)


def _beginning(source: Source, words: _Words) -> Iterator[str]:
    """Yield the first lines of a file, or of the files in it."""
    if not source.has_members:
        yield from (
            f"  line {n}: {words.text(t.rstrip())}" for n, t in enumerate(first_lines(source), 1)
        )
    for name in islice(sorted(source.members), MOST_PLACES):
        first = ""
        if _END.search(name):
            with suppress(FileError):
                first = next(iter(first_lines(source.member(name))), "")
        yield f"  {words.name(name)}, line 1: {words.text(first.rstrip())}"


class _Reading:
    def __init__(self, records: RecordStream, words: _Words) -> None:
        self._records, self._words = records, words
        self.kinds: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._places: list[str] = []

    def read(self, ends_at: float) -> tuple[str | None, bool]:
        """Return why the file breaks off, if it does, and whether it was read to its end."""
        try:
            for item in self._records.items:
                self._count(item)
                if monotonic() >= ends_at:
                    return None, next(self._records.items, None) is None
        except FileError as error:
            return str(self._words.sentence(message_of(error))), True
        return None, True

    def _count(self, item: Item) -> None:
        if isinstance(item, Record):
            self.kinds["text" if item.text.strip() else "picture"] += 1
            self.kinds["reply"] += item.reply_to is not None
        elif isinstance(item, BadRecord):
            self.kinds["bad"] += 1
            detail = item.detail if isinstance(item.detail, Message) else Message(item.detail)
            sentence = str(self._words.sentence(detail))
            self._faults[sentence] += 1
            if len(self._places) < MOST_PLACES:
                shape = f": {shown}" if (shown := self._shown(item.value)) else ""
                self._places.append(f"    {self._records.unit} {item.place}: {sentence}{shape}")
        else:
            self.kinds[item.reason] += 1

    def _shown(self, value: object) -> str:
        if isinstance(value, BadValue):
            return self._words.text(value.text)
        if isinstance(value, tuple):  # The value comes after its file's facts of the room.
            value = value[-1]
        return "" if value is None or isinstance(value, Message) else self._words.value(value)

    def lines(self, *, is_whole: bool, broken: str | None) -> Iterator[str]:
        notes = self._records.notes
        yield from (f"  {self._words.sentence(part.note)}" for part in self._records.left_out)
        if broken:
            yield f"  {broken}"
        if not is_whole:
            yield "  not read to its end, since there was no more time"
        counted = [(label, self.kinds[kind]) for kind, label in _KINDS.items() if self.kinds[kind]]
        yield "  records:"
        yield from (f"    {label}: {count:,}" for label, count in counted)
        summary = notes.summary
        odd = [*note_lines(_shown_notes(summary, self._words))]
        if odd:
            yield "  odd, assumed or not used:"
        yield from (f"    {line}" for line in odd)
        if notes.app_lines:
            yield "  the most frequent lines taken for the app's own:"
        yield from (f"    {count:,} × {self._words.text(line)}" for line, count in notes.app_lines)
        if self._places:
            yield f"  not understood ({self.kinds['bad']:,}):"
        yield from self._places
        if is_whole and not (self.kinds["bad"] or broken or odd):
            yield "  everything was understood"


def _shown_notes(summary: NotesSummary, words: _Words) -> NotesSummary:
    """Return notes in which names from the file are shown so; words of options stay."""

    def column(value: str) -> str:
        role, sign, name = value.partition("=")
        return f"{role}{sign}{words.column(name)}"

    def value_of(kind: str, value: str) -> str:
        if kind == "column":
            return column(value)
        return words.name(value) if kind == "person" else value

    replace = msgspec.structs.replace
    return replace(
        summary,
        assumptions=tuple(
            replace(
                part,
                value=value_of(part.kind, part.value),
                alternatives=tuple(value_of(part.kind, other) for other in part.alternatives),
            )
            for part in summary.assumptions
        ),
        unread=tuple(
            replace(part, what=(words.name if part.kind == "file" else words.column)(part.what))
            for part in summary.unread
        ),
        doubts=tuple(
            replace(
                part,
                finding=words.sentence(part.finding),
                examples=tuple(map(words.text, part.examples)),
                alternatives=tuple(map(column, part.alternatives)),
            )
            for part in summary.doubts
        ),
    )
