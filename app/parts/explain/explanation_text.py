"""An explanation as text, in English, which can be sent to somebody who mends a format."""

from collections.abc import Iterator

from app.formats.note_sentences import note_lines
from app.formats.registry import FORMATS
from app.parts.explain.explained import LINE_KINDS, RECORD_KINDS, Explanation


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """Yield an explanation as text, which can be sent as it is."""
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
    for heading, labels, counts in (
        ("lines", LINE_KINDS, explanation.lines),
        ("records", RECORD_KINDS, explanation.records),
    ):
        if any(counts.values()):
            yield f"  {heading}:"
        yield from (
            f"    {label}: {counts[kind]:,}" for kind, label in labels.items() if counts.get(kind)
        )
    if explanation.faults:
        yield "  reasons why records cannot be read:"
    yield from (f"    {fault}: {count:,}" for fault, count in explanation.faults)


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
