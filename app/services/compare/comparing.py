"""Comparisons as requests ask for them: gathered, judged, and with reasons; or many texts at once.

Compared authors stay in memory until an event concerns them; others are read once for all
comparisons that wait. Of a batch each text is judged by itself: lines in, lines out.
"""

import asyncio
import codecs
import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, starmap
from typing import Annotated, Final

import msgspec
from msgspec import Meta, structs

from app.compute.case import RATED, Case, Suspect
from app.compute.gaps import Gap
from app.compute.judgement import SURE, Verdict
from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.db.feed import Feed
from app.errors import AppError, InvalidInputError
from app.formats.file_columns import file_columns_of
from app.memo import DERIVED, Memo
from app.services.compare.answering import Comparison, RankedAuthor, add_reasons, answer
from app.services.compare.cases import (
    Models,
    check_words,
    choose,
    comparable_texts,
    gather,
    gather_each,
    judged_parts,
    load_suspects,
    with_habits,
)
from app.services.compare.question import Question
from app.services.compare.years import YearStore, read_years, with_years
from app.services.posts.users import find_rows
from app.tasks import Runner, worked_on

MOST_READ: Final = 20
"""Comparisons whose authors are read in one session."""
MOST_NAMES: Final = 10
"""A comparison of more authors reads them in a session of its own, unless all are in memory."""
MOST_WAITING: Final = 1_000
KEPT_BYTES: Final = 48 * 1024 * 1024
"""Of authors' counts, most of which the store of profiles keeps too."""
TIMEOUT_S: Final = 30
AT_ONCE: Final = 20
"""Texts of a batch for which the authors are read together."""


class Comparer:
    """One process's comparisons of authors.

    Every acknowledged post counts. On SQLite, where each commit is seen at once
    (`Feed.commit_number`), the next comparisons of authors by name need nothing of the database
    until something is committed: 1.0 ms of processor time instead of 4.8 alone, and 0.9 instead of
    1.3 where 16 come together. On PostgreSQL each asks it whether what is in memory still holds.
    """

    def __init__(
        self, db: Database, feed: Feed, models: Models, run_long: Runner = asyncio.to_thread
    ) -> None:
        """run_long: does what long texts need, where no other comparison waits for it."""
        self._db = db
        self._feed = feed
        self._models = models
        self._run_long = run_long
        self._years = YearStore(db, feed)
        self._reading: Batch[tuple[str, ...], Case] = Batch(
            self._read, max_size=MOST_READ, max_waiting=MOST_WAITING, timeout_s=TIMEOUT_S
        )
        self._suspects: Memo[Suspect] = Memo(
            feed, KEPT_BYTES, lambda suspect: suspect.profile.size_bytes
        )
        self._commit_number: int | None = None
        """The feed's when the database was read last."""

    async def close(self) -> None:
        await self._reading.close()

    async def ask(self, question: Question) -> Comparison:
        """Return the answer.

        Raises NotFoundError, InvalidInputError, and UnavailableError while years are asked about
        and the log cannot be read.
        """
        case = await self.gather(question)
        run = self._run_long if question.is_long else None
        comparison = await answer(case, sure=question.sure, explain=question.explain, run=run)
        if question.reasons and comparison.evidence:
            async with self._db.read() as session:
                comparison = await add_reasons(session, case, comparison, run or asyncio.to_thread)
        if not question.years:
            return comparison
        counted = await self._years.load(case.suspects[0].id, case.fitted)
        return await with_years(comparison, case, counted, question, run or asyncio.to_thread)

    async def gather(self, question: Question) -> Case:
        """Return what the answer rests on. Raises as `ask` does."""
        usernames = question.suspects
        if question.hidden_post is not None or not 0 < len(usernames) <= RATED:
            run = self._run_long if question.is_long else asyncio.to_thread
            async with self._db.read() as session:
                return await gather(session, self._models, question, run)
        comparable, gaps = await worked_on(question.texts, partial(judged_parts, question))
        if case := await self._find(usernames, comparable, gaps):
            return case
        return replace(await self._load(tuple(usernames)), texts=comparable, gaps=gaps)

    async def _find(
        self, usernames: Sequence[str], texts: Sequence[str], gaps: Sequence[Gap]
    ) -> Case | None:
        """Return the case if all of it is in memory and as it is in the database."""
        if not await self._feed.catch_up() or self._feed.commit_number is None:
            return None
        fitted = self._models.backgrounds.newest
        # After a commit there may be a new background.
        if fitted is None or self._feed.commit_number != self._commit_number:
            return None
        remembered = [self._suspects.find(username_key(name)) for name in usernames]
        suspects = [suspect for suspect in remembered if suspect is not None]
        if len({suspect.id for suspect in suspects}) < len(usernames):
            return None
        check_words(suspects)
        return Case(texts, suspects, fitted, gaps=gaps, as_of_event=self._feed.newest)

    async def _load(self, usernames: tuple[str, ...]) -> Case:
        """Return the case as the database has it. Raises as a comparison does."""
        if len(usernames) <= MOST_NAMES:
            return await self._reading(usernames)
        (case,) = await self._read([usernames])
        if isinstance(case, Exception):
            raise case
        return case

    async def _read(self, requested: Sequence[tuple[str, ...]]) -> list[Case | Exception]:
        commit, began = self._feed.commit_number, self._suspects.time
        async with self._db.read() as session:
            users = await find_rows(
                session, [name for usernames in requested for name in usernames]
            )
            case = await load_suspects(session, self._models, list(users.values()), is_named=True)
            case = await with_habits(session, self._models, case)
        self._commit_number = commit
        suspects = {suspect.id: suspect for suspect in case.suspects}
        for key, user in users.items():
            if user.tweet_count and commit is not None:
                self._suspects.put(key, suspects[user.id], (user.id, DERIVED), began=began)
        results: list[Case | Exception] = []
        for names in requested:
            try:
                chosen = [suspects[user.id] for user in choose(names, users)]
                check_words(chosen)
                results.append(replace(case, suspects=chosen))
            except AppError as error:
                results.append(error)
        return results


