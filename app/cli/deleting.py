"""Confirming and finishing the deletion of authors and chats."""

import sys

import click

from app.cli.running import progress
from app.config import Config
from app.db.engine import Database
from app.services.deletion.purging import purge_deleted
from app.services.posts.media import remove_unneeded

yes_option = click.option(
    "--yes", is_flag=True, help="Do not ask for confirmation, even on a terminal."
)


def is_asked(yes: bool) -> bool:
    """Return whether to ask for confirmation: on a terminal, without `--yes`."""
    return not yes and sys.stdin.isatty()


def confirm(what: str) -> None:
    click.confirm(f"Delete {what}? This cannot be cancelled.", abort=True)


async def purge(db: Database, config: Config) -> None:
    """Remove the rows and files of deleted authors and chats, and show the progress.

    After an interruption, the server or the next deletion removes the rest.
    """
    with progress("deleting") as show:
        await purge_deleted(
            db, on_progress=lambda done, total: show(done, total, f"{done:,} of {total:,} rows")
        )
    await remove_unneeded(db, config.media_dir)
