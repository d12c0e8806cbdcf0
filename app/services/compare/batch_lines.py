"""Many texts: each judged by itself, or all as texts by one hand; and what they say together."""

import asyncio
import codecs
import csv
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

import msgspec
from msgspec import structs

from app.db.engine import Database
from app.errors import AppError, InvalidInputError, fault_of
from app.runtime.work_pool import Runner
from app.services.compare.comparing import answer, cases_of
from app.services.compare.habits import Models
from app.services.compare.stored_texts import add_stored
from saywho.comparing.copied_texts import MOST_TEXTS, TakenApart
from saywho.comparing.question import Question, check_belief, comparable_texts, messages_of
from saywho.comparing.verdict import Comparison, KnownPost, MessageHead, RankedAuthor, StoredPost
from saywho.engine.case import Case
from saywho.engine.judgement import SURE, Verdict
from saywho.formats.tables.columns import file_columns_of

LineId = str | int | None


class GivenText(msgspec.Struct, forbid_unknown_fields=True):
    """A line of a batch; the answer repeats its `id`."""

    text: str
    """Text with letters, at most 25,000 characters."""
    id: LineId = None
    """Returned with the answer."""


class FileText(GivenText, forbid_unknown_fields=False):
    """A line of a file, which may have more fields, as exports do."""


class BadLine(NamedTuple):
    error: str
    id: LineId = None


class Summary(msgspec.Struct, frozen=True):
    """The result of all lines of a table together."""

    judged: int
    """Number of lines with a verdict but `short`."""
    share: float | None
    """Given share of the lines by the author; null without one."""
    likely: int
    """Number of lines called likely."""
    wrong_expected: float
    """Number of these that are not by the author called likely, if the probabilities hold. It is
    too low where somebody who writes like the author wrote lines.
    """
    verdicts: dict[Verdict, int]


