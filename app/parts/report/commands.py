"""`saywho report`: a chat, an author or a year as one file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import id_type, language_option, output_option, timezone_option, with_database
from app.cli.outputs import BAD_INPUT, fail, json_option, opened_output, print_result, say
from app.config import Config, Locale
from app.part_list import Listed, Part, load_parts

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from app.db.engine import Database
    from app.parts.report.reports import ReportChoice
    from app.views.subjects import Address, Subject


@click.command("report", epilog="Example: saywho report --room 1 -o chat.html")
@click.option(
    "--room",
    "room_id",
    type=id_type,
    metavar="ID",
    help="Chat to report on; saywho rooms lists the chats.",
)
@click.option("-u", "--username", metavar="NAME", help="Author to report on.")
@click.option(
    "--year", type=click.IntRange(1, 9998), metavar="YEAR", help="Only this year, on its own page."
)
@output_option("File to write (replaces an existing one).")
@click.option("--names", "has_names", is_flag=True, help="Use real names instead of A, B, C.")
@language_option("Language of the file (default: the language of most messages).")
@click.option(
    "--quote",
    "quotes",
    type=id_type,
    metavar="ID",
    multiple=True,
    help="Message to quote, by its number here; several messages are a quiz. Repeatable.",
)
@timezone_option(
    "Time zone of days and hours, such as Asia/Seoul (default: that of the chat, else of this"
    " machine)."
)
@json_option
def report_command(
    room_id: int | None, username: str | None, year: int | None, output: Path, **chosen: Any
) -> None:
    """Write a chat, an author or a year as one HTML file.

    It has findings, drawings and typical words, and no message. People are A, B, C.
    """
    from app.parts.report.reports import find_report, make_report, opened_environment
    from app.views.subjects import Chat, NoCaches, OneAuthor

    if (room_id is None) == (username is None):
        raise click.UsageError("Give either --room ID or -u NAME.")

    kind: type[Subject] = OneAuthor if room_id is None else Chat
    address: Address = {"username": username, "room_id": room_id, "year": year}

    async def make(db: Database, config: Config) -> bytes:
        needed = "years" if year else "portraits"
        if needed in config.without and (year or username):
            fail(f"this installation leaves out {needed}", BAD_INPUT)
        parts = {Listed("report"): Part(), **load_parts({"portraits", "years"} - config.without)}
        opened = opened_environment(config, parts)
        async with opened as environment, db.read_in_background() as session:
            found = await find_report(session, kind, address)
            choice = await _choice(session, found[1], chosen, config)
            return await make_report(session, NoCaches(), environment, found, choice)

    file = with_database(make, only_reads=True)
    if room_id is not None and chosen["quotes"] and not chosen["has_names"]:
        say("saywho: nobody can solve a quiz whose answers are A, B and C; add --names", err=True)
    with opened_output(output) as opened:
        opened.write(file)
    print_result(
        {"file": str(output), "bytes": len(file)}, f"wrote {len(file) // 1_000} KB to {output}"
    )


async def _choice(
    session: AsyncSession, subject: Subject, chosen: dict[str, Any], config: Config
) -> ReportChoice:
    from sqlalchemy import func, select

    from app.models import Tweet
    from app.parts.report.reports import ReportChoice
    from app.runtime.clock import remembered_zone
    from app.views.phone import home_of
    from saywho.formats.chats.people import machine_zone

    language: Locale | None = chosen["language"]
    if language is None:
        korean = func.count().filter(Tweet.lang == "ko")
        query = select(korean, func.count()).select_from(Tweet).where(subject.posts)
        of_korean, total = (await session.execute(query)).one()
        language = "ko" if 2 * of_korean > total else "en"
    zone = chosen["zone"] or remembered_zone(subject.own_zone or machine_zone())
    return ReportChoice(
        zone, language, partial(home_of, config), chosen["has_names"], quotes=chosen["quotes"]
    )
