"""`saywho read`: the posts of a file, without a site."""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from app.cli.imports import LISTED, reading_options
from app.cli.outputs import BAD_INPUT, counted, fail, json_option, print_json, say, wants_json
from saywho.errors import BrokenFileError
from saywho.formats.assumptions import ROLES, pair_of

if TYPE_CHECKING:
    import saywho

SHOWN_PEOPLE: Final = 20


@click.command(
    "read",
    epilog="Example: saywho read chat.zip --csv | duckdb -c \"FROM read_csv('/dev/stdin')\"\n\n\b\n"
    f"{LISTED}",
)
@click.argument("file")
@reading_options
@click.option(
    "--accept-doubts",
    "--accept-unread",
    "accept_doubts",
    is_flag=True,
    help="Print what can be read of a file that an import would refuse.",
)
@click.option("--csv", "is_csv", is_flag=True, help="Print a row of CSV for each post.")
@json_option
def read_command(file: str, is_csv: bool, **chosen: Any) -> None:
    """Print the posts of FILE, without a site.

    Nothing is stored. Without --json or --csv, a summary is printed. Use - as FILE to read standard
    input.
    """
    if is_csv and wants_json():
        raise click.UsageError("Use --json or --csv")
    chat = _read(file, **chosen)
    notes = [*chat.doubts, *chat.assumptions, *chat.unread]
    if wants_json():
        named = ("format", "is_chat", "people", "assumptions", "doubts", "unread")
        print_json({name: getattr(chat, name) for name in named} | {"posts": chat.to_records()})
    elif is_csv:
        for note in notes:
            say(note, err=True)
        _print_csv(chat)
    else:
        people, count = chat.people, counted(len(chat), messages=chat.is_chat)
        names = ", ".join([*people[:SHOWN_PEOPLE], *("…" for _ in people[SHOWN_PEOPLE:][:1])])
        say(f"{chat.format}: {count} by {len(people):,} authors: {names}")
        for note in notes:
            say(note)


def _read(
    file: str, *, format_name: str, timezone: str | None, columns: dict[str, str], **chosen: Any
) -> saywho.Chat:
    import saywho
    from app.cli.apart import now_reading
    from app.cli.choices import with_option
    from saywho.formats.registry import BROUGHT
    from saywho.formats.settled import DoubtError
    from saywho.processes import watched

    for fault in BROUGHT.faults:
        say(f"saywho: warning: {fault}", err=True)
    roles = {field: role for role, field in ROLES.items()}
    pairs = (pair_of(name, field, roles).partition("=") for name, field in columns.items())
    now_reading(file)
    try:
        with watched:
            return saywho.read(
                sys.stdin.buffer if file == "-" else file,
                tz=timezone,
                format=format_name,
                columns={name: role for role, _, name in pairs},
                **chosen,
            )
    except DoubtError as error:
        fail(with_option(error.detail), BAD_INPUT)
    except BrokenFileError as error:
        fail(with_option(error.detail))


def _print_csv(chat: saywho.Chat) -> None:
    """Print the posts as CSV in UTF-8; kinds of media are separated by blanks."""
    import saywho

    output = io.StringIO()
    writer = csv.DictWriter(output, saywho.Post._fields, lineterminator="\n")
    writer.writeheader()
    for post in chat:
        time = post.created_at and post.created_at.isoformat()
        writer.writerow(post._asdict() | {"created_at": time, "media": " ".join(post.media)})
    sys.stdout.buffer.write(output.getvalue().encode())
