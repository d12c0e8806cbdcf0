"""Texts line by line, each judged by itself."""

import asyncio
import codecs
import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, structs

from app.compute.case import Case
from app.compute.judgement import SURE, Verdict
from app.db.engine import Database
from app.errors import AppError, InvalidInputError, fault_of
from app.formats.tables.rows import file_columns_of
from app.runtime.work_pool import Runner
from app.services.compare.comparing import Question, cases_of, comparable_texts, messages_of
from app.services.compare.copied_texts import TakenApart
from app.services.compare.habits import Models
from app.services.compare.verdict import MessageHead, RankedAuthor, answer

LineId = str | int | None


class GivenText(msgspec.Struct, forbid_unknown_fields=True):
    """A line of a batch; the answer repeats its `id`."""

    text: Annotated[str, Meta(description="Text with letters, at most 25,000 characters.")]
    id: Annotated[LineId, Meta(description="Returned with the answer.")] = None


class AnyText(GivenText, forbid_unknown_fields=False):
    """A line of a file, which may have more fields, as exports do."""


class BadLine(NamedTuple):
    error: str
    id: LineId = None


class JudgedText(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer for one line; `error` if it could not be judged."""

    line: int
    id: LineId
    verdict: Verdict | msgspec.UnsetType = msgspec.UNSET
    none: float | msgspec.UnsetType | None = msgspec.UNSET
    ranking: list[RankedAuthor] = []
    outgrown: Annotated[bool, Meta(description="See `outgrown` in the model of an answer.")] = False
    heads: Annotated[
        list[MessageHead], Meta(description="Heads of messages that were copied from a chat.")
    ] = []
    error: str = ""


BatchLine = tuple[int, GivenText | BadLine]
"""Line number, and text or error."""


def json_texts(lines: Iterable[bytes], form: type[GivenText] = GivenText) -> Iterator[BatchLine]:
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip():
            continue
        try:
            yield number, msgspec.json.decode(line, type=form)
        except msgspec.ValidationError as error:
            yield number, BadLine("not a text: {}: {}".format(*fault_of(error, form)), _id_in(line))
        except (ValueError, RecursionError) as error:
            yield number, BadLine(f"not a text: {error}")


def _id_in(line: bytes) -> LineId:
    """Return the id of a line whose other fields cannot be read, if it can."""
    with suppress(ValueError, RecursionError):
        raw = msgspec.json.decode(line, type=dict[str, msgspec.Raw]).get("id")
        return msgspec.json.decode(raw, type=LineId) if raw else None
    return None


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
            yield reader.reader.line_num, BadLine(f"not a row: {error}")
            continue
        yield reader.line_num, GivenText(row[column] or "", row.get("id"))


class CheckedLine(NamedTuple):
    line: JudgedText
    texts: tuple[str, ...] = ()
    """Empty for an error."""
    apart: TakenApart | None = None


def checked_lines(lines: Iterable[BatchLine], *, heads: bool = True) -> Iterator[CheckedLine]:
    """Yield each line's texts; heads: whether to take off the heads of copied messages."""
    for number, line in lines:
        if isinstance(line, BadLine):
            yield CheckedLine(JudgedText(number, line.id, error=line.error))
            continue
        try:
            apart = messages_of(Question([line.text], heads=heads))
            texts = comparable_texts(apart.texts if apart else [line.text])
        except InvalidInputError as error:
            yield CheckedLine(JudgedText(number, line.id, error=str(error.detail)))
        else:
            yield CheckedLine(JudgedText(number, line.id), texts, apart)


async def judge_lines(
    db: Database,
    models: Models,
    usernames: Sequence[str],
    lines: Iterable[CheckedLine],
    sure: float = SURE,
    run: Runner = asyncio.to_thread,
) -> AsyncIterator[list[JudgedText]]:
    """Return answers in order, each by the state at its turn. Raises NotFoundError and
    InvalidInputError.
    """
    async with db.read() as session:
        await cases_of(session, models, [], usernames)
    return _portions(db, models, usernames, iter(lines), sure, run)


async def _portions(
    db: Database,
    models: Models,
    usernames: Sequence[str],
    lines: Iterator[CheckedLine],
    sure: float,
    run: Runner,
) -> AsyncIterator[list[JudgedText]]:
    at_once = 20  # Texts for which the authors are read together.
    # By `run`, since a million blank lines may come before the next text.
    while portion := await run(lambda: list(islice(lines, at_once))):
        try:
            async with db.read() as session:
                questions = [(checked.texts, ()) for checked in portion if checked.texts]
                cases = iter(await cases_of(session, models, questions, usernames, run=run))
        except AppError as error:  # The authors were deleted meanwhile.
            detail = str(error.detail)
            yield [structs.replace(checked.line, error=detail) for checked in portion]
            continue
        yield [
            await _judged(checked, next(cases), sure, run) if checked.texts else checked.line
            for checked in portion
        ]


async def _judged(checked: CheckedLine, case: Case, sure: float, run: Runner) -> JudgedText:
    answered = await answer(case, sure=sure, explain=False, run=run)
    if checked.apart:
        answered = checked.apart.restored(answered)
    return structs.replace(
        checked.line,
        verdict=answered.verdict,
        none=answered.none,
        ranking=answered.ranking,
        outgrown=case.fitted.is_outgrown,
        heads=answered.heads or [],
    )
