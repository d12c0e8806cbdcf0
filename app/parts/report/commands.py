"""`saywho report`: a chat as one file."""

from pathlib import Path

import click
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli import json_option, print_result, with_database
from app.cli.outputs import opened_output
from app.config import Config, Locale
from app.db.engine import Database
from app.formats.chats.people import machine_zone
from app.language.i18n import LOCALES
from app.models import MAX_ID, Tweet
from app.parts import Listed, Part, load_parts
from app.parts.report.rooms import ReportChoice, make_room_report
from app.runtime.clock import remembered_zone
from app.services.rooms.room_facts import RoomFacts, get_room
from app.services.rooms.sight import counted_rooms
from app.views.detached import opened_environment


@click.command("report", epilog="Example: saywho report --room 1 -o chat.html")
@click.option(
    "--room",
    "room_id",
    type=click.IntRange(1, MAX_ID),
    metavar="ID",
    required=True,
    help="Chat to report on; saywho rooms lists the chats.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    required=True,
    help="File to write (replaces an existing one).",
)
@click.option("--names", "has_names", is_flag=True, help="Use real names instead of A, B, C.")
@click.option(
    "--language",
    type=click.Choice(list(LOCALES)),
    help="Language of the file (default: the language of most messages).",
)
@json_option
def report_command(room_id: int, output: Path, has_names: bool, language: Locale | None) -> None:
    """Write the page of a chat as one HTML file to send.

    It has findings, drawings and typical words, and no message. People are A, B, C.
    """

    async def make(db: Database, config: Config) -> bytes:
        parts = {Listed("report"): Part(), **load_parts({"portraits"} - config.without)}
        async with opened_environment(config, parts) as environment, db.read() as session:
            room = await get_room(session, room_id)
            choice = ReportChoice(
                remembered_zone(room.tz or machine_zone()),
                language or await _language_of(session, room),
                has_names,
            )
            return await make_room_report(session, environment, counted_rooms(), room, choice)

    file = with_database(make)
    with opened_output(output) as opened:
        opened.write(file)
    print_result(
        {"file": str(output), "bytes": len(file)}, f"wrote {len(file) // 1_000} KB to {output}"
    )


async def _language_of(session: AsyncSession, room: RoomFacts) -> Locale:
    query = select(func.count()).where(Tweet.room_id == room.id, Tweet.lang == "ko")
    korean = await session.scalar(query) or 0
    return "ko" if 2 * korean > room.messages else "en"
