"""`saywho import --explain`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from copy import copy
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from app.cli.outputs import BAD_INPUT, FAILED, fail, print_result
from app.config import Config
from saywho.sizes import MIB

if TYPE_CHECKING:
    from app.parts.explain.explanation import Explanation
    from saywho.formats.records import ReadOptions

MOST_S: Final = 600
"""Seconds for a file, as long as an import may be without progress."""


def add_to_import(command: click.Command) -> click.Command:
    """Return `saywho import` with the option `--explain` before `--json`."""
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
    """Print the explanations of files; return the exit status."""
    from app.parts.explain.explanation import explanation_lines

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
    import asyncio

    import msgspec

    from app.parts.explain.explanation import ExplanationRequest

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
            seconds=MOST_S - 20,  # Reading ends by itself before it is killed.
            format=format_name,
        )
        body = stack.enter_context(TemporaryFile())
        body.write(msgspec.json.encode(request))
        body.flush()
        return asyncio.run(_read(body, name))


async def _read(body: BinaryIO, name: str) -> Explanation:
    from app.parts.explain.explanation import decoded_explanation, explain
    from app.runtime.sandbox import MOST_MEMORY, ReadError, Sandbox

    try:
        async with Sandbox(MOST_S).read(explain, body) as lines:
            return decoded_explanation(lines.readline())
    except ReadError:
        limits = f"{MOST_S} seconds or {MOST_MEMORY // MIB} MB of memory"
        fail(f"{name}: reading it takes more than {limits}")


def _copied(stream: BinaryIO, limit: int, stack: ExitStack) -> Path:
    """Return a copy of a stream that the sandbox could not open, up to a chunk over the limit."""
    copy = stack.enter_context(NamedTemporaryFile())  # noqa: SIM115 # is closed with the others
    while copy.tell() <= limit and (chunk := stream.read(MIB)):
        copy.write(chunk)
    copy.flush()
    return Path(copy.name)
