"""The ASGI layer that gives each request its id, logs it, and refuses what no view should see.

It also bounds what is unread of a body, and discards what nobody wants of it (`Flow`).
"""

import asyncio
import contextlib
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any, ClassVar, Final

import msgspec

from app.asgi.hosts import OwnHosts, forwarded, in_origin_form
from app.clock import monotonic
from app.errors import AppError, MalformedError, problem
from app.logs import request_id
from app.paths import UPLOADS

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger(__name__)
access_log = logging.getLogger("app.access")

_GOOD_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)

SHORT_LENGTH_DIGITS: Final = 5
"""A longer body is not waited for before its answer."""
CLOSE: Final = (b"connection", b"close")
MOST_UNREAD_BYTES: Final = 1024 * 1024
LINGER_S: Final = 10.0
SILENCE_S: Final = 2.0
"""Seconds for which the rest of an unwanted body is discarded: in all, and without a byte."""
STRICT_TRANSPORT_SECURITY: Final = (b"strict-transport-security", b"max-age=31536000")


class Edge:
    """Wrapper of the app: request ids, the access log, refusals, security headers."""

    def __init__(
        self,
        app: AsgiApp,
        *,
        log_access: bool,
        trusted_proxies: int,
        url: str = "",
        on_answer: Callable[[str, int, float], None] = lambda *_: None,
    ) -> None:
        self._app = app
        self._log_access = log_access
        self._trusted_proxies = trusted_proxies
        self._hosts = OwnHosts(url, trusted_proxies)
        self._on_answer = on_answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # Closed before it is accepted: the server answers 403.
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] != "http":
            await _live(self._app, scope, receive, send)
        else:
            if self._trusted_proxies:
                scope = forwarded(scope, self._trusted_proxies)
            if scope["path"][:1] != "/":
                scope = in_origin_form(scope)
            started = monotonic()
            answer = _Answer(scope, send, self._hosts)
            request_id.set(answer.identifier)
            try:
                await self._answer(scope, receive, answer)
            finally:
                self._note(scope, answer.status, monotonic() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """Count an answer, and write a line about it into the log."""
        self._on_answer(scope["method"], status, seconds)
        if self._log_access:
            # The query stays out of the log: it holds the texts that people compare.
            took = {"duration_ms": round(1000 * seconds, 1)}
            access_log.info("%s %s %d", scope["method"], scope["path"], status, extra=took)

    async def _answer(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        is_streamed = scope["method"] == "POST" and scope["path"] in UPLOADS
        if is_streamed or answer.has_body:
            answer.flow = Flow(receive)
            receive = answer.flow.receive
        if is_streamed:
            scope = scope | {Flow.KEY: answer.flow}
        try:
            if answer.error is None:
                await self._app(scope, receive, answer.send)
            else:
                await _refuse(answer.error, answer.send)
        except Exception:
            if answer.status:
                raise  # The server breaks the answer off, so that nobody takes it for whole.
            logger.exception("unexpected failure in %s %s", scope["method"], scope["path"])
            error = AppError("Something went wrong on the server")
            await _refuse(error, answer.send, answer.identifier)


class _Answer:
    """The edge's part of an answer: the request's id, headers of all answers, and its end."""

    __slots__ = (
        *("_has_long_body", "_headers", "_send"),
        *("error", "flow", "has_body", "identifier", "status"),
    )

    def __init__(self, scope: Scope, send: Send, hosts: OwnHosts) -> None:
        identifiers = []
        lengths = 0
        self._has_long_body = False
        self.error: AppError | None = None
        if scope["path"][:1] not in {"/", "*"}:
            self.error = MalformedError("The target of the request is not an address of a site")
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                identifiers.append(value)
            elif name == b"host":
                self.error = self.error or hosts.error(value, scope)
            elif name == b"content-length":
                lengths |= 1
                self._has_long_body |= len(value) > SHORT_LENGTH_DIGITS
            elif name == b"transfer-encoding":
                lengths |= 2
                self._has_long_body = True
        if lengths == 3:
            # The next hop may believe the other one (request smuggling, RFC 9112, 6.3).
            self.error = MalformedError(
                "A request must not have both Content-Length and Transfer-Encoding",
                loc="Transfer-Encoding",
            )
        is_good = len(identifiers) == 1 and _GOOD_ID.fullmatch(identifiers[0])
        self.identifier = str(identifiers[0], "ascii") if is_good else secrets.token_hex(8)
        self._headers = [(b"x-request-id", self.identifier.encode()), *SECURITY_HEADERS]
        if scope["scheme"] == "https":
            self._headers.append(STRICT_TRANSPORT_SECURITY)
        self.has_body = lengths > 0
        self._send = send
        self.flow: Flow | None = None
        self.status = 0

    @property
    def _has_rest(self) -> bool:
        """Whether the answer is sent before the request's body has arrived in full."""
        return self.flow is not None and self.has_body and not self.flow.is_whole

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], *self._headers]
            if self.status == HTTPStatus.NO_CONTENT:
                # Quart names a length, which this status forbids (RFC 9110, 8.6).
                headers = [pair for pair in headers if pair[0].lower() != b"content-length"]
            if self.flow is not None and self._has_rest:
                # Servers drop a connection that is answered before its body has arrived.
                if not self._has_long_body:
                    async with self.flow.lingering():
                        pass
                if self._has_rest and CLOSE not in headers:
                    headers.append(CLOSE)
            message = message | {"headers": headers}
        elif self.flow is not None and self._has_rest and not message.get("more_body", False):
            await self._send(message | {"more_body": True})
            async with self.flow.lingering():
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await self._send(message)


