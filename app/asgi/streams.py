"""The ASGI layer in front of all others, which sends answers that outlast their view.

An endless answer needs a connection only. Its request, contexts, tasks and the layers' frames are
released once the headers are sent, since there may be ten thousand of them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from app.asgi.edge import AsgiApp, Receive, Scope, Send
from app.paths import STREAMS

KEY: Final = "saywho.stream"
DISCONNECT: Final = "http.disconnect"

Stream = Callable[[Send, "asyncio.Future[None]"], Awaitable[None]]
"""Function that sends the body until the future is done, because the client is gone."""


class Streams:
    """Wrapper of the app; a view begins a stream by `hand_over` and an answer without a body."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].endswith(STREAMS):
            await self._app(scope, receive, send)
            return
        handed_over: list[tuple[Stream, Callable[[], None]]] = []

        async def send_head(message: Any) -> None:
            if not (handed_over and message["type"] == "http.response.body"):
                await send(message)

        receiver = Receiver(receive)
        try:
            await self._app(scope | {KEY: handed_over}, receiver.receive, send_head)
            if handed_over:
                await handed_over[0][0](send, receiver.gone())
        finally:
            receiver.close()
            for _, on_end in handed_over:
                on_end()


def hand_over(scope: Scope, stream: Stream, on_end: Callable[[], None]) -> None:
    """Make a stream the body of the answer that the view is about to begin.

    `on_end` is called in any case, even if the client leaves before the stream begins.
    """
    scope[KEY].append((stream, on_end))


class Receiver:
    """Reader of the server's messages. The app may cancel its wait, which not all servers bear."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._coming: asyncio.Task[Any] | None = None
        self._is_gone = False

    async def receive(self) -> Any:
        if self._coming is None:
            self._coming = asyncio.create_task(self._next())
        message = await asyncio.shield(self._coming)
        self._coming = None
        self._is_gone = message["type"] == DISCONNECT
        return message

    def gone(self) -> "asyncio.Future[None]":
        """Return a future that is done when the client is gone; it discards all other messages."""
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._is_gone:
            gone.set_result(None)
            return gone

        def take(task: asyncio.Task[Any]) -> None:
            if task.cancelled() or gone.done():
                return
            if task.exception() is not None or task.result()["type"] == DISCONNECT:
                gone.set_result(None)
            else:
                self._coming = asyncio.create_task(self._next())
                self._coming.add_done_callback(take)

        if self._coming is None:
            self._coming = asyncio.create_task(self._next())
        self._coming.add_done_callback(take)
        return gone

    def close(self) -> None:
        if self._coming is not None:
            self._coming.cancel()

    async def _next(self) -> Any:
        return await self._receive()
