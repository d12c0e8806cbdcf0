"""How a command runs: its database, its progress and result, its errors, and its signals."""

import asyncio
import contextlib
import errno
import io
import os
import select
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn, TypeVar

import click
import msgspec

from app.clock import monotonic
from app.config import Config, ConfigError
from app.errors import AppError, StartError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


T = TypeVar("T")
BAD_INPUT: Final = 2
FAILED: Final = 1
SIGNAL_CHECK_S: Final = 0.1
"""Seconds between checks for a signal while a read of standard input waits."""
_JSON: Final = "saywho.json"
_DISK_ERRORS: Final = {errno.ENOSPC, errno.EDQUOT, errno.EIO}


def _keep(context: click.Context, option: click.Parameter, value: bool) -> None:
    context.meta[_JSON] = value


json_option = click.option(
    "--json", is_flag=True, expose_value=False, callback=_keep, help="Print the result as JSON."
)


def wants_json() -> bool:
    """Return whether the command that runs has the option `--json`, and it was given."""
    return bool(click.get_current_context().meta.get(_JSON))


def fail(message: str, status: int = FAILED) -> NoReturn:
    """End the program with one line on standard error."""
    click.echo(f"saywho: {message}", err=True)
    sys.exit(status)


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """End the program with one line and a status where its input or environment is bad."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        message = " ".join(error.format_message().split()).removesuffix(".")
        program = error.ctx.command_path if error.ctx else "saywho"
        fail(f"{message}; see {program} --help", error.exit_code)
    except ConfigError as error:
        fail(str(error), BAD_INPUT)
    except StartError as error:
        fail(str(error))
    except AppError as error:
        fail(error.detail, BAD_INPUT if error.status < 500 else FAILED)
    except UnicodeEncodeError:
        # Arguments that are not UTF-8 arrive as lone surrogates.
        fail("an argument is not valid UTF-8", BAD_INPUT)
    except BrokenPipeError:
        _discard_output()
        sys.exit(FAILED)
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        _discard_output()
        fail(f"the output cannot be written: {error.strerror}")


def _discard_output() -> None:
    """Drop the content of standard output: the interpreter would try to write it again."""
    with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def with_database(work: Callable[[Any, Config], Awaitable[T]]) -> T:
    """Run the work with the database; an empty one gets its tables first."""
    from app.db.engine import Database
    from app.db.migrate import prepare

    config = Config.from_env()
    prepare(config, upgrade_old=False)

    async def run() -> T:
        async with Database(config) as db:
            return await work(db, config)

    return asyncio.run(run())


def reading(work: Callable[["AsyncSession"], Awaitable[T]]) -> T:
    """Run the work in one read transaction."""
    return with_database(lambda db, _: _within(db.read(), work))


def writing(work: Callable[["AsyncSession"], Awaitable[T]]) -> T:
    """Run the work in one write transaction."""
    return with_database(lambda db, _: _within(db.write(), work))


async def _within(
    opening: contextlib.AbstractAsyncContextManager["AsyncSession"],
    work: Callable[["AsyncSession"], Awaitable[T]],
) -> T:
    async with opening as session:
        return await work(session)


def print_result(value: object, *lines: str, notes: Iterable[str] = ()) -> None:
    """Print the value as JSON if the option asks for it, else lines for people.

    The notes go to standard error, before the lines.
    """
    if wants_json():
        print_json(value)
        return
    for note in notes:
        click.echo(note, err=True)
    for line in lines:
        click.echo(line)


def print_json(value: object) -> None:
    """Print the value as one line of JSON."""
    click.echo(msgspec.json.encode(value).decode())


class Interrupts:
    """Cancels the current task at the first SIGINT or SIGTERM, ends the program at the second."""

    def __init__(self) -> None:
        self.came = threading.Event()
        self._task: asyncio.Task[Any] | None = asyncio.current_task()
        if threading.current_thread() is not threading.main_thread():
            return  # Only the main thread receives signals.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt, number)

    def _interrupt(self, number: int) -> None:
        if self.came.is_set():
            os._exit(128 + number)
        self.came.set()
        if self._task is not None:
            self._task.cancel()

    def input(self, stream: BinaryIO) -> BinaryIO:
        """Return a reader of the stream that ends with it, or at a signal."""
        try:
            number = stream.fileno()
        except io.UnsupportedOperation:
            return stream
        return io.BufferedReader(_Interruptible(number, self.came))


class _Interruptible(io.RawIOBase):
    def __init__(self, number: int, came: threading.Event) -> None:
        self._number = number
        self._came = came

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # always a memoryview
        while not select.select([self._number], [], [], SIGNAL_CHECK_S)[0]:
            if self._came.is_set():
                return 0
        chunk = os.read(self._number, len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


LINE_EVERY_S: Final = 5.0
"""Seconds between two lines."""


class Progress(contextlib.ExitStack):
    """Shows how far a piece of work is; a bar gets the options of click's."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__()
        self._label = label
        self._options = options
        self._next_line = monotonic() + LINE_EVERY_S
        self._bar: Any = None

    def show(self, done: int, total: int, text: str) -> None:
        """Show how much of the total is done, and the same in words."""
        if sys.stderr.isatty():
            # Created late: some totals are known only once the work has begun.
            self._bar = self._bar or self.enter_context(
                click.progressbar(length=total, label=self._label, file=sys.stderr, **self._options)
            )
            self._bar.update(done - self._bar.pos, text)
        elif monotonic() >= self._next_line:
            self._next_line = monotonic() + LINE_EVERY_S
            click.echo(f"{self._label}: {text}", err=True)


@contextlib.contextmanager
def counted(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows how much of the total is done."""
    with Progress(label, show_pos=True) as progress:
        yield lambda done: progress.show(done, total, f"{done:,} of {total:,}")
