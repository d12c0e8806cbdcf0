"""Many texts judged one by one: lines in, lines out."""

import asyncio
import codecs
import csv
import functools
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.compute.judgement import SURE, Verdict
from app.db.engine import Database
from app.errors import AppError, InvalidInputError
from app.formats.columns import columns_of
from app.services.compare.answering import RankedAuthor, answer
from app.services.compare.contenders import comparable_text
from app.services.compare.material import Material, Models, gather_each
from app.tasks import worked_on

AT_ONCE: Final = 20
"""Texts for which the authors are read together."""


class GivenText(msgspec.Struct, forbid_unknown_fields=False):
    """A line of a batch; the answer repeats its `id`."""

    text: Annotated[
        str, Meta(description="A text to judge, with letters, at most 25,000 characters.")
    ]
    id: Annotated[str | int | None, Meta(description="Comes back with the answer.")] = None


class JudgedText(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer for one line; `error` if it could not be judged."""

    line: Annotated[int, Meta(description="The line's number, from 1.")]
    id: Annotated[str | int | None, Meta(description="As given, or null.")]
    verdict: Annotated[
        Verdict | msgspec.UnsetType, Meta(description="likely, close, unfamiliar or short.")
    ] = msgspec.UNSET
    none: Annotated[
        float | msgspec.UnsetType | None,
        Meta(description="Probability that somebody else wrote it."),
    ] = msgspec.UNSET
    ranking: Annotated[
        list[RankedAuthor],
        Meta(description="The likeliest first; the first 20 where no author is named."),
    ] = []
    error: Annotated[
        str, Meta(description="Why the line could not be judged; only where it could not.")
    ] = ""


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A line of a batch and its number; without a text if it could not be read."""

    line: int
    given: GivenText | None
    error: str = ""


def json_texts(lines: Iterable[bytes]) -> Iterator[BatchLine]:
    """Yield the texts of JSON lines, without blank lines."""
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip():
            continue
        try:
            yield BatchLine(number, msgspec.json.decode(line, type=GivenText))
        except (ValueError, RecursionError) as error:
            yield BatchLine(number, None, f"not a text: {error}")


def plain_texts(lines: Iterable[str]) -> Iterator[BatchLine]:
    """Yield a text for each line that is not blank."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield BatchLine(number, GivenText(line.strip()))


def csv_texts(lines: Iterable[str]) -> Iterator[BatchLine]:
    """Yield the texts of a CSV file with a heading. Raises InvalidInputError without a column."""
    reader = csv.DictReader(lines)
    column = columns_of(tuple(reader.fieldnames or ())).text
    if column is None:
        raise InvalidInputError("The CSV file needs a column named text", loc="file")
    for row in reader:
        yield BatchLine(reader.line_num, GivenText(row[column] or "", row.get("id")))


@dataclass(frozen=True, slots=True)
class Panel:
    """The authors among whom many texts are judged, each portion by the state at its turn."""

    db: Database
    models: Models
    usernames: Sequence[str]
    sure: float = SURE

    async def judge(self, lines: Iterable[BatchLine]) -> AsyncIterator[list[JudgedText]]:
        """Yield the answers in the order of the lines, a portion at a time."""
        numbered = iter(lines)
        # In a thread, since a million blank lines may come before the next text.
        while some := await asyncio.to_thread(lambda: list(islice(numbered, AT_ONCE))):
            texts: list[str | JudgedText] = await worked_on(
                (line.given.text for line in some if line.given is not None),
                functools.partial(list, map(text_or_error, some)),
            )
            questions = [[text] for text in texts if isinstance(text, str)]
            try:
                async with self.db.read() as session:
                    found = await gather_each(session, self.models, questions, self.usernames)
            except AppError as error:  # The authors were deleted meanwhile.
                yield [_failed(line, error) for line in some]
                continue
            materials = iter(found)
            yield [
                await self._judged(line, next(materials)) if isinstance(text, str) else text
                for line, text in zip(some, texts, strict=True)
            ]

    async def _judged(self, line: BatchLine, material: Material) -> JudgedText:
        answered = await answer(material, sure=self.sure, explain=False)
        await asyncio.sleep(0)  # Other requests need the processor too.
        given = line.given.id if line.given else None
        return JudgedText(line.line, given, answered.verdict, answered.none, answered.ranking)


async def open_panel(
    db: Database, models: Models, usernames: Sequence[str], sure: float = SURE
) -> Panel:
    """Return the panel of the authors named, or of all that have posts.

    Raises NotFoundError and InvalidInputError.
    """
    async with db.read() as session:
        await gather_each(session, models, [], usernames)
    return Panel(db, models, usernames, sure)


def text_or_error(line: BatchLine) -> str | JudgedText:
    """Return the text of a line as it is judged, or the answer that says why it cannot be."""
    if line.given is None:
        return JudgedText(line.line, None, error=line.error)
    try:
        return comparable_text(line.given.text)
    except InvalidInputError as error:
        return _failed(line, error)


def _failed(line: BatchLine, error: AppError) -> JudgedText:
    return JudgedText(line.line, line.given.id if line.given else None, error=error.detail)
