"""`saywho case` and `saywho replay`: a report for a case, and its numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click

from app.cli import authors_option, language_option, output_option, reading, with_database
from app.cli.compare import flat, renew
from app.cli.outputs import BAD_INPUT, FAILED, fail, json_option, opened_output, print_result
from app.config import Config, Locale
from app.part_list import Listed, Part

if TYPE_CHECKING:
    from app.db.engine import Database
    from app.parts.cases.case_file import Replayed
    from app.parts.cases.case_page import CaseFiles


@click.command("case", epilog="Example: saywho case -u mina letter.txt -o case.html")
@click.argument(
    "files", metavar="FILE…", nargs=-1, required=True, type=click.File(encoding="utf-8-sig")
)
@authors_option("An author to ask about, each alone; repeatable.", is_required=True)
@output_option("HTML file to write (replaces an existing one).")
@click.option(
    "--json-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="JSON file to write (default: the name of the HTML file, with .json).",
)
@language_option("Language of the report (default: en).")
@click.option("--for", "asked_by", metavar="TEXT", default="", help="Who asked for the report.")
@click.option(
    "--person", metavar="NAME", default="", help="Of a copied chat, whose messages are asked about."
)
@json_option
def case_command(
    files: tuple[IO[str], ...], usernames: tuple[str, ...], output: Path, **chosen: Any
) -> None:
    """Write a report for a case, on who wrote a text.

    It says how much the text supports that NAME wrote it. Several FILEs are texts by one person. It
    is an HTML file that prints on a page for each NAME, and a JSON file with the counts from which
    saywho replay computes every number again.
    """
    import asyncio

    from app.parts.cases.case_making import make_case
    from app.parts.cases.case_page import written
    from app.services.compare.habits import Models
    from app.views.detached import opened_environment
    from saywho.comparing.question import Question

    try:
        texts = [file.read() for file in files]
    except UnicodeDecodeError:
        fail("a text is not UTF-8", BAD_INPUT)
    numbers: Path = chosen["json_file"] or output.with_suffix(".json")
    language: Locale = chosen["language"] or "en"
    if numbers == output:
        raise click.UsageError("The HTML and the JSON need different files.")

    async def make(db: Database, config: Config) -> CaseFiles:
        await renew(db)
        async with opened_environment(config, {Listed("cases"): Part()}) as environment:
            async with db.read() as session:
                question = Question(texts, usernames, person=chosen["person"])
                report = await make_case(session, Models(), question, asyncio.to_thread)
            return await written(
                environment, report, language, asked_by=chosen["asked_by"], json_name=numbers.name
            )

    made = with_database(make, only_reads=True)
    for path, data in ((output, made.html), (numbers, made.json)):
        with opened_output(path) as opened:
            opened.write(data)
    print_result(
        {"html": str(output), "json": str(numbers)},
        f"wrote the report to {output}",
        f"wrote its numbers to {numbers}",
    )


@click.command("replay", epilog="Example: saywho replay case.json")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--posts", is_flag=True, help="Also check which authors' posts here are still the same."
)
@json_option
def replay_command(path: Path, posts: bool) -> None:
    """Compute a report's numbers again, from its JSON.

    FILE is the JSON of a report for a case. A number that the file alone cannot prove is listed as
    not checked. The exit status is 0 if all other numbers are the same, 1 if not.
    """
    from app.parts.cases.case_file import MOST_BYTES, read_case, replayed, unproved
    from app.parts.cases.case_making import posts_again

    try:
        with path.open("rb") as file:
            case = read_case(file.read(MOST_BYTES + 1))
    except FileNotFoundError:
        fail(f"{path} does not exist", BAD_INPUT)
    rows = replayed(case)
    if posts:
        rows += reading(lambda session: posts_again(session, case))
    rows += unproved(case, has_posts=posts)
    print_result([row.as_json() for row in rows], *map(_line_of, rows), UNPROVED)
    if not all(row.is_same for row in rows if row.is_checked):
        sys.exit(FAILED)


UNPROVED: Final = (
    "Not checked: numbers behind single words, and the lines above that say so. The file does not"
    " have what they are counted from. --posts checks the posts."
)


def _line_of(row: Replayed) -> str:
    name = f"{flat(row.username)}: {row.what}: " if row.username else f"{row.what}: "
    if not row.is_checked:
        return f"not checked   {name}{_value(row.stated)}"
    if row.is_same:
        return f"same          {name}{_value(row.stated)}"
    return f"DIFFER        {name}{_value(row.stated)}, now {_value(row.found)}"


def _value(value: float | str | None) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)
