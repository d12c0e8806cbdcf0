"""`saywho db …` with the commands of Flask-Migrate, `saywho check`, `backup` and `restore`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from app.cli import own_config, with_database, yes_option
from app.cli.outputs import BAD_INPUT, ask, fail, json_option, print_result, say
from app.config import Config
from app.errors import StartError

if TYPE_CHECKING:
    from app.db.engine import Database
    from app.services.backup import BackupSize, RestoredAccess

SHOWN_NAMES: Final = 20


@click.group("db")
def db_command() -> None:
    """Migrate the database."""


@db_command.command("upgrade", epilog="Example: saywho db upgrade")
@json_option
def upgrade_command() -> None:
    """Migrate the tables to the newest revision."""
    from app.db.migrate import prepare

    config = own_config()
    prepare(config, upgrade_old=True)
    _print_current(config)


@db_command.command("downgrade", epilog="Example: saywho db downgrade")
@yes_option
@json_option
def downgrade_command(yes: bool) -> None:
    """Undo the newest migration.

    If this deletes data, it asks for confirmation on a terminal, and needs --yes elsewhere.
    """
    from alembic.util.exc import CommandError

    from app.db.migrate import downgrade, find_losses, known_state

    config = own_config()
    known_state(config.database_url)
    try:
        losses = find_losses(config)
        if losses and not yes:
            lost = ", ".join(f"{what} ({count:,})" for what, count in losses.items())
            if not sys.stdin.isatty():
                fail(f"the downgrade deletes {lost}; make a backup, then add --yes", BAD_INPUT)
            ask(f"The downgrade deletes {lost}. This cannot be undone. Downgrade?", abort=True)
        downgrade(config)
    except CommandError as error:
        fail(str(error), BAD_INPUT)
    _print_current(config)


@db_command.command("revision", epilog="Example: saywho db revision -m 'add drafts'")
@click.option("-m", "--message", required=True, help="Description of the migration.")
@click.option(
    "--autogenerate", is_flag=True, help="Write the changes from the tables to the models."
)
def revision_command(message: str, *, autogenerate: bool) -> None:
    """Create a migration, empty without --autogenerate."""
    from app.db.migrate import SchemaState, head_revision, known_state, prepare

    config = own_config()
    if autogenerate and known_state(config.database_url) is SchemaState.FRESH:
        fail(
            "there is no database to compare the models with, and a new one would have your change"
            " already; undo the change, run saywho db upgrade, and make it again",
            BAD_INPUT,
        )
    prepare(config, upgrade_old=True)
    number = f"{int(head_revision()) + 1:04}"
    _run("revision", message, autogenerate=autogenerate, rev_id=number)


@db_command.command("history", epilog="Example: saywho db history")
def history_command() -> None:
    """List the migrations, newest first."""
    _run("history")


@db_command.command("heads", epilog="Example: saywho db heads")
def heads_command() -> None:
    """Print the newest migration."""
    _run("heads")


@db_command.command("show", epilog="Example: saywho db show 0043")
@click.argument("revision", metavar="REVISION")
def show_command(revision: str) -> None:
    """Describe the migration REVISION."""
    _run("show", revision)


@db_command.command("stamp", epilog="Example: saywho db stamp head")
@click.argument("revision", metavar="REVISION")
def stamp_command(revision: str) -> None:
    """Note that the tables are those of REVISION, without a migration."""
    _run("stamp", revision)
    _print_current(own_config())


@db_command.command("check", epilog="Example: saywho db check")
def compare_command() -> None:
    """Compare the tables with the models."""
    _run("check")


def _run(command: str, *words: str, **options: object) -> None:
    from alembic.util.exc import CommandError

    from app.db.migrate import run_alembic

    try:
        run_alembic(own_config(), command, *words, **options)
    except CommandError as error:
        fail(" ".join(str(error).split()), BAD_INPUT)


@db_command.command("current", epilog="Example: saywho db current")
@json_option
def current_command() -> None:
    """Print the current revision of the tables."""
    _print_current(own_config())


@db_command.command("vacuum", epilog="Example: saywho db vacuum")
@json_option
def vacuum_command() -> None:
    """Remove every trace of deleted posts and authors.

    The traces are removed from the database files. The history of imports loses its file names,
    author names and quotations too.
    """
    from app.db.engine import backend_for
    from app.services.maintenance import vacuum

    with_database(lambda db, config: vacuum(db, config))
    backend_for(Config.from_env().database_url).compact()
    print_result({"vacuumed": True}, "vacuumed")


@click.command("check", epilog="Example: saywho check")
@click.option(
    "--mend", is_flag=True, help="Before, link answers again that refer to posts that are gone."
)
@json_option
def check_command(*, mend: bool) -> None:
    """Check the database and the stored media.

    The database must respond and be migrated. Its tables must be those of a fresh database.
    Counts, indexes, profiles and links of answers must agree with the posts. Each stored file must
    exist and match its name. Standard error has a warning for a Python version with known faults,
    for a library that pictures lack, for each object of the database that saywho did not create,
    and for names whose joining stopped half-way. It also names the version of the time zones.
    """
    from app.runtime.zones import description
    from app.services.checks import (
        find_faults,
        find_missing_libraries,
        find_python_faults,
        find_warnings,
        mend_links,
    )
    from app.services.posts.media import find_foreign_files, find_missing_files
    from saywho.formats.registry import BROUGHT

    async def check(db: Database, config: Config) -> tuple[list[str], list[str]]:
        if mend:
            say(f"saywho: {await mend_links(db):,} answers were linked again", err=True)
        faults = [
            *await find_faults(db),
            *await find_foreign_files(db, config.media_dir),
            *await find_missing_files(db, config.media_dir),
        ]
        return faults, await find_warnings(db)

    try:
        faults, warnings = with_database(check, only_reads=not mend)
    except StartError as error:
        print_result({"ok": False, "faults": [str(error)]})
        raise
    say(f"saywho: time zones: {description()}", err=True)
    for warning in [*find_python_faults(), *find_missing_libraries(), *BROUGHT.faults, *warnings]:
        say(f"saywho: warning: {warning}", err=True)
    print_result({"ok": not faults, "faults": faults}, *([] if faults else ["ok"]), notes=faults)
    if faults:
        fail("the check found faults")


def _print_current(config: Config) -> None:
    from app.db.engine import backend_for

    revision = backend_for(config.database_url, only_reads=True).current_revision()
    print_result({"revision": revision}, revision or "no revision yet")


@click.command("backup", epilog="Example: saywho backup saywho-2026-11-21.tar")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--with-secrets", is_flag=True, help="Include accounts, tokens and the secret key.")
@json_option
def backup_command(target: Path, with_secrets: bool) -> None:
    """Write a backup of everything to a new FILE.

    The server may keep running. Without --with-secrets, the backup contains no accounts, tokens
    or keys.
    """
    from app.services.backup import make_backup

    size = make_backup(own_config(), target, with_secrets=with_secrets)
    print_result(_facts(size, target), f"backed up {size.bytes:,} bytes")


@click.command("restore", epilog="Example: saywho restore saywho-2026-11-21.tar")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)
@json_option
def restore_command(file: Path) -> None:
    """Restore the backup FILE into an empty data folder.

    The whole backup is verified first. If this is interrupted, run it again with the same backup.
    """
    from msgspec import structs

    from app.cli.apart import now_reading
    from app.services.backup import restore_backup

    now_reading(str(file))
    size, access = structs.astuple(restore_backup(own_config(), file))
    facts = _facts(size, file) | structs.asdict(access)
    print_result(facts, f"restored {size.bytes:,} bytes", _in_words(access))


def _facts(size: BackupSize, file: Path) -> dict[str, object]:
    return {"file": str(file), **size._asdict()}


def _in_words(access: RestoredAccess) -> str:
    accounts = [f"{account.name} ({account.role})" for account in access.accounts]
    tokens = [f"{token.name} ({token.scope})" for token in access.tokens]
    parts = [
        f"{what} {', '.join(names[:SHOWN_NAMES])}{' …' if len(names) > SHOWN_NAMES else ''}"
        for what, names in (("accounts", accounts), ("tokens", tokens))
        if names
    ]
    if access.invitations:
        parts.append(f"open invitations and set-up links: {access.invitations:,}")
    listed = "; ".join(parts) or "no accounts and no tokens"
    return f"came with the backup: {listed}"
