"""Many texts in one table: the form, the answers, and the same as CSV."""

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextvars import Context, copy_context
from pathlib import PurePath
from typing import Final, Literal, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup
from msgspec import Struct, structs
from quart import Response, g, request, url_for
from quart.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from app.errors import AppError, InvalidInputError
from app.language.i18n import gettext, gettext_noop, show_number
from app.lifespan import resources
from app.paths import LONGEST_ADDRESS
from app.services.compare.batch_lines import (
    BatchLine,
    BatchOptions,
    FileText,
    JudgedLine,
    LineId,
    Portion,
    Summary,
    chance_among,
    chance_of_first,
    checked_lines,
    csv_columns,
    csv_texts,
    json_texts,
    judge_lines,
    parse_share,
    plain_texts,
)
from app.services.posts.users import outgrown_samples
from app.views.answers import attachment, streamed, while_readable
from app.views.author_picker import OfferedPeople, given_names, offer_people, with_people
from app.views.blueprints import CSV, Form, PageBlueprint
from app.views.cast import bound
from app.views.comparing.api import MOST_LINES
from app.views.comparing.verdicts import stored_of, summary_sentences, why_short, writers_of
from app.views.page import FormPage, cast_on, render, render_form
from saywho.comparing.verdict import Comparison
from saywho.engine.judgement import Verdict
from saywho.formats.tables.csv import written_table

blueprint = PageBlueprint("tables", policy="read")

SHARES: Final = ("0.1", "0.25", "0.5", "0.75", "0.9")
"""Choices of how many lines are the author's; the first calls the fewest likely by mistake."""
VERDICTS: Final[dict[Verdict, str]] = {
    "likely": gettext_noop("likely"),
    "close": gettext_noop("open"),
    "unfamiliar": gettext_noop("someone else"),
    "short": gettext_noop("not judged"),
}
MOST_AUTHORS: Final = 6
"""Authors with a column each."""
Kind = Literal["lines", "csv", "jsonl"]
KINDS: Final[dict[str, Kind]] = {"csv": "csv", "jsonl": "jsonl", "ndjson": "jsonl"}
"""By the ending of a file's name; another file has a text in each line."""


class TableRow(Struct, frozen=True):
    line: int
    label: str
    """The line's id, or else its number."""
    id: LineId
    texts: Sequence[str]
    comparison: Comparison | None
    error: str
    names: Sequence[str]
    """Authors that were asked about; none for all."""

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    @property
    def known(self) -> tuple[str, int] | None:
        """Who wrote exactly this text, and the id of a post; None for a new text."""
        stored = stored_of(self.comparison) if self.comparison else None
        return (stored, writers_of(self.comparison)[0].id) if self.comparison and stored else None

    @property
    def is_judged(self) -> bool:
        return self.comparison is not None and self.comparison.none is not None

    @property
    def username(self) -> str:
        """The likeliest author."""
        return self.comparison.ranking[0].username if self.comparison else ""

    @property
    def people(self) -> list[str]:
        """The likeliest author, and those of posts with exactly this text."""
        return [self.username, *(self.comparison.read_of or ())] if self.comparison else []

    @property
    def chance(self) -> float:
        return chance_of_first(self.comparison) if self.comparison and self.is_judged else 0.0

    @property
    def chances(self) -> dict[str, float]:
        """The probability of each author who was asked about."""
        if self.comparison is None or not self.is_judged:
            return {}
        ranking = self.comparison.ranking
        return {each.username: chance_among(self.comparison, each) for each in ranking}

    @property
    def verdict(self) -> str:
        return gettext(VERDICTS[self.comparison.verdict]) if self.comparison else ""

    @property
    def why_not(self) -> str:
        """Why the line says little."""
        comparison = self.comparison
        if comparison is None:
            return self.error
        if stored := stored_of(comparison):
            return stored
        if comparison.nothing_like in {"letters", "language"} or (
            "other_language" in comparison.limits
        ):
            return gettext("another language")
        if comparison.none is None and "unknown_language" in comparison.limits:
            return gettext("too few other people of the language are known")
        if comparison.verdict == "short":
            return why_short(comparison)
        return ""

    @property
    def address(self) -> str:
        """Address of the full answer; empty for a text that no address may hold."""
        if not self.texts:
            return ""
        pairs = [
            *(("text", text) for text in self.texts),
            *(("username", name) for name in self.names),
        ]
        address = f"{url_for('compare.show_compare')}?{urlencode(pairs)}"
        return address if len(address) <= LONGEST_ADDRESS else ""


