"""The command line: `saywho …`, and the same commands under `quart --app app …`.

Each command is imported when it runs, since some imports take a second.
"""

import contextlib
import gc
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from app import parts
from app.cli.running import one_line_errors
from app.config import Config, ConfigError

if TYPE_CHECKING:
    from quart import Quart

MODULES: Final = {
    "compare": ("compare",),
    "database": ("backup", "check", "db", "restore"),
    "imports": ("demo", "import"),
    "posts": ("embed", "export", "search"),
    "rooms": ("room", "rooms"),
    "serve": ("serve",),
    "users": ("operator", "token", "user", "users"),
}
MODULE_OF: Final = {
    name: f"app.cli.{module}" for module, names in MODULES.items() for name in names
} | {name: f"app.parts.{part.name}.commands" for part in parts.PARTS for name in part.commands}
"""Module of each command, whose function is called `NAME_command` there."""
PART_OF: Final = {name: part.name for part in parts.PARTS for name in part.commands}


class Commands(click.Group):
    """The commands of `MODULE_OF` without left-out parts. Errors are printed as one line."""

    def __init__(self, *args: Any, without: frozenset[str] | None = None, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self._without = without

    def left_out(self) -> frozenset[str]:
        if self._without is None:
            with contextlib.suppress(ConfigError):  # The command itself reports it.
                return Config.from_env().without
        return self._without or frozenset()

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with one_line_errors():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with one_line_errors():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        without = self.left_out()
        return sorted(name for name in MODULE_OF if PART_OF.get(name) not in without)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULE_OF:
            return None
        adding = [part.name for part in parts.PARTS if cmd_name in part.adds_to]
        # Other commands read the settings when they need them, after their first line.
        without = self.left_out() if adding or cmd_name in PART_OF else frozenset[str]()
        if PART_OF.get(cmd_name) in without:
            return None
        gc.disable()  # The imports leave no garbage; looking for it takes a tenth of their time.
        try:
            module = import_module(MODULE_OF[cmd_name])
        finally:
            gc.enable()
        command: click.Command = getattr(module, f"{cmd_name}_command")
        for name in adding:
            if name not in without:
                module = import_module(f"app.parts.{name}.commands")
                command = getattr(module, f"add_to_{cmd_name}")(command)
        if ctx.command is not self:
            # `quart` gets a command and runs it itself.
            command.invoke = one_line_errors()(command.invoke)  # type: ignore[method-assign]
        return command


@click.group(
    "saywho",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: saywho serve --sample\n\nOptions of a command: saywho COMMAND --help",
)
@click.version_option(package_name="saywho", prog_name="saywho")
def saywho() -> None:
    """Keep people's posts, and ask who would have said this."""


def main() -> None:
    saywho(prog_name="saywho")


def init_app(app: "Quart", config: Config) -> None:
    """Make these commands the app's command line, for `quart --app app`."""
    app.cli = Commands(app.name, without=config.without)