class Flow:
    """Counter of the unread bytes of a body; the next message waits until there is room for it."""

    KEY: ClassVar[str] = "saywho.flow"
    """Key of the ASGI scope."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._receiving = asyncio.Lock()
        self._unread = 0
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._came = asyncio.Event()
        self.is_whole = False
        """Whether the body has arrived in full, or its client is gone."""
        self.is_unwanted = False
        """Whether the answer was sent without the rest of the body."""

    def came(self, count: int) -> None:
        """Count bytes that were received, or with a minus those that were read."""
        self._unread += count
        if self._unread < MOST_UNREAD_BYTES or self.is_unwanted:
            self._has_room.set()
        else:
            self._has_room.clear()

    async def receive(self) -> Any:
        """Return the server's next message, once there is room for more."""
        await self._has_room.wait()
        async with self._receiving:
            message = await self._receive()
        self.is_whole = not message.get("more_body", False)
        self._came.set()
        return message

    @contextlib.asynccontextmanager
    async def lingering(self) -> AsyncIterator[None]:
        """Discard what still arrives, for a short time before the context and while it lasts.

        A client that sends first and reads then would not see its answer if the connection were
        closed at once; and a server does not close a connection while a body waits to be read.
        """
        self.is_unwanted = True
        self._has_room.set()
        taking = asyncio.create_task(self._take_all())
        try:
            with contextlib.suppress(TimeoutError):
                await self._until_whole()
            yield
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)

    async def _until_whole(self) -> None:
        """Wait for the body's end. Raises TimeoutError if it takes too long."""
        clock = asyncio.get_running_loop().time
        end = clock() + LINGER_S
        while not self.is_whole:
            self._came.clear()
            async with asyncio.timeout_at(min(end, clock() + SILENCE_S)):
                await self._came.wait()

    async def _take_all(self) -> None:
        while not self.is_whole:
            await self.receive()


async def _live(app: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the app's lifespan, and report a failed start to servers that would serve anyway."""
    try:
        await app(scope, receive, send)
    except SystemExit as error:
        # uvicorn takes an exception for an app without a lifespan, and serves it all the same.
        # hypercorn ends with the exception's line; with the message as well it may hang (0.18).
        server = type(getattr(send, "__self__", None)).__module__
        if not server.startswith("hypercorn."):
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        raise


async def _refuse(error: AppError, send: Send, identifier: str | None = None) -> None:
    details = problem(error)
    details.request_id = identifier
    body = msgspec.json.encode(details)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        CLOSE,
    ]
    await send({"type": "http.response.start", "status": error.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
