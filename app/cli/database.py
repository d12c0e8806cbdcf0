"""`saywho db …`, named as Flask-Migrate names them, `saywho check`, `backup` and `restore`."""

import sys
from pathlib import Path

import click
from alembic import command
from alembic.util.exc import CommandError

from app.cli.running import BAD_INPUT, fail, json_option, print_result, with_database
from app.config import Config
from app.db.engine import Database, backend_for
from app.db.migrate import alembic_config, downgrade, head_revision, known_state, prepare
from app.errors import StartError
from app.formats.registry import BROUGHT
from app.services.backup import BackupSize, make_backup, restore_backup
from app.services.checks import find_faults, find_weaknesses
from app.services.maintenance import vacuum
from app.services.posts.media import find_foreign_files, find_missing_files


@click.group("db")
def db_command() -> None:
    """Migrate the database."""


@db_command.command("upgrade")
@json_option
def upgrade_command() -> None:
    """Bring the tables up to the newest revision."""
    config = Config.from_env()
    prepare(config, upgrade_old=True)
    _print_current(config)


@db_command.command("downgrade")
@json_option
def downgrade_command() -> None:
    """Take the tables back by one revision."""
    config = Config.from_env()
    known_state(config.database_url)
    try:
        downgrade(config.database_url)
    except CommandError as error:
        fail(str(error), BAD_INPUT)
    _print_current(config)


@db_command.command("revision")
@click.option("-m", "--message", required=True, help="What the revision does.")
def revision_command(message: str) -> None:
    """Write a new revision, whose statements are yet to be written."""
    config = Config.from_env()
    prepare(config, upgrade_old=True)
    number = f"{int(head_revision()) + 1:04}"
    command.revision(alembic_config(config.database_url), message, rev_id=number)


@db_command.command("current")
@json_option
def current_command() -> None:
    """Print the revision of the tables."""
    _print_current(Config.from_env())


@db_command.command("vacuum")
@json_option
def vacuum_command() -> None:
    """Remove every trace of what was deleted.

    Deleted posts and authors go from the database's files. File names, authors' names and
    quotations go from the history of imports too.
    """
    with_database(lambda db, config: vacuum(db, config))
    backend_for(Config.from_env().database_url).compact()
    print_result({"vacuumed": True}, "vacuumed")


@click.command("check")
@json_option
def check_command() -> None:
    """Check the database and the kept media.

    The database must answer and be migrated; what is derived from the posts, such as counts,
    indexes and profiles must agree with it, and each kept file must be there and hold what its name
    says. A Python with known faults is a warning, on standard error.
    """

    async def check(db: Database, config: Config) -> list[str]:
        return [
            *await find_faults(db),
            *await find_foreign_files(db, config.media_dir),
            *await find_missing_files(db, config.media_dir),
        ]

    try:
        faults = with_database(check)
    except StartError as error:
        print_result({"ok": False, "faults": [str(error)]})
        raise
    for warning in [*find_weaknesses(sys.version_info[:3]), *BROUGHT.faults]:
        click.echo(f"saywho: warning: {warning}", err=True)
    print_result({"ok": not faults, "faults": faults}, *([] if faults else ["ok"]), notes=faults)
    if faults:
        fail("the check found faults")


def _print_current(config: Config) -> None:
    revision = backend_for(config.database_url).current_revision()
    print_result({"revision": revision}, revision or "no revision yet")


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--with-secrets", is_flag=True, help="Include operators, tokens and the secret key.")
@json_option
def backup_command(target: Path, with_secrets: bool) -> None:
    """Write a backup of everything to the new FILE.

    The server may go on writing meanwhile. Without --with-secrets, the backup holds no accounts of
    operators, no tokens and no keys.
    """
    size = make_backup(Config.from_env(), target, with_secrets=with_secrets)
    _print(size, target, "backed up")


@click.command("restore")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)
@json_option
def restore_command(file: Path) -> None:
    """Restore the backup FILE to an empty data folder.

    All of it is verified first.
    """
    _print(restore_backup(Config.from_env(), file), file, "restored")


def _print(size: BackupSize, file: Path, done: str) -> None:
    facts = {"file": str(file), **size._asdict()}
    print_result(facts, f"{done} {size.bytes:,} bytes")
