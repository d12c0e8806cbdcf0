"""hypercorn's connections, at half the cost of an answer from the cache, and safer.

A timer replaces the two tasks that hypercorn starts after each answer and cancels at the next
request. The head of an answer is written together with the next part. Headers are checked once,
not each time they are sent.

The head of a request has a time limit. Invalid HTTP is answered with problem details. A client that
closes its half still gets the answer. An `Upgrade` is not followed. All this replaces private names
of hypercorn and h11, which have tests; it is used only with the versions that passed them.
"""

import asyncio
import contextlib
import secrets
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import h11
import msgspec
from h11._headers import Headers, normalize_and_validate
from hypercorn import protocol
from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import MAX_RECV, TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, RawData
from hypercorn.protocol.events import Event, Request, Response
from hypercorn.protocol.h11 import STREAM_ID, H2ProtocolAssumedError, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream

from app.asgi.edge import SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY, Edge
from app.clock import monotonic
from app.errors import UNTYPED, Problem
from app.logs import request_id

KEY: Final = "saywho_idle"
HEAD_S: Final = 15.0
"""Time limit for the head of a request, from its first byte."""
HALF_CLOSED_S: Final = 5.0
"""Time that a client which closed its half may wait for an answer; most of them are gone."""
REFUSALS: Final = {
    HTTPStatus.BAD_REQUEST: "The request is not valid HTTP",
    HTTPStatus.REQUEST_TIMEOUT: "The head of the request did not come in time",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The head of the request is too large",
    HTTPStatus.NOT_IMPLEMENTED: "The only Transfer-Encoding that is understood is chunked",
}
"""Reasons for which hypercorn and h11 refuse before there is a request for the app."""
FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"connection"})
"""Headers that say where an answer ends are checked each time."""
NEVER_TWICE: Final = frozenset({b"x-request-id"})


def use_cheap_connections() -> None:
    """Make hypercorn use the classes of this module; it has no setting for it."""
    vars(run)["TCPServer"] = Connection
    vars(protocol)["H11Protocol"] = Http1


