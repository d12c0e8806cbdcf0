"""The ASGI layer in front of everything: request ids, the access log, requests refused unread."""

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Final

import msgspec

from app.errors import AppError, MalformedError, problem
from app.flow import STREAMED_PATHS, Flow
from app.forwarded import forwarded

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

request_id: ContextVar[str] = ContextVar("request_id", default="-")
access_log = logging.getLogger("app.access")

_GOOD_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_GOOD_HOST = re.compile(
    rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?)(:\d{1,5})?"
)
SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)

CLOSE: Final = (b"connection", b"close")
STRICT_TRANSPORT_SECURITY: Final = (b"strict-transport-security", b"max-age=31536000")


class Edge:
    """Wraps the app: gives each request its id, and refuses what no view should see."""

    def __init__(
        self,
        app: AsgiApp,
        *,
        log_access: bool,
        trusted_proxies: int,
        on_answer: Callable[[str, int, float], None] = lambda *_: None,
    ) -> None:
        self._app = app
        self._log_access = log_access
        self._trusted_proxies = trusted_proxies
        self._on_answer = on_answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # There are none here; closing before accepting is answered with 403.
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            if self._trusted_proxies:
                scope = forwarded(scope, self._trusted_proxies)
            request_id.set(_identifier(scope))
            await self._logged(scope, receive, send)

    async def _logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and write a line about it into the log."""
        started = time.perf_counter()
        status = 0

        async def send_noting(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._answer(scope, receive, send_noting)
        finally:
            seconds = time.perf_counter() - started
            self._on_answer(scope["method"], status, seconds)
            if self._log_access:
                # The query stays out of the log: it holds the texts that people compare.
                access_log.info(
                    "%s %s %d",
                    scope["method"],
                    scope["path"],
                    status,
                    extra={"duration_ms": round(1000 * seconds, 1)},
                )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        extra = [(b"x-request-id", request_id.get().encode()), *SECURITY_HEADERS]
        if scope["scheme"] == "https":
            extra.append(STRICT_TRANSPORT_SECURITY)
        is_streamed = scope["method"] == "POST" and scope["path"] in STREAMED_PATHS
        flow = Flow() if is_streamed else None

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                # What is answered before its body has come leaves the rest of that behind.
                is_early = flow is not None and not flow.is_whole and _has_body(scope)
                close = [CLOSE] if is_early else []
                message = message | {"headers": [*message["headers"], *extra, *close]}
            await send(message)

        if error := _refusal(scope):
            await _refuse(error, send_with_headers)
        elif flow is None:
            await self._app(scope, receive, send_with_headers)
        else:
            await self._app(scope | {Flow.KEY: flow}, flow.gate(receive), send_with_headers)
            if not flow.is_whole:
                await flow.drain(receive)


def _identifier(scope: Scope) -> str:
    """Return the request's id, as sent if it is a good one."""
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    if len(given) == 1 and _GOOD_ID.fullmatch(given[0]):
        return str(given[0], "ascii")
    return secrets.token_hex(8)


def _has_body(scope: Scope) -> bool:
    """Return whether a body was announced, as HTTP/1 does; HTTP/2 ends streams one by one."""
    names = {name for name, _ in scope["headers"]}
    return b"content-length" in names or b"transfer-encoding" in names


def _refusal(scope: Scope) -> AppError | None:
    names = [name for name, _ in scope["headers"]]
    if b"content-length" in names and b"transfer-encoding" in names:
        # Two lengths: the next hop may believe the other one (request smuggling, RFC 9112, 6.3).
        return MalformedError("A request must not have both Content-Length and Transfer-Encoding")
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if any(host and not _GOOD_HOST.fullmatch(host) for host in hosts):
        return MalformedError("The Host header is not a host name")
    return None


async def _refuse(error: AppError, send: Send) -> None:
    body = msgspec.json.encode(problem(error))
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        CLOSE,
    ]
    await send({"type": "http.response.start", "status": error.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
