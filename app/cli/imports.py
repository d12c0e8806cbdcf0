"""`saywho import` and `saywho demo`: posts from files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final

import click

from app.cli import with_database
from app.cli.outputs import INTERRUPTED, counted, json_option, print_result, progress, say
from app.config import Config
from saywho.formats.assumptions import DATE_ORDERS, ROLES, columns_of, parse_encoding

if TYPE_CHECKING:
    from app.db.engine import Database

BUILT_IN: Final = """
ai-studio band blogger bluesky bluesky-repo chatgpt chatlab chats claude csv deepseek discord
discord-csv discord-messages discord-package element ghost google-chat google-chat-messages grok
groupme hangouts imazing imessage irc jsonl kakaotalk librechat line livejournal mail mastodon
mastodon-api mattermost mattermost-posts medium messenger meta misskey mongo nostr open-webui qq
qq-chunks reddit rocketchat signal signal-export signal-md sigtop skype slack slack-messages sms
sms-json snapchat stack-exchange substack teams tei telegram telegram-channel telegram-html texts
tiktok tiktok-chats tumblr twitch wechat-csv whatsapp whatsapp-exporter wordpress x x-api youtube
youtube-live zoom zulip
"""
"""Names of the formats of `saywho.formats.registry`, whose import takes as long as the command."""


def _format_names() -> list[str]:
    if entry_points(group="saywho.formats"):
        from saywho.formats.registry import FORMATS

        return sorted(FORMATS)
    return BUILT_IN.split()


def _in_columns(names: Sequence[str], width: int = 76) -> str:
    """Return lines of names, which go on from column to column."""
    wide = max(map(len, names)) + 2
    rows = -(-len(names) // (width // wide))
    lines = ("".join(f"{name:<{wide}}" for name in names[row::rows]) for row in range(rows))
    return "\n".join(map(str.rstrip, lines))


def _zone_name(name: str) -> str | None:
    from saywho.formats.chats.people import zone_of

    return name if zone_of(name) else None


def _parsed_by(parse: Callable[[Any], object] | str) -> Callable[..., Any]:
    """Return a callback that parses an option; a name `module:function` is imported only then."""

    def callback(_context: click.Context, _option: click.Parameter, value: Any) -> Any:
        if value is None:
            return None
        read = EntryPoint("", parse, "").load() if isinstance(parse, str) else parse
        try:
            return read(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback


FORMATS: Final = _format_names()
LISTED: Final = f"Formats:\n{_in_columns(FORMATS)}"

READING: Final = (
    click.option(
        "--format",
        "format_name",
        type=click.Choice(["auto", *FORMATS]),
        metavar="NAME",
        default="auto",
        show_default=True,
        help="Format of the file, of those below; auto recognises it by the content.",
    ),
    click.option(
        "--username",
        metavar="NAME",
        callback=_parsed_by(
            "saywho.text:clean_username"
        ),  # Otherwise all posts of a file would be rejected.
        help="Author of posts that name no author, or name for the account of a one-account file.",
    ),
    click.option(
        "--include-restricted", is_flag=True, help="Read posts for a limited audience too."
    ),
    click.option(
        "--strip-tags",
        is_flag=True,
        help="Take HTML tags, a label before all, or a machine's translation off the texts.",
    ),
    click.option(
        "--timezone",
        metavar="ZONE",
        callback=_parsed_by(_zone_name),
        help="Time zone of a chat, such as Asia/Seoul (default: this machine's).",
    ),
    click.option(
        "--dates",
        type=click.Choice(DATE_ORDERS),
        help="Order of day, month and year in dates, if the file does not make it clear.",
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        callback=_parsed_by(parse_encoding),
        help="Encoding of the texts, such as cp949 or utf-8 (default: guessed from the letters).",
    ),
    click.option(
        "--column",
        "columns",
        metavar="ROLE=NAME",
        multiple=True,
        callback=_parsed_by(columns_of),
        help=f"Column or field to use for a role; repeatable. The roles are {', '.join(ROLES)}."
        " author=none: the file names no author; sheet=NAME: the sheet of a workbook.",
    ),
    click.option(
        "--public-values",
        metavar="VALUE",
        multiple=True,
        help="Value of the column for the audience whose posts everybody may read; repeatable."
        " Of several such columns, write COLUMN=VALUE.",
    ),
)
"""Options of reading a file."""


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(READING):
        command = option(command)
    return command


@click.command(
    "import", epilog=f"Example: saywho import archive.zip --username alice\n\n\b\n{LISTED}"
)
@click.argument("files", nargs=-1, metavar="FILE…")
@reading_options
@click.option("--no-media", is_flag=True, help="Leave out the pictures, videos and sounds.")
@click.option(
    "--decode-entities",
    is_flag=True,
    help="Decode HTML entities such as &amp; in JSON lines and CSV.",
)
@click.option(
    "--room",
    "rooms",
    metavar="ID|new",
    multiple=True,
    callback=_parsed_by("app.services.imports.options:rooms_of"),
    help="Chat here that the file's chat goes on, or new for another chat; repeatable.",
)
@click.option(
    "--accept-unread",
    is_flag=True,
    help="Store the posts even if most of their times or authors cannot be read.",
)
@click.option(
    "--accept-doubts",
    is_flag=True,
    help="Store the posts even if there are grave doubts about how they were read.",
)
@click.option(
    "--only",
    metavar="NAME",
    multiple=True,
    help="Import only this person's messages of a chat; repeatable.",
)
@click.option(
    "--replace",
    metavar="N|file",
    callback=_parsed_by("app.services.imports.options:replaced_of"),
    help="Undo import N first, or the import of the same file, together with this import.",
)
@click.option(
    "--times",
    type=click.Choice(["file", "here"]),
    help="Which times are right if a chat is here in another time zone.",
)
@click.option(
    "--rename",
    metavar="A=B",
    multiple=True,
    callback=_parsed_by("saywho.formats.chats.people:renaming"),
    help="Rename A to B in a chat; repeatable. Two people with the same name are joined.",
)
@click.option(
    "--publish",
    "is_published",
    is_flag=True,
    help="Import a chat although anyone can read this site.",
)
@click.option(
    "--undo",
    type=click.IntRange(min=1),
    metavar="ID",
    help="Undo the import of this number, instead of importing files.",
)
@click.option("--dry-run", is_flag=True, help="Count the posts, but store nothing.")
@json_option
def import_command(
    files: tuple[str, ...],
    format_name: str,
    no_media: bool,
    dry_run: bool,
    undo: int | None,
    **chosen: Any,
) -> None:
    """Import the posts of each FILE.

    saywho recognises a file by its content. Use - as FILE to read standard input.
    """
    if bool(files) == (undo is not None):
        raise click.UsageError("Name at least one FILE, or an import with --undo ID alone")
    if undo is not None:
        with_database(lambda db, _: _undo(db, undo))
        return
    if chosen["replace"] and len(files) > 1:
        raise click.UsageError("Use --replace with one FILE")
    from app.cli.importer import Importer
    from app.runtime.processes import collect_seldom, share_heap
    from app.services.imports.options import ImportOptions
    from saywho.formats.registry import BROUGHT

    for fault in BROUGHT.faults:
        say(f"saywho: warning: {fault}", err=True)
    options = ImportOptions(with_media=not no_media, **chosen)
    importer = Importer(format_name, options, is_dry=dry_run)

    async def run(db: Database, config: Config) -> None:
        import asyncio

        try:
            await importer.add(db, config, files)
        except asyncio.CancelledError:
            stored = "" if dry_run else "; stored posts are kept, and another run resumes here"
            say(f"saywho: interrupted{stored}", err=True)
            # The thread that reads standard input may never end.
            os._exit(INTERRUPTED)

    collect_seldom()
    share_heap()
    with_database(run)
    importer.print_report()
    sys.exit(importer.status)


async def _undo(db: Database, job_id: int) -> None:
    from app.services.imports import jobs
    from app.services.imports.undo import UNDO, count_left, request_undo, undo_imports

    await jobs.end_stopped_commands(db)
    async with db.write() as session:
        job = await request_undo(session, job_id, scope="admin")
        total = await count_left(session, job.id)
    done = 0
    with progress(f"import {job_id}") as show:

        def show_removed(posts: int) -> None:
            nonlocal done
            done += posts
            show(min(done, total), total, f"{done:,} removed")

        async with db.exclusive_in_turn(UNDO) as grant:
            await undo_imports(grant, on_progress=show_removed)
    async with db.read() as session:
        job, left = await jobs.get_job(session, job_id), await count_left(session, job_id)
    line = f"removed {counted(job.removed, messages=jobs.is_chat(job))} of import {job_id}"
    if left:
        line += f"; {left:,} stay, because something else sent them, too"
    print_result({"id": job_id, "removed": job.removed, "left": left}, line)


@click.command("demo", epilog="Example: saywho demo")
@json_option
def demo_command() -> None:
    """Load the sample posts; a second run changes nothing.

    The sample authors are made-up places, such as a bakery, an observatory and a lighthouse.
    """
    from app.services.imports.storing import load_samples

    report = with_database(lambda db, _: load_samples(db))
    facts = {"accepted": report.accepted, "duplicates": report.duplicates}
    line = f"stored {report.accepted} sample posts; {report.duplicates} already stored"
    print_result(facts, line)
