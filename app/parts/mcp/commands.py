"""`saywho mcp`: the tools of assistants for programs on this computer, over standard streams."""

from __future__ import annotations

import asyncio
import pkgutil
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import click

from app.cli import own_config
from app.cli.outputs import fail

if TYPE_CHECKING:
    from quart import Quart

    from app.config import Config
    from app.models import Assistants

HERE: Final = "http://127.0.0.1:8000"
"""Where `saywho serve` listens by default."""
NEEDS_SWITCH: Final = (
    "assistants are off: an operator can switch them on in Settings; or start this command with"
    " --allow, which lets the program that started it read the words of other people"
)


@click.command("mcp", epilog="Example: saywho mcp --allow")
@click.option(
    "--allow",
    type=click.Choice(["letters", "names"]),
    is_flag=False,
    flag_value="letters",
    metavar="[letters|names]",
    help="Let the program read, whatever Settings say: people as letters (default), or with names.",
)
def mcp_command(allow: Assistants | None) -> None:
    """Let an assistant read, over standard input and output.

    An assistant on this computer starts this command, and sends messages of the Model Context
    Protocol, one a line. It reads everything, and changes nothing.
    """
    asyncio.run(_serve(own_config(), allow))


async def _serve(config: Config, allow: Assistants | None) -> None:
    from app.lifespan import resources
    from app.parts.mcp.messages import answer
    from app.parts.mcp.redaction import AssistantAccess
    from app.services.access.rights import read_assistants
    from app.serving.settings import APPLICATION

    app: Quart = pkgutil.resolve_name(APPLICATION.removesuffix("()"))(config)
    async with app.test_app():

        async def may() -> AssistantAccess:
            """Return how to answer now. Ends the program while assistants are off."""
            async with app.app_context(), resources().db.read() as session:
                choice = allow or await read_assistants(session)
            if choice == "off":
                fail(NEEDS_SWITCH)
            return AssistantAccess(config.url or HERE, choice == "names")

        await may()
        lines: asyncio.Queue[bytes] = asyncio.Queue(1)
        _begin_reading(lines, asyncio.get_running_loop())
        while line := await lines.get():
            access = await may()
            async with app.app_context():
                told = await answer(line, access, "this computer")
            if told.body:
                sys.stdout.buffer.write(told.body + b"\n")
                sys.stdout.buffer.flush()


def _begin_reading(lines: asyncio.Queue[bytes], loop: asyncio.AbstractEventLoop) -> None:
    """Put the lines of standard input into the queue, then b"", in a thread that ends with the
    program: a pipe, a file and a terminal are read alike.
    """
    from app.parts.mcp.messages import MOST_BYTES

    def put(line: bytes) -> Any:
        return asyncio.run_coroutine_threadsafe(lines.put(line), loop).result()

    def read() -> None:
        pipe = sys.stdin.buffer
        while line := pipe.readline(MOST_BYTES + 2):
            rest = line
            while not rest.endswith(b"\n") and (rest := pipe.readline(MOST_BYTES)):
                pass  # The message is too long, and is refused by its beginning.
            if line.strip():
                put(line)
        put(b"")

    threading.Thread(target=read, daemon=True).start()
