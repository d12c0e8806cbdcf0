"""Many texts judged at once, by one state of the posts: lines in, lines out."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import msgspec

from app.errors import InvalidInputError
from app.services.compare import Material, comparable_text
from app.services.judging import SHOWN_OF_ALL, Ranked, judge

AT_ONCE: Final = 20
"""Texts judged between two chances for others to use the processor."""
NAMES: Final = ("text", "content", "full_text", "내용", "트윗")
"""Columns in which a text is looked for."""


class GivenText(msgspec.Struct, forbid_unknown_fields=False):
    """A line of a batch; an `id` comes back with the answer."""

    text: str
    id: str | int | None = None


class JudgedText(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is said of one line; `error` where it could not be judged."""

    line: int
    id: str | int | None = None
    verdict: str = ""
    ranking: list[Ranked] = []
    error: str = ""


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A line of a batch and its number; no text where it could not be read."""

    line: int
    given: GivenText | None
    error: str = ""


def json_texts(lines: Iterable[bytes]) -> Iterator[BatchLine]:
    """Yield the texts of JSON lines; blank ones are left out."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield BatchLine(number, msgspec.json.decode(line, type=GivenText))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            yield BatchLine(number, None, f"not a text: {error}")


def plain_texts(lines: Iterable[str]) -> Iterator[BatchLine]:
    """Yield a text a line; blank ones are left out."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield BatchLine(number, GivenText(line.strip()))


def csv_texts(lines: Iterable[str]) -> Iterator[BatchLine]:
    """Yield the texts of a CSV file with a heading. Raises InvalidInputError without a column."""
    reader = csv.DictReader(lines)
    column = next((name for name in NAMES if name in (reader.fieldnames or ())), None)
    if column is None:
        raise InvalidInputError("The CSV file needs a column named text", loc="file")
    for row in reader:
        yield BatchLine(reader.line_num, GivenText(row[column] or "", row.get("id")))


async def judge_texts(
    material: Material, lines: Iterable[BatchLine]
) -> AsyncIterator[list[JudgedText]]:
    """Yield the answers in the lines' order, some at a time."""
    numbered = iter(lines)
    while some := list(islice(numbered, AT_ONCE)):
        yield [await _judged(material, line) for line in some]
        await asyncio.sleep(0)


async def _judged(material: Material, line: BatchLine) -> JudgedText:
    if line.given is None:
        return JudgedText(line.line, error=line.error)
    try:
        text = comparable_text(line.given.text)
    except InvalidInputError as error:
        return JudgedText(line.line, line.given.id, error=error.detail)
    shown = None if material.is_named else SHOWN_OF_ALL
    answer = await judge(replace(material, text=text), explain=False, shown=shown)
    return JudgedText(line.line, line.given.id, answer.verdict, answer.ranking)


def csv_heading() -> str:
    return _csv_line(("line", "id", "verdict", "username", "probability", "error"))


def csv_line(judged: JudgedText) -> str:
    """Return the answer in short: the first author and the probability."""
    best = judged.ranking[0] if judged.ranking else None
    return _csv_line(
        (
            judged.line,
            "" if judged.id is None else judged.id,
            judged.verdict,
            best.username if best else "",
            f"{best.probability:.4f}" if best else "",
            judged.error,
        )
    )


def _csv_line(cells: Sequence[object]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(cells)
    return written.getvalue()
