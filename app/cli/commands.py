"""All commands by name; each is imported when it runs, since some imports take a second."""

import contextlib
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final, NamedTuple

import click


class _Place(NamedTuple):
    """Module and name of a command, and its line in the list of commands."""

    module: str
    attribute: str
    help: str


PLACES: Final = {
    "backup": _Place(
        "backup", "backup_command", "Write the whole installation to FILE, while it is in use."
    ),
    "check": _Place(
        "database", "check_command", "Check the database, and what is derived from the posts."
    ),
    "compare": _Place("compare", "compare_command", "Rank authors for TEXT, with the evidence."),
    "db": _Place("database", "db_group", "Migrate the database."),
    "demo": _Place(
        "imports", "demo_command", "Load the sample posts; a second run changes nothing."
    ),
    "embed": _Place(
        "search",
        "embed_command",
        "Make the missing vectors with the model that SAYWHO_EMBEDDER names.",
    ),
    "export": _Place(
        "export",
        "export_command",
        "Write all posts, or those of one author, as a file that `saywho import` reads again.",
    ),
    "import": _Place(
        "imports",
        "import_command",
        "Import the posts of each FILE, recognised by its content; - reads standard input.",
    ),
    "operator": _Place("access", "operator_group", "Create operators' accounts."),
    "restore": _Place(
        "backup", "restore_command", "Restore a backup to an empty data folder, verified."
    ),
    "search": _Place("search", "search_command", "Search the posts for QUERY, the best first."),
    "serve": _Place(
        "serve", "serve_command", "Migrate the database and serve, as hypercorn.toml says."
    ),
    "token": _Place("access", "token_group", "Create, list and revoke API tokens."),
    "user": _Place("users", "user_group", "Add and delete authors."),
    "users": _Place("users", "users_command", "List the authors."),
}


@contextlib.contextmanager
def _usage_in_one_line() -> Iterator[None]:
    """End the program with one line at a usage error, as at all other errors."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        message = " ".join(error.format_message().split()).removesuffix(".")
        program = error.ctx.command_path if error.ctx else "saywho"
        click.echo(f"saywho: {message}; see {program} --help", err=True)
        sys.exit(error.exit_code)


class Commands(click.Group):
    """The commands in `PLACES`."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _usage_in_one_line():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _usage_in_one_line():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = PLACES.get(cmd_name)
        if place is None:
            return None
        command: click.Command = getattr(import_module(f"app.cli.{place.module}"), place.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        limit = formatter.width - 6 - max(map(len, PLACES))
        shown = [click.Command(name, help=place.help) for name, place in PLACES.items()]
        with formatter.section("Commands"):
            formatter.write_dl([(str(each.name), each.get_short_help_str(limit)) for each in shown])


@click.group("saywho", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="saywho", prog_name="saywho")
def saywho() -> None:
    """Keep people's posts, and ask who would have said this."""
