"""`saywho db …`: migrations, named as Flask-Migrate names them."""

from collections.abc import Callable

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
    from app.db.migrate import known_state, prepare, upgrade

    config = Config.from_env()
    if revision == "head":
        prepare(config, upgrade_old=True)
    else:
        # `prepare` would make a fresh database the newest at once, and refuse one that is behind.
        known_state(config.database_url)
        _alembic(lambda: upgrade(config.database_url, revision))
    _print_current(config, as_json)


@db_group.command("downgrade")
@click.argument("revision", default="-1")
@json_option
@reported
def downgrade_command(revision: str, as_json: bool) -> None:
    """Take the tables back to REVISION, by default by one."""
    from alembic import command

    from app.db.migrate import alembic_config, known_state

    config = Config.from_env()
    known_state(config.database_url)
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
@json_option
@reported
def vacuum_command(as_json: bool) -> None:
    """Remove every trace of what was deleted from the database's files.

    Of the history of imports, what names files and authors and quotes them goes with it.
    """
    from app.db.backend import backend_for
    from app.services.posts.forgetting import forget_deleted

    with_database(lambda db, config: forget_deleted(db, config.data_dir))
    backend_for(Config.from_env().database_url).compact()
    if as_json:
        print_json({"vacuumed": True})
    else:
        click.echo("vacuumed")


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