class ManyTextsPage(FormPage, frozen=True, kw_only=True):
    template = "tables/table.html"
    is_long = True

    offer: OfferedPeople
    given: str = ""
    """The question, as it is sent again."""
    kind: Kind = "lines"
    columns: Sequence[str] = ()
    """Columns of a CSV table."""
    column: str = ""
    """The column of the texts; empty if it is not chosen and no name tells."""
    share: str = SHARES[0]
    is_one_hand: bool = False
    progress: str = ""
    """Place of the progress in a page that is sent while the lines are judged; else empty."""
    rows: Sequence[TableRow] = ()
    summary: Summary | None = None
    most: int = MOST_LINES
    shares: Sequence[str] = SHARES

    @property
    def sentences(self) -> list[str]:
        return summary_sentences(self.summary) if self.summary else []

    @property
    def verdicts(self) -> list[tuple[str, int]]:
        counted = [row.comparison.verdict for row in self.rows if row.comparison]
        return [
            (gettext(word), counted.count(verdict))
            for verdict, word in VERDICTS.items()
            if verdict in counted
        ]

    @property
    def is_of_several(self) -> bool:
        return len(self.offer.chosen) != 1

    @property
    def each_author(self) -> Sequence[str]:
        """Authors with a column each."""
        return columns_of_authors(self.offer.chosen)


@blueprint.get("/compare/table")
async def show_table_form() -> ResponseReturnValue:
    return await render_form(
        ManyTextsPage(offer=await _offer(given_names(request.args.getlist("username"))))
    )


@blueprint.post("/compare/table")
async def post_table(form: Form) -> ResponseReturnValue:
    """Judge each line, or all as one person's; as a page or as CSV."""
    names = given_names(form.getlist("username"))
    share = form.get("share", SHARES[0])
    kind = KINDS.get(form.get("kind", ""), "lines")
    given, is_one_hand = form.get("lines", ""), "one_hand" in form
    error: AppError | None = None
    judging: TableRun | None = None
    columns, column = tuple[str, ...](), ""
    try:
        if "room" in form:
            async with resources().db.read() as session:
                names = await with_people(session, names, form.getlist("room"))
        if file := (await request.files).get("file"):
            kind, given = await _read_file(file, kind, given)
        if g.account is None:
            resources().open_batches.take()
        if kind == "csv":
            chosen = form.get("column", "")
            columns, column = await resources().work_pool.run(_columns, given, chosen)
        # A share is of one author.
        together = BatchOptions(
            share=parse_share(share) if len(names) == 1 and not is_one_hand else None,
            is_one_hand=is_one_hand,
        )
        judging = await _judging(given, kind, column, names, together)
        if form.get("as") == "csv":
            rows, summary = await _judged(judging, names)
            with bound(await cast_on(rows)):
                return _as_csv(rows, summary, columns_of_authors(names))
    except AppError as failure:
        error = failure.with_traceback(None)
    page = ManyTextsPage(
        offer=await _offer(names),
        given=given,
        kind=kind,
        columns=columns,
        column=column,
        share=share,
        is_one_hand=is_one_hand,
        error=error,
        about=names,
    )
    if judging is None or error:
        return await render_form(page)
    page = structs.replace(page, progress=PROGRESS)
    begin, _ = (await render(page)).split(PROGRESS)
    headers = {"Content-Type": "text/html; charset=utf-8", "X-Accel-Buffering": "no"}
    # The rest is made when the request has ended, in what is then left of it.
    pieces = _sent(page, begin, judging, copy_context())
    return streamed(while_readable(pieces), headers)


PROGRESS: Final = "<!-- progress -->"


async def _sent(
    page: ManyTextsPage, begin: str, judging: "TableRun", context: Context
) -> AsyncGenerator[bytes, None]:
    yield begin.encode()
    names, rows, summary, error = page.offer.chosen, list[TableRow](), None, page.error
    try:
        async for portion in judging.portions:
            if isinstance(portion, Summary):
                summary = portion
                continue
            rows += [_row_of(row, names) for row in portion]
            if not page.is_one_hand:
                yield context.run(_progress, len(rows), judging.lines).encode()
    except AppError as failure:
        rows, error = [], failure.with_traceback(None)
    about = [*dict.fromkeys([*names, *(name for row in rows for name in row.people)])]
    page = structs.replace(page, rows=rows, summary=summary, error=error, about=about)
    whole = await asyncio.create_task(render(page), context=context)
    yield whole.split(PROGRESS)[1].encode()