class Connection(TCPServer):
    """One client's connection."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._timer = IdleTimer(self)
        self.idle_task = self._timer  # type: ignore[assignment]
        self._is_closing = asyncio.Event()

    async def run(self) -> None:
        await super().run()
        wrapper = getattr(self, "protocol", None)
        if wrapper is not None and isinstance(wrapper.protocol, Http1):
            # A connection refers to itself, so it stays in memory until the collector runs. What it
            # received, up to 128 KB, need not.
            wrapper.protocol.connection = h11.Connection(h11.SERVER)

    async def close_idle(self) -> None:
        """Close a connection on which no request is under way, or only the head of one."""
        protocol = self.protocol.protocol
        is_stopping = self.context.terminated.is_set()
        if isinstance(protocol, Http1) and protocol.has_begun and not is_stopping:
            await protocol.refuse(HTTPStatus.REQUEST_TIMEOUT)
        await self._initiate_server_close()

    async def _read_data(self) -> None:
        while not self.reader.at_eof():
            try:
                data = await self.reader.read(MAX_RECV)
            except OSError:
                break
            await self.protocol.handle(RawData(data))
            protocol = self.protocol.protocol
            if isinstance(protocol, Http1) and protocol.has_begun:
                self._timer.hurry()
        protocol = self.protocol.protocol
        if isinstance(protocol, Http1) and protocol.is_answering:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HALF_CLOSED_S):
                    await self._is_closing.wait()
        await self.protocol.handle(Closed())

    async def _close(self) -> None:
        self._is_closing.set()
        await super()._close()


class IdleTimer:
    """Closes a connection that is idle for too long; it replaces hypercorn's task."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._watch = Watch.of(connection.context)
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._is_hurried = False

    async def restart(self, _task_group: object, _action: object) -> None:
        """Count from now; hypercorn's action would do the same as `expire`."""
        await self.stop()
        connection = self._connection
        if connection.context.terminated.is_set():
            self.expire()
            return
        self._watch.idle.add(self)
        self._is_hurried = False
        self._expire_after(connection.config.keep_alive_timeout)

    async def stop(self) -> None:
        self._watch.idle.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def hurry(self) -> None:
        """Count from now for a head that has begun; later bytes of it do not count again."""
        if self._timer is not None and not self._is_hurried:
            self._is_hurried = True
            self._expire_after(HEAD_S)

    def _expire_after(self, timeout_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._connection.loop.call_later(timeout_s, self.expire)

    def expire(self) -> None:
        self._closing = self._connection.loop.create_task(self._connection.close_idle())


class Watch:
    """The idle connections of a worker, which a stop closes."""

    def __init__(self, context: WorkerContext) -> None:
        self.idle: set[IdleTimer] = set()
        self._task = asyncio.create_task(self._end_idle(context))

    @classmethod
    def of(cls, context: WorkerContext) -> "Watch":
        """Return the watch of a worker; its first connection starts it."""
        watch: Watch | None = getattr(context, KEY, None)
        if watch is None:
            watch = cls(context)
            setattr(context, KEY, watch)
        return watch

    async def _end_idle(self, context: WorkerContext) -> None:
        await context.terminated.wait()
        for timer in list(self.idle):
            timer.expire()


class Http1(H11Protocol):
    """HTTP/1.1 on one connection."""

    _head = b""
    """The head of the answer under way, until its next part is sent."""
    _is_endless = False

    @property
    def has_begun(self) -> bool:
        """Whether part of a head has arrived while no request is under way."""
        return self.stream is None and bool(self.connection.trailing_data[0])

    @property
    def is_answering(self) -> bool:
        """Whether the request is complete and its answer will end; a stream may not end."""
        is_whole = self.connection.their_state is not h11.ERROR
        return self.stream is not None and is_whole and not self._is_endless

    async def _check_protocol(self, event: h11.Request) -> None:
        # An upgrade is ignored, as RFC 9110, 7.8, allows: a proxy in front that passes it on would
        # no longer see the next requests.
        if (event.method, event.target, event.http_version) == (b"PRI", b"*", b"2.0"):
            rest = self.connection.trailing_data[0]
            raise H2ProtocolAssumedError(b"PRI * HTTP/2.0\r\n\r\n" + rest)

    async def _create_stream(self, request: h11.Request) -> None:
        self.stream = HTTPStream(
            *(self.app, self.config, self.context, self.task_group, self.ssl),
            *(self.client, self.server, self.stream_send, STREAM_ID),
        )
        await self.stream.handle(
            Request(
                stream_id=STREAM_ID,
                headers=list(request.headers),
                http_version=request.http_version.decode(),
                method=request.method.decode("ascii").upper(),
                raw_path=request.target,
                state=self.connection_state,
            )
        )
        self.keep_alive_requests += 1
        await self.context.mark_request()

    async def _send_error_response(self, status_code: int) -> None:
        await self.refuse(HTTPStatus(status_code))

    async def refuse(self, status: HTTPStatus) -> None:
        """Answer a request that never reaches the app; the caller closes the connection."""
        detail = REFUSALS.get(status, status.description)
        details = Problem(UNTYPED, status.phrase, status.value, detail)
        body = msgspec.json.encode(details)
        identifier = secrets.token_hex(8)
        request_id.set(identifier)
        app = getattr(self.app, "app", None)
        if edge := getattr(app, "extensions", {}).get(Edge.KEY):
            edge.note("-", "-", status.value, 0.0)
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            (b"x-request-id", identifier.encode()),
            *SECURITY_HEADERS,
            *((STRICT_TRANSPORT_SECURITY,) if self.ssl else ()),
            *own_headers(self.config, int(monotonic())),
        ]
        await self._send_h11_event(h11.Response(headers=headers, status_code=status.value))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())

    async def stream_send(self, event: Event) -> None:
        is_last = self.keep_alive_requests >= self.config.keep_alive_max_requests
        if not isinstance(event, Response) or event.status_code < 200 or is_last:
            await super().stream_send(event)
            return
        self._is_endless = all(name != b"content-length" for name, _ in event.headers)
        headers = checked([*event.headers, *own_headers(self.config, int(monotonic()))])
        await self._send_h11_event(h11.Response(headers=headers, status_code=event.status_code))

    async def _send_h11_event(self, event: Any) -> None:
        try:
            data = self.connection.send(event)
        except h11.LocalProtocolError:
            if self.connection.their_state != h11.ERROR:
                raise
            return
        if type(event) is h11.Response:
            self._head = data
        elif data := self._head + data:
            self._head = b""
            await self.send(RawData(data=data))


@lru_cache(maxsize=4)
def own_headers(config: Config, _second: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return hypercorn's own headers; the Date is at most a second old."""
    return tuple(config.response_headers("h11"))


def checked(headers: list[tuple[bytes, bytes]]) -> Headers:
    """Return headers that h11 sends as they are. Raises h11.LocalProtocolError for bad ones."""
    items = []
    framing = []
    for name, value in headers:
        if name.lower() in FRAMING:
            framing.append((name, value))
        elif name in NEVER_TWICE:
            items.append(_item.__wrapped__(name, value))
        else:
            items.append(_item(name, value))
    return Headers(items + normalize_and_validate(framing)._full_items)


@lru_cache(maxsize=2_000)
def _item(name: bytes, value: bytes) -> tuple[bytes, bytes, bytes]:
    return normalize_and_validate([(name, value)])._full_items[0]