async def ask_once(db: Database, question: Question) -> Comparison:
    """Return the answer of a process that is asked once. Raises as `Comparer.ask` does."""
    async with db.read() as session:
        case = await gather(session, Models(), question)
        comparison = await answer(case, sure=question.sure, explain=question.explain)
        if question.reasons:
            comparison = await add_reasons(session, case, comparison)
    if not question.years:
        return comparison
    counted = await read_years(db, case.suspects[0].id, case.fitted)
    return await with_years(comparison, case, counted, question)


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
    outgrown: Annotated[bool, Meta(description="As in the model of an answer.")] = False
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
    column = file_columns_of(tuple(reader.fieldnames or ())).text
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
    run: Runner = asyncio.to_thread,
) -> AsyncIterator[list[JudgedText]]:
    """Return the answers in the order of the lines, a portion at a time.

    The authors are those named, or all that have posts; each portion is judged by the state at its
    turn, by `run`. Raises NotFoundError and InvalidInputError.
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
    # By `run`, since a million blank lines may come before the next text.
    while portion := await run(lambda: list(starmap(_checked, islice(lines, AT_ONCE)))):
        try:
            async with db.read() as session:
                questions = [texts for _, texts in portion if texts]
                cases = iter(await gather_each(session, models, questions, usernames, run))
        except AppError as error:  # The authors were deleted meanwhile.
            yield [structs.replace(line, error=str(error.detail)) for line, _ in portion]
            continue
        yield [
            await _judged(line, next(cases), sure, run) if texts else line
            for line, texts in portion
        ]


def _checked(number: int, line: GivenText | str) -> tuple[JudgedText, tuple[str, ...]]:
    """Return the answer for a line as far as it is known, and its text, none with an error."""
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