def _progress(done: int, lines: int) -> str:
    told = gettext("{done} of {lines} lines judged").format(
        done=show_number(done), lines=show_number(lines)
    )
    bar = Markup('<progress max="1" value="{}" aria-hidden="true"></progress>')
    return Markup('<p class="long-work">{} <span>{}</span></p>\n').format(
        bar.format(round(done / lines, 3)), told
    )


async def _offer(names: Sequence[str]) -> OfferedPeople:
    async with resources().db.read() as session:
        return await offer_people(session, names, await outgrown_samples(session))


async def _read_file(file: FileStorage, kind: Kind, given: str) -> tuple[Kind, str]:
    content = file.read()
    if not content.strip():
        return kind, given
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInputError("The file is not UTF-8; save it as UTF-8", loc="file") from None
    return KINDS.get(PurePath(file.filename or "").suffix.lower()[1:], "lines"), text


def _columns(given: str, chosen: str) -> tuple[tuple[str, ...], str]:
    names, named = csv_columns(io.StringIO(given, newline=""))
    return tuple(names), chosen if chosen in names else named


def columns_of_authors(names: Sequence[str]) -> Sequence[str]:
    """Return the authors with a column each: a few of several."""
    return names if 1 < len(names) <= MOST_AUTHORS else ()


def _lines(given: str, kind: Kind, column: str) -> Iterator[BatchLine]:
    if kind == "csv":
        return csv_texts(io.StringIO(given, newline=""), column)
    if kind == "jsonl":
        return json_texts(given.encode("utf-8", "surrogatepass").splitlines(), FileText)
    return plain_texts(given.splitlines())


class TableRun(NamedTuple):
    lines: int
    portions: AsyncIterator[Portion]


async def _judging(
    given: str, kind: Kind, column: str, names: Sequence[str], together: BatchOptions
) -> TableRun:
    """Begin to judge lines. Raises InvalidInputError and NotFoundError."""
    parts = resources()
    lines: list[BatchLine] = await parts.work_pool.run(lambda: list(_lines(given, kind, column)))
    if not lines:
        raise InvalidInputError("Give at least one line", loc="lines")
    if len(lines) > MOST_LINES:
        raise InvalidInputError(
            "A table may have at most {count} lines", loc="lines", count=f"{MOST_LINES:,}"
        )
    judged = await judge_lines(
        parts.db, parts.models, names, checked_lines(lines), together, parts.work_pool.run
    )
    return TableRun(len(lines), judged)


async def _judged(judging: TableRun, names: Sequence[str]) -> tuple[list[TableRow], Summary | None]:
    rows, summary = list[TableRow](), None
    async for portion in judging.portions:
        if isinstance(portion, Summary):
            summary = portion
        else:
            rows += [_row_of(row, names) for row in portion]
    return rows, summary


def _row_of(row: JudgedLine, names: Sequence[str]) -> TableRow:
    judged = row.judged
    line = judged.line if isinstance(judged.line, int) else 0
    given = judged.id if isinstance(judged.id, str | int) else None
    label = str(line if given is None else given)
    return TableRow(line, label, given, row.checked.texts, row.comparison, judged.error, names)


COLUMNS: Final = (
    *("line", "id", "text", "verdict", "username", "probability", "none", "log10_lr", "bound"),
    *("words", "needed", "share", "why_not"),
)


def _as_csv(rows: Iterable[TableRow], summary: Summary | None, authors: Sequence[str]) -> Response:
    share = summary.share if summary else None
    table = [
        (*COLUMNS, *(f"probability of {name}" for name in authors)),
        *((*_cells(row, share), *_chances(row, authors)) for row in rows),
    ]
    return Response(
        written_table(table),
        content_type=f"{CSV}; charset=utf-8; header=present",
        headers=attachment("table.csv"),
    )


def _chances(row: TableRow, authors: Sequence[str]) -> Iterator[float | str]:
    for name in authors:
        yield round(row.chances[name], 4) if name in row.chances else ""


def _cells(row: TableRow, share: float | None) -> tuple[object, ...]:
    comparison = row.comparison
    if comparison is None:
        empty = ("",) * 9
        return (row.line, row.id, row.text, *empty, row.error)
    first = comparison.ranking[0]
    return (
        row.line,
        row.id,
        row.text,
        comparison.verdict,
        first.username,
        round(row.chance, 4) if row.is_judged else None,
        comparison.none if comparison.none is None else round(comparison.none, 4),
        first.log10_lr if first.log10_lr is None else round(first.log10_lr, 3),
        first.bound,
        comparison.words,
        comparison.needed,
        share if share is None else round(share, 3),
        row.why_not,
    )
