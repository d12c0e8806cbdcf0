"""`saywho completion`: the script by which a shell completes names of commands and options."""

from typing import Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from app.cli import saywho

SHELLS: Final[dict[str, type[ShellComplete]]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}


@click.command("completion", epilog="Example: source <(saywho completion bash)")
@click.argument("shell", type=click.Choice(SHELLS), metavar="SHELL")
def completion_command(shell: str) -> None:
    """Print the script that completes words in SHELL.

    SHELL is bash, zsh or fish. After the script has run, the Tab key completes commands, options
    and their values.
    """
    click.echo(SHELLS[shell](saywho, {}, "saywho", "_SAYWHO_COMPLETE").source())
