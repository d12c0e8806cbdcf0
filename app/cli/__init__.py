"""The command line: `saywho …`, and the same commands under `quart --app app …`.

Each command is imported when it runs, since some imports take a second.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from app.cli.running import one_line_errors

if TYPE_CHECKING:
    from quart import Quart

PLACES: Final = {
    "backup": ("database", "Write everything to the new FILE, while the server goes on writing."),
    "check": ("database", "Check the database, and what is derived from the posts."),
    "compare": ("compare", "Say who would have said TEXT: one of the authors, or somebody else."),
    "db": ("database", "Migrate the database."),
    "demo": ("imports", "Load the sample posts; a second run changes nothing."),
    "embed": ("search", "Make the missing vectors with the model that SAYWHO_EMBEDDER names."),
    "export": (
        "export",
        "Write all posts, or those of one author, as a file that `saywho import` reads again.",
    ),
    "follow": ("follow", "Follow accounts and feeds, and fetch their new posts."),
    "import": (
        "imports",
        "Import the posts of each FILE, recognised by its content; - reads standard input.",
    ),
    "operator": ("access", "Create operators' accounts."),
    "restore": (
        "database",
        "Restore the backup FILE to an empty data folder, once all of it is verified.",
    ),
    "search": ("search", "Search the posts for QUERY, the best first."),
    "serve": ("serve", "Migrate the database and serve, as hypercorn.toml says."),
    "spark": ("spark", "Fit models to corpora of any size, and judge texts by them, on Spark."),
    "token": ("access", "Create, list and revoke API tokens."),
    "user": ("users", "Add and delete authors."),
    "users": ("users", "List the authors."),
}
"""Module and help of each command; in its module it is called `…_command`."""


class Commands(click.Group):
    """The commands in `PLACES`; an error of any ends the program with one line."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with one_line_errors():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with one_line_errors():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in PLACES:
            return None
        module = import_module(f"app.cli.{PLACES[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        limit = formatter.width - 6 - max(map(len, PLACES))
        shown = [click.Command(name, help=text) for name, (_, text) in PLACES.items()]
        with formatter.section("Commands"):
            formatter.write_dl([(str(each.name), each.get_short_help_str(limit)) for each in shown])


@click.group("saywho", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="saywho", prog_name="saywho")
def saywho() -> None:
    """Keep people's posts, and ask who would have said this."""


def main() -> None:
    """Run the command line."""
    saywho(prog_name="saywho")


def init_app(app: "Quart") -> None:
    """Make the commands the app's own command line."""
    app.cli = Commands(app.name)
