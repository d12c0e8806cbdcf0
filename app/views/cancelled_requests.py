"""How Quart handles a request: its view ends when its request does."""

import asyncio
from typing import Any, Final

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable
from quart import Quart, Request
from quart.asgi import ASGIHTTPConnection

END_S: Final = 1.0
"""Seconds that a view has for its end; a statement may go on for longer in its thread."""


class RequestConnection(ASGIHTTPConnection):
    """Quart's connection of a request, whose view is ended where the request is cancelled.

    Quart (0.22) leaves the view running then. At a stop it would go on, unseen, while what it
    needs is closed.
    """

    def __init__(self, app: Quart, scope: Any) -> None:
        # Quart takes `root_path` away, as the outermost layer has done already.
        super().__init__(app, scope | {"path": scope.get("root_path", "") + scope["path"]})
        self._handler: asyncio.Task[Any] | None = None

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        try:
            await super().__call__(receive, send)
        except asyncio.CancelledError:
            if self._handler is not None:
                self._handler.cancel()
                await asyncio.wait([self._handler], timeout=END_S)
            raise

    async def handle_request(self, request: Request, send: ASGISendCallable) -> None:
        """Run the view; Quart calls this in a task of its own."""
        self._handler = asyncio.current_task()
        await super().handle_request(request, send)


def init_app(app: Quart) -> None:
    app.asgi_http_class = RequestConnection
