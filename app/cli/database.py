"""`saywho db …`: migrations, named as Flask-Migrate names them."""

import sqlite3
from collections.abc import Callable
from typing import Any, Final

import click

from app.cli.running import fail, json_option, print_json, reported, with_database
from app.config import Config
from app.errors import StartError

WAIT_S: Final = 60.0
"""How long a vacuum waits for others who use the database."""


@click.group("db")
def db_group() -> None:
    """Migrate the database."""


@db_group.command("upgrade")
@click.argument("revision", default="head")
@json_option
@reported
def upgrade_command(revision: str, as_json: bool) -> None:
    """Bring the tables up to REVISION, the newest by default."""
    from app.db.migrate import prepare, upgrade

    config = Config.from_env()
    if revision == "head":
        prepare(config, upgrade_old=True)
    else:
        # `prepare` would make a fresh database the newest at once, and refuse one that is behind.
        _make_folder(config)
        _alembic(lambda: upgrade(config.database_url, revision))
    _print_current(config, as_json)


@db_group.command("downgrade")
@click.argument("revision", default="-1")
@json_option
@reported
def downgrade_command(revision: str, as_json: bool) -> None:
    """Take the tables back to REVISION, by default by one."""
    from alembic import command

    from app.db.migrate import alembic_config

    config = Config.from_env()
    _make_folder(config)
    _alembic(lambda: command.downgrade(alembic_config(config.database_url), revision))
    _print_current(config, as_json)


@db_group.command("revision")
@click.option("-m", "--message", required=True, help="What the revision does.")
@reported
def revision_command(message: str) -> None:
    """Write a new revision from what the models have and the tables have not."""
    from alembic import command

    from app.db.migrate import alembic_config, prepare

    config = Config.from_env()
    prepare(config, upgrade_old=True)
    _alembic(
        lambda: command.revision(alembic_config(config.database_url), message, autogenerate=True)
    )


@db_group.command("current")
@json_option
@reported
def current_command(as_json: bool) -> None:
    """Print the revision that the tables are at."""
    _print_current(Config.from_env(), as_json)


@db_group.command("vacuum")
@reported
def vacuum_command() -> None:
    """Remove every trace of what was deleted from the database's files."""
    from app.db.engine import database_path

    with_database(lambda db, _: _forget(db))
    config = Config.from_env()
    connection = sqlite3.connect(database_path(config.database_url), timeout=WAIT_S)
    try:
        connection.execute("VACUUM")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        fail(f"the database cannot be vacuumed: {error}")
    finally:
        connection.close()
    if busy:
        fail("the database is in use, so the write-ahead log still holds old pages; try again")
    click.echo("vacuumed")


async def _forget(db: Any) -> None:
    """Remove the rows of the deleted, and their words from the index and the vocabulary."""
    from app.db.vector_file import VectorFile, vector_folder
    from app.db.word_index import REBUILD
    from app.services.deletion import purge_deleted
    from app.services.vocabulary import renew_vocabulary

    await purge_deleted(db)
    async with db.write() as session:
        # An index entry of a deleted word stays in the index until its segments are merged.
        await session.execute(REBUILD)
    await renew_vocabulary(db)
    # Whatever serves maps the vectors anew, of the posts that are left.
    VectorFile(vector_folder(db.path)).forget()


def _alembic(run: Callable[[], object]) -> None:
    from alembic.util.exc import CommandError

    try:
        run()
    except CommandError as error:
        fail(str(error), 2)


def _make_folder(config: Config) -> None:
    from app.db.engine import database_path

    folder = database_path(config.database_url).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"the data folder {folder} cannot be made: {error}") from error


def _print_current(config: Config, as_json: bool) -> None:
    from app.db.engine import database_path
    from app.db.migrate import current_revision

    path = database_path(config.database_url)
    revision = current_revision(path) if path.exists() else None
    if as_json:
        print_json({"revision": revision})
    else:
        click.echo(revision or "no revision yet")
