"""The command line: `saywho …`, and the same commands under `quart --app app …`.

The module of a command is imported when one is named, and imports what it works with when it runs,
since that takes a second. This module also opens their database and reports errors. `outputs.py`
writes their results.
"""

import contextlib
import errno
import gc
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, TypeVar, get_args

import click

from app import part_list, withdrawn
from app.cli.outputs import BAD_INPUT, FAILED, INTERRUPTED, ask, fail, say
from app.config import Config, ConfigError, Locale, is_default_folder
from app.errors import AppError, StartError, status_of
from saywho import __version__

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from click.shell_completion import CompletionItem
    from quart import Quart
    from sqlalchemy.ext.asyncio import AsyncSession


class Command(NamedTuple):
    """A command that is not imported: its module, and the first line of its docstring."""

    module: str
    line: str
    part: str = ""


MODULES: Final = {
    "compare": {"compare": "Find who would have said TEXT."},
    "completion": {"completion": "Print the script that completes words in SHELL."},
    "database": {
        "backup": "Write a backup of everything to a new FILE.",
        "check": "Check the database and the stored media.",
        "db": "Migrate the database.",
        "restore": "Restore the backup FILE into an empty data folder.",
    },
    "imports": {
        "demo": "Load the sample posts; a second run changes nothing.",
        "import": "Import the posts of each FILE.",
    },
    "posts": {
        "embed": "Compute the missing vectors for searches by meaning.",
        "export": "Export all posts, or the posts of one author or chat.",
        "search": "Search the posts for QUERY.",
    },
    "read": {"read": "Print the posts of FILE, without a site."},
    "shell": {"shell": "Open a prompt that can await, in the started app."},
    "serve": {"serve": "Migrate the database and start the server."},
    "users": {
        "operator": "Create, list, unlock and remove accounts.",
        "room": "Delete chats.",
        "rooms": "List the chats, each with its ID.",
        "token": "Create, list and revoke API tokens.",
        "user": "Add, join, part and delete authors.",
        "users": "List the authors.",
    },
}
"""Modules of this package, with their commands."""
COMMANDS: Final = {
    name: Command(f"app.cli.{module}", line)
    for module, lines in MODULES.items()
    for name, line in lines.items()
} | {
    name: Command(f"app.parts.{part.name}.commands", line, part.name)
    for part in part_list.PARTS
    for name, line in part.commands
}
"""The function of each is called `NAME_command`."""
READERS: Final = ("import", "read", "restore")
"""Commands that read files, which may be strangers'."""


T = TypeVar("T")

Option = Callable[[Callable[..., None]], Callable[..., None]]
id_type: Final = click.IntRange(1, 2**53 - 1)
"""Numbers of rows, up to `MAX_ID` of the models, which take long to import."""
yes_option = click.option(
    "--yes", is_flag=True, help="Do not ask for confirmation, even on a terminal."
)


def authors_option(shown: str, *, is_required: bool = False) -> Option:
    names = "-u", "--username", "usernames"
    return click.option(*names, metavar="NAME", multiple=True, required=is_required, help=shown)


def output_option(shown: str) -> Option:
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("-o", "--output", type=kind, metavar="FILE", required=True, help=shown)


def language_option(shown: str) -> Option:
    return click.option("--language", type=click.Choice(get_args(Locale)), help=shown)


def timezone_option(shown: str) -> Option:
    return click.option("--timezone", "zone", metavar="ZONE", callback=_zone, help=shown)


def _zone(_context: click.Context, _option: click.Parameter, name: str | None) -> "ZoneInfo | None":
    from app.views.filters import parse_zone

    return None if name is None else parse_zone(name)


def is_asked(yes: bool) -> bool:
    """Return whether to ask for confirmation: on a terminal, without `--yes`."""
    return not yes and sys.stdin.isatty()