class JudgedText(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer for a line; `error` if it was not judged. The last line may have `summary`."""

    line: int | msgspec.UnsetType = msgspec.UNSET
    id: LineId | msgspec.UnsetType = msgspec.UNSET
    read_in: list[StoredPost] = []
    """A post with exactly this text by each author who has one, compared or not."""
    known: list[KnownPost] = []
    """The newest three posts with exactly this text."""
    verdict: Verdict | msgspec.UnsetType = msgspec.UNSET
    none: float | msgspec.UnsetType | None = msgspec.UNSET
    taken_for_granted: bool = False
    """Whether `sure` is 1."""
    ranking: list[RankedAuthor] = []
    outgrown: bool = False
    """See `outgrown` in the model of an answer."""
    heads: list[MessageHead] = []
    """Heads of messages that were copied from a chat."""
    error: str = ""
    lines: int = 0
    """Number of lines that were judged as one hand's."""
    summary: Summary | msgspec.UnsetType = msgspec.UNSET
    """The lines together."""


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
    with suppress(ValueError, RecursionError):
        raw = msgspec.json.decode(line, type=dict[str, msgspec.Raw]).get("id")
        return msgspec.json.decode(raw, type=LineId) if raw else None
    return None


def plain_texts(lines: Iterable[str]) -> Iterator[BatchLine]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, GivenText(line.strip())


def csv_columns(lines: Iterable[str]) -> tuple[Sequence[str], str]:
    """Return the columns of a CSV file, and that of its texts by its name, or empty.

    Raises InvalidInputError for too many columns.
    """
    with suppress(csv.Error):
        names = tuple(filter(None, _heading(csv.DictReader(lines))))
        return names, file_columns_of(names).text or ""
    return (), ""


MOST_COLUMNS: Final = 200


def _heading(reader: "csv.DictReader[str]") -> Sequence[str]:
    names = reader.fieldnames or ()
    if len(names) > MOST_COLUMNS:
        raise InvalidInputError(
            "A table may have at most {count} columns", loc="lines", count=MOST_COLUMNS
        )
    return names


def csv_texts(lines: Iterable[str], column: str = "") -> Iterator[BatchLine]:
    """Yield texts of a CSV file with a heading; column: that of the texts, else found by its name.

    Raises InvalidInputError without such a column.
    """
    reader = csv.DictReader(lines)
    with suppress(csv.Error):
        names = tuple(_heading(reader))
        column = column or file_columns_of(names).text or ""
        if column and column not in names:
            raise InvalidInputError(
                "The CSV file has no column “{column}”", loc="column", column=column
            )
    if not column:
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


class JudgedLine(NamedTuple):
    checked: CheckedLine
    judged: JudgedText
    comparison: Comparison | None = None
    """None for an error."""


Portion = list[JudgedLine] | Summary


class BatchOptions(NamedTuple):
    """How many texts are asked about."""

    sure: float = SURE
    share: float | None = None
    """Share of the texts by the only named author, in the place of `sure`."""
    is_one_hand: bool = False
    """Whether one person wrote them all."""


DEFAULT: Final = BatchOptions()
SURE_BOUNDS: Final = (0.01, 0.99)


def parse_share(share: str) -> float | None:
    """Return a share as it was written. Raises InvalidInputError."""
    if not share:
        return None
    with suppress(ValueError):
        if SURE_BOUNDS[0] <= (number := float(share)) <= SURE_BOUNDS[1]:
            return number
    raise InvalidInputError(
        "Give a share from 0.01 to 0.99; it is no longer estimated", loc="share"
    )


async def judge_lines(
    db: Database,
    models: Models,
    usernames: Sequence[str],
    lines: Iterable[CheckedLine],
    together: BatchOptions = DEFAULT,
    run: Runner = asyncio.to_thread,
) -> AsyncIterator[Portion]:
    """Return answers in order, each by the state at its turn; last a summary, with a share or one
    author named. Raises NotFoundError and InvalidInputError.
    """
    check_belief(together.sure, usernames)
    async with db.read() as session:
        await cases_of(session, models, [], usernames)
    judge = partial(_portions, db, models, usernames, run)
    return _judged_together(judge, lines, together, run, has_summary=len(usernames) == 1)


Judge = Callable[[Iterator[CheckedLine], float], AsyncIterator[list[JudgedLine]]]


async def _judged_together(
    judge: Judge,
    lines: Iterable[CheckedLine],
    together: BatchOptions,
    run: Runner,
    *,
    has_summary: bool,
) -> AsyncIterator[Portion]:
    if together.is_one_hand:
        lines = await run(_as_one, lines)
    sure = together.sure if together.share is None else together.share
    verdicts, wrong = Counter[Verdict](), 0.0
    async for portion in judge(iter(lines), sure):
        answers = [row.comparison for row in portion if row.comparison]
        verdicts.update(each.verdict for each in answers)
        wrong += sum(1 - chance_of_first(each) for each in answers if each.verdict == "likely")
        yield portion
    if has_summary or together.share is not None:
        yield Summary(
            sum(verdicts.values()) - verdicts["short"],
            together.share,
            verdicts["likely"],
            round(wrong, 2),
            dict(verdicts),
        )


def answered_lines(portion: Portion) -> list[JudgedText]:
    """Return the lines of a portion as the API and the command write them, if it has any."""
    if isinstance(portion, Summary):
        return [JudgedText(summary=portion)]
    return [row.judged for row in portion]


def chance_of_first(comparison: Comparison) -> float:
    """Return the probability of the likeliest author, given that it may be someone else."""
    return chance_among(comparison, comparison.ranking[0])


def chance_among(comparison: Comparison, author: RankedAuthor) -> float:
    """Return the probability of an author, given that it may be someone else."""
    return (1 - (comparison.none or 0.0)) * author.probability


def _as_one(lines: Iterable[CheckedLine]) -> list[CheckedLine]:
    """Return a line of all texts, by one hand, after the lines that are errors."""
    errors, texts, count = list[CheckedLine](), list[str](), 0
    for checked in lines:
        if checked.texts:
            texts += checked.texts
            count += 1
        else:
            errors.append(checked)
    if not texts:
        return errors
    # More texts than one hand may have are joined in order.
    size = -(-len(texts) // MOST_TEXTS)
    joined = ["\n".join(texts[at : at + size]) for at in range(0, len(texts), size)]
    line = JudgedText(1, None, lines=count)
    try:
        return [*errors, CheckedLine(line, comparable_texts(joined))]
    except InvalidInputError as error:
        return [*errors, CheckedLine(structs.replace(line, error=str(error.detail)))]


async def _portions(
    db: Database,
    models: Models,
    usernames: Sequence[str],
    run: Runner,
    lines: Iterator[CheckedLine],
    sure: float,
) -> AsyncIterator[list[JudgedLine]]:
    at_once = 20  # Texts for which the authors are read together.
    # By `run`, since a million blank lines may come before the next text.
    while portion := await run(lambda: list(islice(lines, at_once))):
        try:
            async with db.read() as session:
                questions = [Question(checked.texts) for checked in portion if checked.texts]
                cases = await cases_of(session, models, questions, usernames, run=run)
        except AppError as error:  # The authors were deleted meanwhile.
            detail = str(error.detail)
            yield [
                JudgedLine(checked, structs.replace(checked.line, error=detail))
                for checked in portion
            ]
            continue
        judged = [(case, await answer(case, sure=sure, explain=False, run=run)) for case in cases]
        async with db.read() as session:
            known = iter([(case, await add_stored(session, case, each)) for case, each in judged])
        yield [
            _judged(checked, *next(known)) if checked.texts else JudgedLine(checked, checked.line)
            for checked in portion
        ]


def _judged(checked: CheckedLine, case: Case, answered: Comparison) -> JudgedLine:
    if checked.apart:
        answered = checked.apart.restored(answered)
    judged = structs.replace(
        checked.line,
        read_in=answered.read_in or [],
        known=answered.known or [],
        verdict=answered.verdict,
        none=answered.none,
        taken_for_granted=answered.taken_for_granted is True,
        ranking=answered.ranking,
        outgrown=case.fitted.is_outgrown,
        heads=answered.heads or [],
    )
    return JudgedLine(checked, judged, answered)
