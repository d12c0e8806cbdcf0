"""Output of commands: lines for people, results and errors, progress, and files."""

import contextlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

import click

from app.runtime.encoding import encoded
from app.security import durable_file

BAD_INPUT: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130
"""Status of a program that Ctrl+C ends, as shells have it."""
SHOWN_ERRORS: Final = 20
_JSON: Final = "saywho.json"
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _keep(context: click.Context, option: click.Parameter, value: bool) -> None:
    context.meta[_JSON] = value


json_option = click.option(
    "--json", is_flag=True, expose_value=False, callback=_keep, help="Print the result as JSON."
)


def wants_json() -> bool:
    """Return whether the running command was given the option `--json`."""
    return bool(click.get_current_context().meta.get(_JSON))


def fail(message: str, status: int = FAILED) -> NoReturn:
    """End the program with a line on standard error, or several that the program wrote."""
    for line in f"saywho: {message}".split("\n"):
        say(line, err=True)
    sys.exit(status)


def say(line: str, *, err: bool = False) -> None:
    """Print a line for people: all that a command says, but for JSON and exports."""
    click.echo(terminal_line(line), err=err)


def counted(count: int, *, messages: bool = False) -> str:
    """Return a number of posts or messages in words."""
    return f"{count:,} {'message' if messages else 'post'}{'' if count == 1 else 's'}"


def print_result(value: object, *lines: str, notes: Iterable[str] = ()) -> None:
    """Print the value with `--json`, otherwise the notes on standard error and the lines."""
    if wants_json():
        print_json(value)
        return
    for note in notes:
        say(note, err=True)
    for line in lines:
        say(line)


def print_list(items: Sequence[object], lines: Iterable[str], if_empty: str) -> None:
    """Print a whole list as a page of the API, or a line for each item."""
    page = {"items": items, "next": None}
    print_result(page, *lines, notes=[] if items else [if_empty])


def error_lines(errors: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for each of the first reasons: the file, the place of its first error, the
    reason, and the number of the other errors that have it.
    """
    alike: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for error in errors:
        alike.setdefault((error["file"], error["detail"]), []).append(error)
    lines = [_error_line(same[0], len(same) - 1) for same in list(alike.values())[:SHOWN_ERRORS]]
    return [*lines, "… (--json lists more)"] if len(alike) > SHOWN_ERRORS else lines


def _error_line(error: Mapping[str, Any], others: int) -> str:
    name, detail = error["file"], error["detail"]
    units = (f"{unit} {error[unit]}: " for unit in ("line", "record") if unit in error)
    line = detail if detail.startswith(name) else f"{name}: {next(units, '')}{detail}"
    return f"{line} (and {others} more)" if others else line


def ask(question: str, *, abort: bool = False, err: bool = False) -> bool:
    is_meant = click.confirm(terminal_line(question), err=err)
    if abort and not is_meant:
        sys.exit(FAILED)  # Who says no has not interrupted anything.
    return is_meant


def terminal_line(line: str) -> str:
    """Return a line without signs that control a terminal or turn the direction of writing.

    Names and texts in a file may have them, so that the screen would show another line.
    """
    return _CONTROLS.sub("\ufffd", _DIRECTIONS.sub("", line))


def print_json(value: object) -> None:
    from saywho.text import json_lines

    click.echo(json_lines(encoded(value)).decode())


Show = Callable[[int, int, str], None]
"""Function that shows the finished amount, the total, and both in words."""


@contextlib.contextmanager
def progress(label: str) -> Iterator[Show]:
    """Show the progress of work with a bar on a terminal, and nothing elsewhere."""
    with contextlib.ExitStack() as stack:
        bar: Any = None

        def show(done: int, total: int, text: str) -> None:
            nonlocal bar
            if not sys.stderr.isatty():
                return
            # Created late: some totals are known only once the work has begun.
            bar = bar or stack.enter_context(
                click.progressbar(
                    length=total,
                    label=label,
                    file=sys.stderr,
                    item_show_func=lambda text: text and terminal_line(text),
                )
            )
            bar.update(done - bar.pos, text)

        yield show


@contextlib.contextmanager
def opened_output(path: Path | None) -> Iterator[BinaryIO]:
    """Open the file, or standard output; the file gets its name when it is complete.

    Ends the program with a line if it cannot be written.
    """
    try:
        with _opened(path) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        fail(f"{path or 'standard output'} cannot be written: {error.strerror}")


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        return
    path = path.resolve()  # Replace the target of a link, and keep the link.
    if path.exists() and not path.is_file():  # A pipe or a device.
        with path.open("wb") as special:
            yield special
        return
    with durable_file(path) as file:
        yield file
