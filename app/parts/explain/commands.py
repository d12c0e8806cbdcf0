"""`saywho import --explain`: what was read in files and what was not, and nothing is stored."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from copy import copy
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import BinaryIO, Final

import click
import msgspec

from app.cli.running import BAD_INPUT, FAILED, fail, print_result
from app.config import MIB, Config
from app.formats.records import ReadOptions
from app.parts.explain.explained import Explanation, ExplanationRequest, decoded_explanation
from app.parts.explain.explanation import explain
from app.parts.explain.explanation_text import explanation_lines
from app.sandbox import MOST_MEMORY, ReadError, Sandbox

MOST_S: Final = 600
"""Seconds for which a file is read, as long as an import may stand still."""
_REST_S: Final = 20
"""Seconds in which reading ends by itself before it is killed."""


_CHUNK: Final = 1024 * 1024


def add_to_import(command: click.Command) -> click.Command:
    """Return `saywho import` with the option `--explain`, before that of its output."""
    explain_option = click.Option(
        ["--explain", "instead"],
        is_flag=True,
        callback=lambda _context, _option, is_given: explain_files if is_given else None,
        help="Report how each file is read and what was not understood, with its text masked.",
    )
    more = copy(command)
    more.params = [*command.params[:-1], explain_option, command.params[-1]]
    return more


def explain_files(names: Sequence[str], format_name: str, options: ReadOptions) -> int:
    """Print what is in the files and what was not understood; return the exit status."""
    limit = Config.from_env().max_import_bytes
    explanations = [_explained(name, format_name, options, limit) for name in names]
    lines = [line for explanation in explanations for line in explanation_lines(explanation)]
    print_result({"files": explanations}, *lines)
    sys.stdout.flush()
    return max(map(_status, explanations))


def _status(explanation: Explanation) -> int:
    if explanation.failure is not None:
        return BAD_INPUT
    return FAILED if explanation.broken is not None else 0


def _explained(name: str, format_name: str, options: ReadOptions, limit: int) -> Explanation:
    """Explain a file in a process of its own. Raises ReadError."""
    with ExitStack() as stack:
        path = Path(name)
        if name == "-":
            path = _copied(sys.stdin.buffer, limit, stack)
        elif path.exists() and not (path.is_file() or path.is_dir()):
            path = _copied(stack.enter_context(path.open("rb")), limit, stack)
        request = ExplanationRequest(
            path=str(path.absolute()),
            name=Path(name).name,
            options=options,
            limit_bytes=limit,
            seconds=MOST_S - _REST_S,
            format=format_name,
        )
        body = stack.enter_context(TemporaryFile())
        body.write(msgspec.json.encode(request))
        body.flush()
        return asyncio.run(_read(body, name))


async def _read(body: BinaryIO, name: str) -> Explanation:
    try:
        async with Sandbox(MOST_S).read(explain, body) as lines:
            return decoded_explanation(lines.readline())
    except ReadError:
        limits = f"{MOST_S} seconds or {MOST_MEMORY // MIB} MB of memory"
        fail(f"{name}: reading it takes more than {limits}")


def _copied(stream: BinaryIO, limit: int, stack: ExitStack) -> Path:
    """Return a copy of what the other process could not open: somewhat more than is read."""
    copy = stack.enter_context(NamedTemporaryFile())  # noqa: SIM115 # is closed with the others
    while copy.tell() <= limit and (chunk := stream.read(_CHUNK)):
        copy.write(chunk)
    copy.flush()
    return Path(copy.name)
