"""Many texts judged one by one: lines in, lines out."""

import asyncio
import codecs
import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.compute.case import Case
from app.compute.judgement import SURE, Verdict
from app.db.engine import Database
from app.errors import AppError, InvalidInputError
from app.formats.columns import columns_of
from app.services.compare.answering import RankedAuthor, answer
from app.services.compare.cases import Models, gather_each
from app.services.compare.contenders import comparable_texts
from app.tasks import worked_on

AT_ONCE: Final = 20
"""Texts for which the authors are read together."""


class GivenText(msgspec.Struct, forbid_unknown_fields=False):
    """A line of a batch; the answer repeats its `id`."""

    text: Annotated[str, Meta(description="With letters, at most 25,000 characters.")]
    id: Annotated[str | int | None, Meta(description="Comes back with the answer.")] = None


class JudgedText(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer for one line; `error` if it could not be judged."""

    line: int
    id: str | int | None
    verdict: Verdict | msgspec.UnsetType = msgspec.UNSET
    none: float | msgspec.UnsetType | None = msgspec.UNSET
    ranking: list[RankedAuthor] = []
    error: str = ""


BatchLine = tuple[int, GivenText | str]
"""The number of a line, and its text, or why it could not be read."""


def json_texts(lines: Iterable[bytes]) -> Iterator[BatchLine]:
    """Yield the texts of JSON lines, without blank lines."""
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip():
            continue
        try:
            yield number, msgspec.json.decode(line, type=GivenText)
        except (ValueError, RecursionError) as error:
            yield number, f"not a text: {error}"


def plain_texts(lines: Iterable[str]) -> Iterator[BatchLine]:
    """Yield a text for each line that is not blank."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, GivenText(line.strip())


def csv_texts(lines: Iterable[str]) -> Iterator[BatchLine]:
    """Yield the texts of a CSV file with a heading. Raises InvalidInputError without a column."""
    reader = csv.DictReader(lines)
    column = columns_of(tuple(reader.fieldnames or ())).text
    if column is None:
        raise InvalidInputError("The CSV file needs a column named text", loc="file")
    for row in reader:
        yield reader.line_num, GivenText(row[column] or "", row.get("id"))


async def judge_lines(
    db: Database,
    models: Models,
    usernames: Sequence[str],
    lines: Iterable[BatchLine],
    sure: float = SURE,
) -> AsyncIterator[list[JudgedText]]:
    """Return the answers in the order of the lines, a portion at a time.

    The authors are those named, or all that have posts; each portion is judged by the state at its
    turn. Raises NotFoundError and InvalidInputError.
    """
    async with db.read() as session:
        await gather_each(session, models, [], usernames)
    return _portions(db, models, usernames, iter(lines), sure)


async def _portions(
    db: Database, models: Models, usernames: Sequence[str], lines: Iterator[BatchLine], sure: float
) -> AsyncIterator[list[JudgedText]]:
    # In a thread, since a million blank lines may come before the next text.
    while some := await asyncio.to_thread(lambda: list(islice(lines, AT_ONCE))):
        checked: list[tuple[str, ...] | JudgedText] = await worked_on(
            (given.text for _, given in some if isinstance(given, GivenText)),
            partial(list, map(_checked, some)),
        )
        questions = [each for each in checked if isinstance(each, tuple)]
        try:
            async with db.read() as session:
                cases = iter(await gather_each(session, models, questions, usernames))
        except AppError as error:  # The authors were deleted meanwhile.
            yield [_failed(line, error.detail) for line in some]
            continue
        yield [
            each if isinstance(each, JudgedText) else await _judged(line, next(cases), sure)
            for line, each in zip(some, checked, strict=True)
        ]


def _checked(line: BatchLine) -> tuple[str, ...] | JudgedText:
    """Return the text of a line as it is judged, or the answer that says why it cannot be."""
    if isinstance(line[1], str):
        return _failed(line, line[1])
    try:
        return comparable_texts([line[1].text])
    except InvalidInputError as error:
        return _failed(line, error.detail)


async def _judged(line: BatchLine, case: Case, sure: float) -> JudgedText:
    answered = await answer(case, sure=sure, explain=False)
    await asyncio.sleep(0)  # Other requests need the processor too.
    return JudgedText(line[0], _id(line), answered.verdict, answered.none, answered.ranking)


def _failed(line: BatchLine, error: str) -> JudgedText:
    return JudgedText(line[0], _id(line), error=str(error))


def _id(line: BatchLine) -> str | int | None:
    return line[1].id if isinstance(line[1], GivenText) else None
