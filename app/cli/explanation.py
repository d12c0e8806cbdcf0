"""`saywho import --explain`: how files would be read, in sentences; nothing is stored."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import BinaryIO, Final

import msgspec

from app.cli.outputs import BAD_INPUT, FAILED, fail, print_result
from app.config import Config
from app.runtime.sandbox import MOST_MEMORY, ReadError, Sandbox
from saywho.formats.explanation import Explanation, ExplanationRequest, explain
from saywho.formats.records import ReadOptions
from saywho.sizes import MIB

MOST_S: Final = 600
"""Seconds for a file, as long as an import may be without progress."""


def explain_files(
    names: Sequence[str], format_name: str, options: ReadOptions, *, has_words: bool
) -> int:
    """Print the explanations of files; return the exit status."""
    limit = Config.from_env().max_import_bytes
    explanations = []
    for name in names:
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
                has_words=has_words,
            )
            explanations.append(asyncio.run(_explained(request, name)))
    lines = [line for explanation in explanations for line in explanation.lines]
    print_result({"files": explanations}, *lines)
    sys.stdout.flush()
    return max(map(_status, explanations))


def _status(explanation: Explanation) -> int:
    if explanation.failure is not None:
        return BAD_INPUT
    return FAILED if explanation.broken is not None else 0


async def _explained(request: ExplanationRequest, name: str) -> Explanation:
    with TemporaryFile() as body:
        body.write(msgspec.json.encode(request))
        body.flush()
        try:
            async with Sandbox(MOST_S).read(explain, body) as lines:
                return msgspec.json.decode(lines.readline(), type=Explanation)
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
