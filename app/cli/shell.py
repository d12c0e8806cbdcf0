"""`saywho shell`, a prompt of Python in the started app."""

from __future__ import annotations

import ast
import asyncio
import code
import inspect
import pkgutil
import signal
import threading
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import click

from app.cli import own_config

if TYPE_CHECKING:
    from quart import Quart

BANNER = """await works; `session` reads, and `async with write() as session:` writes and commits.
`await add_user(session, "mina")` in it and `await add_tweet("mina", "…")` also tell readers.
At hand: {names}. Ctrl+D leaves."""


@click.command("shell", epilog="Example: saywho shell")
def shell_command() -> None:
    """Open a prompt that can await, in the started app.

    It has the app, a session, the models, and functions of the services.
    """
    asyncio.run(_open())


async def _open() -> None:
    from app.serving.settings import APPLICATION

    app: Quart = pkgutil.resolve_name(APPLICATION.removesuffix("()"))(own_config())
    async with app.test_app(), app.app_context():
        ended = asyncio.Event()
        console = Console(app, asyncio.get_running_loop(), await _names(app))
        console.loop.add_signal_handler(signal.SIGINT, console.stop)

        def run() -> None:
            names = ", ".join(sorted(console.locals.keys() - {"__builtins__"}))
            console.interact(BANNER.format(names=names), exitmsg="")
            console.loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=run, daemon=True).start()
        await ended.wait()


async def _names(app: Quart) -> dict[str, Any]:
    from sqlalchemy import func, select

    import app.models as models
    from app.lifespan import resources
    from app.services.posts.tweets import get_post, list_posts
    from app.services.posts.users import add_user, find_user, get_author, list_authors
    from app.services.rooms.chats import list_rooms

    shown = [func, select, resources, add_user, find_user, get_author, list_authors]
    shown += [get_post, list_posts, list_rooms]
    tables = {mapper.class_.__name__: mapper.class_ for mapper in models.Base.registry.mappers}
    named = {getattr(each, "__name__", "func"): each for each in shown}
    parts = resources()
    named |= {"app": app, "write": parts.db.write, "add_tweet": parts.writer.add_tweet}
    return {"session": None} | tables | named


class Console(code.InteractiveConsole):
    """A prompt in a thread, whose statements run in the loop, each with a session of its own."""

    def __init__(self, app: Quart, loop: asyncio.AbstractEventLoop, names: dict[str, Any]) -> None:
        super().__init__(names)
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self.app, self.loop = app, loop
        self._running: asyncio.Task[None] | None = None

    def runcode(self, code: CodeType) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self._run(code), self.loop).result()
        except SystemExit:
            raise
        except BaseException:  # As at any prompt.
            self.showtraceback()

    def stop(self) -> None:
        """Cancel the statement that runs."""
        if self._running is not None:
            self._running.cancel()

    async def _run(self, code: CodeType) -> None:
        from app.lifespan import resources

        self._running = asyncio.current_task()
        async with self.app.app_context(), resources().db.read() as session:
            self.locals["session"] = session
            made = FunctionType(code, self.locals)()
            if inspect.isawaitable(made):
                await made
