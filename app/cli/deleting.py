"""What the commands that delete authors and chats have in common."""

import sys

import click

from app.cli.running import progress
from app.config import Config
from app.db.engine import Database
from app.services.deletion.purging import purge_deleted
from app.services.posts.media import remove_unneeded


def is_asked(yes: bool) -> bool:
    """Return whether a person is there to be asked, who did not say yes beforehand."""
    return not yes and sys.stdin.isatty()


def confirm(what: str) -> None:
    """Ask whether this is to be deleted; end the command if not."""
    click.confirm(f"Delete {what}? This cannot be cancelled.", abort=True)


async def purge(db: Database, config: Config) -> None:
    """Remove the rows and files of what was deleted, and show how far it is.

    If this is interrupted, the server or the next deletion clears the rest.
    """
    with progress("deleting") as show:
        await purge_deleted(
            db, on_progress=lambda done, total: show(done, total, f"{done:,} of {total:,} rows")
        )
    await remove_unneeded(db, config.media_dir)
