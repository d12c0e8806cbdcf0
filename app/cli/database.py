"""`saywho db …`: migrations, named as Flask-Migrate names them."""

from collections.abc import Callable
from typing import Any

import click

from app.cli.running import fail, json_option, print_json, reported, with_database
from app.config import Config


@click.group("db")
def db_group() -> None:
    """Migrate the database."""


@db_group.command("upgrade")
@click.argument("revision", default="head")
@json_option
@reported
def upgrade_command(revision: str, as_json: bool) -> None:
    """Bring the tables up to REVISION, the newest by default."""
    from app.db.backend import backend_for
    from app.db.migrate import prepare, upgrade

    config = Config.from_env()
    if revision == "head":
        prepare(config, upgrade_old=True)
    else:
        # `prepare` would make a fresh database the newest at once, and refuse one that is behind.
        backend_for(config.database_url).prepare_place()
        _alembic(lambda: upgrade(config.database_url, revision))
    _print_current(config, as_json)


@db_group.command("downgrade")
@click.argument("revision", default="-1")
@json_option
@reported
def downgrade_command(revision: str, as_json: bool) -> None:
    """Take the tables back to REVISION, by default by one."""
    from alembic import command

    from app.db.backend import backend_for
    from app.db.migrate import alembic_config

    config = Config.from_env()
    backend_for(config.database_url).prepare_place()
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
    from app.db.backend import backend_for

    with_database(lambda db, _: _forget(db))
    backend_for(Config.from_env().database_url).compact()
    click.echo("vacuumed")


async def _forget(db: Any) -> None:
    """Remove the rows of the deleted, and their words from the index and the vocabulary."""
    from app.db.vector_file import VectorFile
    from app.services.deletion import purge_deleted
    from app.services.searching.vocabulary import renew_vocabulary

    await purge_deleted(db)
    async with db.write() as session:
        # An index entry of a deleted word stays in the index until its segments are merged.
        await db.backend.words.rebuild(session)
    await renew_vocabulary(db)
    # Whatever serves maps the vectors anew, of the posts that are left.
    VectorFile(db.vector_folder).forget()


def _alembic(run: Callable[[], object]) -> None:
    from alembic.util.exc import CommandError

    try:
        run()
    except CommandError as error:
        fail(str(error), 2)


def _print_current(config: Config, as_json: bool) -> None:
    from app.db.migrate import current_revision

    revision = current_revision(config.database_url)
    if as_json:
        print_json({"revision": revision})
    else:
        click.echo(revision or "no revision yet")
