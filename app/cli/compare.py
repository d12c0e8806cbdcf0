"""`saywho compare`: which author, or someone else, would have said a text."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from app.cli import authors_option, with_database
from app.cli.outputs import BAD_INPUT, fail, json_option, print_json, print_result, say
from app.config import Config
from app.errors import AppError

if TYPE_CHECKING:
    from app.db.engine import Database
    from app.services.compare.batch_lines import BatchLine, BatchOptions
    from app.views.cast import Cast
    from saywho.comparing.verdict import Comparison
    from saywho.text import Gap


def _number(_context: click.Context, _option: click.Parameter, sure: float) -> float:
    if math.isnan(sure):  # click accepts NaN in any range.
        raise click.BadParameter("nan is not a number")
    return sure


sure_option = click.option(
    "--sure",
    type=click.FloatRange(0.01, 1),
    callback=_number,
    default=0.5,
    show_default=True,
    help="Starting belief that one of the authors wrote the text; 1: nobody else did.",
)
file_option = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True),
    help="Read texts from a file: one a line, JSON lines (.jsonl), or a CSV column text (.csv).",
)


def _gaps(_context: click.Context, _option: click.Parameter, pieces: tuple[str, ...]) -> list[Gap]:
    import msgspec

    from app.views.requests import Piece, gaps_of

    try:
        return gaps_of(msgspec.convert(pieces, list[Piece]))
    except msgspec.ValidationError:
        message = "a piece is START-END, such as 4-9, in characters counted from 0"
        raise click.BadParameter(message) from None


without_option = click.option(
    "--without",
    metavar="START-END",
    multiple=True,
    callback=_gaps,
    help="Leave out a piece of the text, by characters, such as 4-9; repeatable.",
)


def _text_column(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    role, _, name = (value or "").partition("=")
    if value is not None and (role.strip() != "text" or not name.strip()):
        raise click.BadParameter("write the column as text=NAME")
    return name.strip()


@click.command(
    "compare", epilog="Example: saywho compare -u alice -u bob 'See you at the lighthouse'"
)
@click.argument("texts", metavar="TEXT…", nargs=-1)
@authors_option("An author to compare; repeatable (default: all authors).")
@sure_option
@file_option
@without_option
@click.option(
    "--keep-heads", is_flag=True, help="Judge the names and times in front of copied messages, too."
)
@click.option(
    "--person",
    metavar="NAME",
    default="",
    help="Judge only the messages by this person, of several in a copied chat.",
)
@click.option(
    "--share",
    metavar="SHARE",
    help="Share of the texts of a file by the author, from 0.01 to 0.99, in the place of --sure.",
)
@click.option(
    "--one-hand", is_flag=True, help="One person wrote all texts of the file: give one answer."
)
@click.option(
    "--column",
    metavar="text=NAME",
    callback=_text_column,
    help="Column of a CSV file with the texts (default: found by its name).",
)
@json_option
@click.pass_context
def compare_command(
    context: click.Context,
    /,
    texts: tuple[str, ...],
    usernames: tuple[str, ...],
    path: Path | None,
    share: str | None,
    one_hand: bool,
    **options: Any,
) -> None:
    """Find who would have said TEXT.

    The answer is one of the authors, or someone else. Several TEXTs are taken as written by the
    same person. With a single author, the question is whether that author wrote it. Use - as TEXT
    to read standard input.
    """
    from app.services.compare.batch_lines import BatchOptions, parse_share
    from app.services.compare.comparing import ask_once
    from app.views.cast import bound, cast_of_usernames
    from saywho.comparing.question import Question

    if bool(texts) == (path is not None):
        raise click.UsageError("Give either TEXT or --file FILE.")
    if path is not None and options["without"]:
        raise click.UsageError("--without cannot be used with --file.")
    if path is not None and options["person"]:
        raise click.UsageError("--person cannot be used with --file.")
    column = options.pop("column")
    if path is None and (share is not None or one_hand or column):
        raise click.UsageError("--share, --one-hand and --column need --file.")
    heads = not options.pop("keep_heads")
    if path is not None:
        is_sure = context.get_parameter_source("sure") is not ParameterSource.DEFAULT
        if share is not None and is_sure:
            raise click.UsageError("Give either --share or --sure.")
        together = BatchOptions(options["sure"], parse_share(share or ""), one_hand)
        _compare_file(path, usernames, together, column, heads=heads)
        return
    read = [sys.stdin.read() if text == "-" else text for text in texts]

    async def ask(db: Database, _: Config) -> tuple[Comparison, Cast]:
        question = Question(read, usernames, reasons=True, heads=heads, **options)
        await renew(db)
        answer = await ask_once(db, question)
        async with db.read() as session:
            return answer, await cast_of_usernames(session, answer)

    comparison, cast = with_database(ask, only_reads=True)
    with bound(cast):
        lines = [*_comparison_lines(comparison, is_named=bool(usernames))]
    print_result(comparison, *lines)


def _compare_file(
    path: Path, usernames: tuple[str, ...], together: BatchOptions, column: str, *, heads: bool
) -> None:
    from app.services.compare.batch_lines import Summary, answered_lines, checked_lines, judge_lines
    from app.services.compare.habits import Models
    from app.services.imports.jobs import MOST_MEMORY, limited_reading
    from app.views.cast import NOBODY, bound
    from app.views.comparing.verdicts import summary_sentences

    async def judge_all(db: Database, _: Config) -> None:
        await renew(db)
        with limited_reading(MOST_MEMORY), open_texts(path, column) as lines:
            checked = checked_lines(lines, heads=heads)
            async for portion in await judge_lines(db, Models(), usernames, checked, together):
                for line in answered_lines(portion):
                    print_json(line)
                if isinstance(portion, Summary):
                    with bound(NOBODY):
                        for sentence in summary_sentences(portion):
                            say(sentence, err=True)

    try:
        with_database(judge_all, only_reads=True)
    except UnicodeDecodeError:
        fail(f"{path} is not UTF-8", BAD_INPUT)


async def renew(db: Database) -> None:
    from app.services.compare.background import renew_if_outgrown

    try:
        await renew_if_outgrown(db)
    except AppError as error:
        reason = f"the data behind the answers is outdated and cannot be updated: {error.detail}"
        say(f"saywho: {reason}", err=True)


@contextlib.contextmanager
def open_texts(path: Path, column: str) -> Iterator[Iterator[BatchLine]]:
    from app.services.compare.batch_lines import FileText, csv_texts, json_texts, plain_texts

    if path.suffix in {".jsonl", ".ndjson"}:
        with path.open("rb") as binary:
            yield json_texts(binary, FileText)
    else:
        with click.open_file(path, encoding="utf-8-sig") as file:
            yield csv_texts(file, column) if path.suffix == ".csv" else plain_texts(file)


def _lines_of_marks(comparison: Comparison) -> Iterator[str]:
    from app.views.comparing.evidence import shown_marks, uses_of

    for mark in shown_marks(comparison):
        piece = f" (\u201c{flat(str(mark.piece))}\u201d)" if mark.piece != mark.text else ""
        rates = uses_of(mark, comparison)
        uses = "; ".join(filter(None, rates))
        words = f"\u201c{flat(mark.text)}\u201d{piece}"
        yield f"  {mark.weight:+5.2f}  {mark.username}: {words}: {uses}"


def _comparison_lines(comparison: Comparison, *, is_named: bool) -> Iterator[str]:
    from app.views.comparing import verdicts

    yield from filter(None, [verdicts.stored_of(comparison)])
    yield f"verdict: {comparison.verdict}"
    yield from verdicts.sentences_of(comparison, is_named=is_named)
    if comparison.is_mixed:
        people = [f"{person.name} ({person.messages})" for person in comparison.people or ()]
        yield f"Choose one with --person: {', '.join(people)}"
    for bar in verdicts.bars_of(comparison):
        posts = "post" if bar.tweets == 1 else "posts"
        name = f"{bar.username}  ({bar.tweets:,} {posts})" if bar.username else "someone else"
        yield f"{bar.share:7.1%}  {name}"
    yield from _lines_of_marks(comparison)
    if rate := verdicts.rate_of(comparison):
        yield rate
    yield from verdicts.limits_of(comparison)
    if comparison.verdict != "short":
        yield verdicts.NOT_FOR


def flat(text: str) -> str:
    return " ".join(text.split())
