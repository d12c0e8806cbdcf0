"""The command line: `saywho …`, and the same commands under `quart --app app …`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quart import Quart


def main() -> None:
    """Run the command line."""
    from app.cli.commands import saywho

    saywho(prog_name="saywho")


def init_app(app: "Quart") -> None:
    """Make the commands the app's own command line."""
    from app.cli.commands import Commands

    app.cli = Commands(app.name)
