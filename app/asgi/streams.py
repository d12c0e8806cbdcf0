"""The ASGI layer for endless responses, which frees a request as soon as its view begins one.

For thousands of them, Quart would keep a request, its contexts and two tasks each.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, Protocol

from app import paths
from app.asgi.edge import AsgiApp, Receive, Scope, Send

PUSH: Final = "saywho.push"
"""Key of our HTTP/1.1's ASGI extension that sends a part of a body without waiting."""
HALF_CLOSED: Final[Any] = {"type": "saywho.half_closed"}
"""ASGI message of our HTTP/1.1 that the client sends nothing more.

Some such clients still read, so an endless response ends properly.
"""
_BODIES: Final = "saywho.bodies"


class EndlessBody(Protocol):
    async def send_to(
        self,
        send: Callable[[bytes], Any],
        push: Callable[[bytes], bool],
        gone: "asyncio.Future[None]",
    ) -> bool:
        """Send the body's parts until it ends; return whether the response ends with it.

        `push` sends a part without waiting and returns whether it did; `gone` is done when the
        client is gone or sends nothing more.
        """
        ...

    def close(self) -> None:
        """Release the body's resources, whether or not it was sent."""
        ...


class Streams:
    """Wrapper of the app; a view begins an endless response by `hand_over`."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_stream = scope["type"] == "http" and paths.is_endless(scope["path"])
        return (self._stream if is_stream else self._app)(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        bodies: list[EndlessBody] = []
        half_closed = asyncio.get_running_loop().create_future()
        gone = asyncio.create_task(_until_gone(receive, half_closed))
        messages = [{"type": "http.request", "body": b"", "more_body": False}]
        is_endless = False

        async def receive_empty() -> Any:
            if messages:
                return messages.pop()
            await asyncio.wait([gone])
            return {"type": "http.disconnect"}

        async def send_head(message: Any) -> None:
            """Send an endless response's head without its empty body; other responses whole."""
            nonlocal is_endless
            if message["type"] == "http.response.start":
                is_endless = bool(bodies) and message["status"] == HTTPStatus.OK
            elif is_endless:
                return
            await send(message)

        try:
            await self._app(scope | {_BODIES: bodies}, receive_empty, send_head)
            for body in bodies if is_endless else ():
                await _send_all(body, scope, send, half_closed)
        finally:
            gone.cancel()
            for body in bodies:
                body.close()


def hand_over(scope: Scope, body: EndlessBody) -> None:
    """Make this the body of the empty response of status 200 that a view is about to return.

    It is closed however the request ends.
    """
    if (bodies := scope.get(_BODIES)) is None:
        body.close()
        raise RuntimeError(f"no layer sends an answer without end at {scope['path']}")
    bodies.append(body)


async def _send_all(
    body: EndlessBody, scope: Scope, send: Send, gone: "asyncio.Future[None]"
) -> None:
    async def send_part(part: bytes) -> None:
        await send({"type": "http.response.body", "body": part, "more_body": True})

    extension = scope.get("extensions", {}).get(PUSH, {})
    push = extension.get("push", lambda _: False)
    if await body.send_to(send_part, push, gone):
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive, half_closed: "asyncio.Future[None]") -> None:
    while (message := await receive())["type"] != "http.disconnect":
        if message is HALF_CLOSED:
            half_closed.set_result(None)
    if not half_closed.done():
        half_closed.set_result(None)
