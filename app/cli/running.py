"""How a command runs: settings, a migrated database, and errors as one line with a status."""

import asyncio
import contextlib
import errno
import functools
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn, TypeVar

import click
import msgspec

from app.config import Config, ConfigError
from app.errors import AppError, StartError

T = TypeVar("T")
BAD_INPUT: Final = 2
FAILED: Final = 1
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EIO}

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def fail(message: str, status: int = FAILED) -> NoReturn:
    """End the program with one line on standard error."""
    click.echo(f"saywho: {message}", err=True)
    sys.exit(status)


def reported(command: Callable[..., T]) -> Callable[..., T]:
    """Let a command end with one line and a status where its input or its surroundings are bad."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> T:
        try:
            return command(*args, **kwargs)
        except ConfigError as error:
            fail(str(error), BAD_INPUT)
        except StartError as error:
            fail(str(error))
        except AppError as error:
            is_input = 400 <= error.status < 500
            fail(error.detail, BAD_INPUT if is_input else FAILED)
        except UnicodeEncodeError:
            # What is not UTF-8 on the command line comes in as halves of surrogate pairs.
            fail("an argument is not valid UTF-8", BAD_INPUT)
        except BrokenPipeError:
            _give_up_output()
            sys.exit(FAILED)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            _give_up_output()
            fail(f"the output cannot be written: {error.strerror}")

    return run


def _give_up_output() -> None:
    """Drop what standard output holds: the interpreter would try once more to write it."""
    with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def with_database(work: Callable[[Any, Config], Awaitable[T]]) -> T:
    """Run the work with the database, whose tables are made if there are none."""
    from app.db.engine import Database
    from app.db.migrate import prepare

    config = Config.from_env()
    prepare(config, upgrade_old=False)

    async def run() -> T:
        db = Database(config)
        try:
            return await work(db, config)
        finally:
            await db.close()

    return asyncio.run(run())


def print_json(value: object) -> None:
    """Print the value as one line of JSON."""
    click.echo(msgspec.json.encode(value).decode())
