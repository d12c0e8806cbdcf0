"""The command line: `saywho …`, and the same commands under `quart --app app …`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quart import Quart


def main() -> None:
    """Run the command line."""
    from app.cli.commands import saywho

    saywho(prog_name="saywho")


def init_app(app: "Quart") -> None:
    """Add the commands to the app's own command line."""
    from app.cli.commands import saywho

    for command in saywho.commands.values():
        app.cli.add_command(command)
