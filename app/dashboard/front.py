"""The ASGI layer that gives out figures that are made, or being made, for somebody else already.

Of many who look at the same, one goes on to the app; so a change costs each of the others little.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from app.asgi.cached import HIT, PERSONAL, headers_of, locale_of, takes_gzip
from app.asgi.edge import AsgiApp, Receive, Scope, Send
from app.config import Config
from app.dashboard.calls import call_of
from app.dashboard.shared import Shared
from app.errors import AppError

UPDATE: Final = "/dashboard/_dash-update-component"
BODY_TIMEOUT_S: Final = 5.0
"""A slower body is left to the app, which refuses it in time."""
HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"content-encoding", b"gzip"),
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept-Encoding"),
    HIT,
)
PASSED: Final = (b"authorization", b"saywho-after")
"""Headers with which a request is the app's."""


class Front:
    """Wraps the app; `shared` gives its figures once it serves."""

    def __init__(self, app: AsgiApp, config: Config, shared: Callable[[], Shared | None]) -> None:
        self._app = app
        self._config = config
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shared = self._shared() if self._may_be_shared(scope) else None
        if shared is None:
            await self._app(scope, receive, send)
            return
        messages: deque[Any] = deque()
        body = await self._answer(scope, receive, messages, shared)
        if body is None:

            async def again() -> Any:
                return messages.popleft() if messages else await receive()

            await self._app(scope, again, send)
            return
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _may_be_shared(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["path"] != UPDATE or scope["method"] != "POST":
            return False
        headers = headers_of(scope)
        return (
            self._config.public
            and not any(name in headers for name in PASSED)
            and PERSONAL not in headers.get(b"cookie", b"")
            and headers.get(b"content-type", b"").startswith(b"application/json")
            and takes_gzip(headers)
        )

    async def _answer(
        self, scope: Scope, receive: Receive, messages: deque[Any], shared: Shared
    ) -> bytes | None:
        """Return the figure; None if the app has to answer, with the messages taken so far."""
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                while not messages or messages[-1].get("more_body", False):
                    messages.append(await receive())
            call = call_of(b"".join(message.get("body", b"") for message in messages))
        except (TimeoutError, AppError):
            return None
        locale = self._config.locale or locale_of(headers_of(scope))
        return await shared.join((locale, call.output, call.ask.view), after=call.ask.after)