def is_given(option: str) -> bool:
    """Return whether the running command was given an option, even with its default value."""
    source = click.get_current_context().get_parameter_source(option)
    return source is not click.core.ParameterSource.DEFAULT


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """End the program with one line and a status for errors in its input or environment."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        fail(_usage_line(error), error.exit_code)
    except ConfigError as error:
        fail(str(error), BAD_INPUT)
    except StartError as error:
        fail(str(error))
    except AppError as error:
        from app.cli.choices import with_option

        fail(with_option(error.detail), BAD_INPUT if status_of(error) < 500 else FAILED)
    except UnicodeEncodeError:
        # Arguments that are not UTF-8 arrive as lone surrogates.
        fail("an argument is not valid UTF-8", BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _discard_output()
        sys.exit(FAILED)
    except OSError as error:
        _fail_by(error)


def _usage_line(error: click.UsageError) -> str:
    program = error.ctx.command_path if error.ctx else "saywho"
    if isinstance(error, click.NoSuchOption) and error.ctx:
        used = f"{error.ctx.info_name} {error.option_name}"
        if used in withdrawn.COMMANDS:
            return _gone(used)
    message = " ".join(error.format_message().split()).removesuffix(".")
    return f"{message}; see {program} --help"


def _gone(used: str) -> str:
    return f"{used} is gone; {withdrawn.COMMANDS[used]}"


def _fail_by(error: OSError) -> NoReturn:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO}:
        _discard_output()
        fail(f"the output cannot be written: {error.strerror}")
    if error.filename is not None:
        fail(f"{os.fsdecode(error.filename)} cannot be read or written: {error.strerror}")
    raise error


def _discard_output() -> None:
    # The interpreter would try to write the rest of standard output again.
    with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def own_config() -> Config:
    """Return the settings of the environment, for a command that uses the data folder.

    Raises ConfigError if no setting names the folder, and it may be someone else's.
    """
    config, is_unnamed = Config.from_env(), is_default_folder()
    if is_unnamed or {"%", "?"}.intersection(str(config.data_dir.absolute())):
        from app.db.own_folder import prepare_folder

        asking = _ask if sys.stdin.isatty() else None
        for line in prepare_folder(config, is_unnamed=is_unnamed, ask=asking):
            say(f"saywho: {line}", err=True)
    return config


def _ask(lines: list[str]) -> bool:
    """Ask whether to use a data folder that the user may not have made."""
    say("This data folder has no mark of yours. Someone else may have made it:", err=True)
    for line in lines:
        say(f"  {line}", err=True)
    return ask("Do you know it, and want to use it?", err=True)


def with_database(work: Callable[[Any, Config], Awaitable[T]], *, only_reads: bool = False) -> T:
    """Run the work with the database, after creating the tables of an empty database.

    Work that only reads needs no right to write in the data folder.
    """
    import asyncio

    from app.db.engine import Database
    from app.db.migrate import prepare

    config = own_config()
    prepare(config, upgrade_old=False, only_reads=only_reads)

    async def run() -> T:
        async with Database(config, only_reads=only_reads) as db:
            try:
                return await work(db, config)
            except AppError as error:
                from app.views.cast import as_messages

                error.detail = await as_messages(db, error.detail)
                raise

    return asyncio.run(run())


def reading(work: Callable[["AsyncSession"], Awaitable[T]]) -> T:
    return with_database(lambda db, _: _within(db.read(), work), only_reads=True)


def writing(work: Callable[["AsyncSession"], Awaitable[T]]) -> T:
    return with_database(lambda db, _: _within(db.write(), work))


async def _within(
    opening: contextlib.AbstractAsyncContextManager["AsyncSession"],
    work: Callable[["AsyncSession"], Awaitable[T]],
) -> T:
    async with opening as session:
        return await work(session)


class Commands(click.Group):
    """The commands without those of left-out parts, and those that a project adds. Errors are
    printed as one line.
    """

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
        ours = {name for name, command in COMMANDS.items() if command.part not in without}
        return sorted(ours | self.commands.keys())

    def _line_of(self, name: str) -> str:
        added = self.commands.get(name)
        return added.get_short_help_str() if added else COMMANDS[name].line

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._line_of(name)) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem"]:
        from click.shell_completion import CompletionItem

        options = click.Command.shell_complete(self, ctx, incomplete)
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return [*(CompletionItem(name, help=self._line_of(name)) for name in names), *options]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        listed = COMMANDS.get(cmd_name)
        if cmd_name in withdrawn.COMMANDS and not ctx.resilient_parsing:
            raise click.UsageError(_gone(cmd_name), ctx)
        if listed is None:
            return super().get_command(ctx, cmd_name)
        # Other commands read the settings when they need them, after their first line.
        without = self.left_out() if listed.part else frozenset[str]()
        if listed.part in without:
            return None
        gc.disable()  # The imports leave no garbage; looking for it takes a tenth of their time.
        try:
            module = import_module(listed.module)
        finally:
            gc.enable()
        command: click.Command = getattr(module, f"{cmd_name}_command")
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
@click.version_option(__version__, prog_name="saywho")
def saywho() -> None:
    """Keep people's posts, and ask who would have said this."""


def main() -> None:
    if sys.argv[1:2] and sys.argv[1] in READERS:
        from app.cli.apart import run_apart

        run_apart()
    saywho(prog_name="saywho")


def init_app(app: "Quart", config: Config) -> None:
    """Make these commands the app's command line, for `quart --app app`.

    What `@app.cli.command()` adds stands beside them, with the options of Quart's own.
    """
    from quart.cli import AppGroup

    app.cli = type("AppCommands", (Commands, AppGroup), {})(app.name, without=config.without)

    @app.shell_context_processor
    def lead() -> dict[str, Any]:
        # Quart's own prompt knows no `await`, and the app that it opens has not started.
        say("For a prompt that can await, in the started app: saywho shell")
        return {}
