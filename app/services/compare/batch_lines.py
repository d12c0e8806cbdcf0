"""Texts line by line, each judged by itself."""

import asyncio
import codecs
import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice, starmap
from typing import Annotated

import msgspec
from msgspec import Meta, structs

from app.compute.case import Case
from app.compute.judgement import SURE, Verdict
from app.db.engine import Database
from app.errors import AppError, InvalidInputError
from app.formats.tables.rows import file_columns_of
from app.runtime.work_pool import Runner
from app.services.compare.comparing import comparable_texts, gather_each
from app.services.compare.habits import Models
from app.services.compare.verdict import RankedAuthor, answer


class GivenText(msgspec.Struct, forbid_unknown_fields=False):
    """A line of a batch; the answer repeats its `id`."""

    text: Annotated[str, Meta(description="Text with letters, at most 25,000 characters.")]
    id: Annotated[str | int | None, Meta(description="Returned with the answer.")] = None


class JudgedText(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer for one line; `error` if it could not be judged."""

    line: int
    id: str | int | None
    verdict: Verdict | msgspec.UnsetType = msgspec.UNSET
    none: float | msgspec.UnsetType | None = msgspec.UNSET
    ranking: list[RankedAuthor] = []
    outgrown: Annotated[bool, Meta(description="See `outgrown` in the model of an answer.")] = False
    error: str = ""


BatchLine = tuple[int, GivenText | str]
"""Line number, and text or error."""


def json_texts(lines: Iterable[bytes]) -> Iterator[BatchLine]:
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
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, GivenText(line.strip())


def csv_texts(lines: Iterable[str]) -> Iterator[BatchLine]:
    """Yield texts of a CSV file with a heading. Raises InvalidInputError without texts."""
    reader = csv.DictReader(lines)
    column = None
    with suppress(csv.Error):
        column = file_columns_of(tuple(reader.fieldnames or ())).text
    if column is None:
        raise InvalidInputError("The CSV file needs a column named `text`", loc="file")
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.reader.line_num, f"not a row: {error}"
            continue
        yield reader.line_num, GivenText(row[column] or "", row.get("id"))


async def judge_lines(
    db: Database,
    models: Models,
    usernames: Sequence[str],
    lines: Iterable[BatchLine],
    sure: float = SURE,
    run: Runner = asyncio.to_thread,
) -> AsyncIterator[list[JudgedText]]:
    """Return answers in order, each by the state at its turn. Raises NotFoundError and
    InvalidInputError.
    """
    async with db.read() as session:
        await gather_each(session, models, [], usernames)
    return _portions(db, models, usernames, iter(lines), sure, run)


async def _portions(
    db: Database,
    models: Models,
    usernames: Sequence[str],
    lines: Iterator[BatchLine],
    sure: float,
    run: Runner,
) -> AsyncIterator[list[JudgedText]]:
    at_once = 20  # Texts for which the authors are read together.
    # By `run`, since a million blank lines may come before the next text.
    while portion := await run(lambda: list(starmap(_checked, islice(lines, at_once)))):
        try:
            async with db.read() as session:
                questions = [(texts, ()) for _, texts in portion if texts]
                cases = iter(await gather_each(session, models, questions, usernames, run=run))
        except AppError as error:  # The authors were deleted meanwhile.
            yield [structs.replace(line, error=str(error.detail)) for line, _ in portion]
            continue
        yield [
            await _judged(line, next(cases), sure, run) if texts else line
            for line, texts in portion
        ]


def _checked(number: int, line: GivenText | str) -> tuple[JudgedText, tuple[str, ...]]:
    if isinstance(line, str):
        return JudgedText(number, None, error=line), ()
    try:
        return JudgedText(number, line.id), comparable_texts([line.text])
    except InvalidInputError as error:
        return JudgedText(number, line.id, error=str(error.detail)), ()


async def _judged(line: JudgedText, case: Case, sure: float, run: Runner) -> JudgedText:
    answered = await answer(case, sure=sure, explain=False, run=run)
    return structs.replace(
        line,
        verdict=answered.verdict,
        none=answered.none,
        ranking=answered.ranking,
        outgrown=case.fitted.is_outgrown,
    )
