"""Exchanges of one connection, without an object for each part."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple, cast
from urllib.parse import unquote

from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import (
    Body,
    EndBody,
    Event as StreamEvent,
    Request,
    Response,
    StreamClosed,
)
from hypercorn.protocol.h11 import STREAM_ID
from hypercorn.protocol.http_stream import ASGIHTTPState, HTTPStream
from hypercorn.utils import suppress_body, valid_server_name

from app.asgi.streams import HALF_CLOSED, PUSH
from app.paths import below_root, is_endless
from app.runtime.clock import wait_until_set
from app.serving.http1.messages import Head, RequestEvent, RequestReader, ResponseWriter
from saywho.clock import monotonic, now_ms

IDLE: Final = Updated(idle=True)
BUSY: Final = Updated(idle=False)
HEAD_BEGUN: Final = Updated(idle=True)
"""Signal to the connection: the head of a request has begun to arrive."""
ANSWERED: Final = Closed()
"""Signal to the connection: its last response was sent, so close it."""
BROKEN_OFF: Final = Closed()
"""Signal to the connection: the rest of a response will not come."""
CLIENT_GONE: Final = Updated(idle=False)
"""Signal to the connection: its client is gone, so it is about to close."""
PIECE_BYTES: Final = 4096
"""Bytes read at a time, at worst (chunks of one byte) in half a millisecond."""
PROBE_S: Final = 0.5
"""Seconds between probes of a client that has closed its side but may still read."""
PROBES: Final = 2
"""Number of probes: the system of a client that is gone refuses the first, the second shows it."""
CONTINUE: Final = RawData(b"HTTP/1.1 100 Continue\r\n\r\n")
END_OF_BODY: Final = EndBody(STREAM_ID)


class Place(NamedTuple):
    """Facts that decide about a request besides its bytes."""

    scheme: str
    server: tuple[str, int] | None
    """The address at which it arrived; None for a socket in a folder."""


class Http1:
    """HTTP/1.1 on one connection, in place of hypercorn's own class."""

    def __init__(self, *arguments: Any) -> None:
        *context, task_group, self._state, ssl, client, server, self._send = arguments
        self._parts: tuple[Any, ...] = (
            *context,
            task_group,
            ssl,
            client,
            server,
            self.stream_send,
            STREAM_ID,
        )
        _, self._config, self._context = context
        self.place = Place("https" if ssl else "http", server)
        self._requests = RequestReader()
        self._head = Head()
        self._response = ResponseWriter(is_newer=True, is_head=False, keeps_alive=False)
        self._stream: Stream | None = None
        self._is_free = asyncio.Event()
        self._is_free.set()
        self._is_closed = False
        self._read_bytes = 0
        self.transport: asyncio.WriteTransport | None = None
        """The transport that `push` writes to; None until the connection sets it."""

    @property
    def is_in_head(self) -> bool:
        """Whether the client is sending a request's head, and none is in progress."""
        return self._requests.is_in_head and self._stream is None

    def has_read_all(self, given_bytes: int) -> bool:
        """Return whether nothing is left to do with so many bytes from the client."""
        is_at_rest = self._stream is None and not (self._requests.is_in_head or self._is_closed)
        return is_at_rest and self._read_bytes == given_bytes

    async def initiate(self) -> None:
        """Do nothing: hypercorn calls this for HTTP/2's sake."""

    async def handle(self, event: Event) -> None:
        """Read bytes from the client, or handle the end of its side of the connection."""
        if isinstance(event, RawData):
            if self._is_closed:
                return
            if len(event.data) <= PIECE_BYTES:
                self._requests.feed(event.data)
            else:
                await self._read(event.data)
            while self._requests.events and not self._is_closed:
                await self._take(self._requests.events.popleft())
            self._read_bytes += len(event.data)
            if self.is_in_head:
                await self._send(HEAD_BEGUN)
        elif isinstance(event, Closed):
            await self._finish()
            await self._close_stream()
            self._stop_reading()
            self._parts = ()  # They refer back to this object, and would delay its removal.
            await self._send(CLIENT_GONE)

    async def _finish(self) -> None:
        """Wait until the response to a whole request is sent, or the client is gone."""
        # The end of the client's side looks the same whether it still reads or is gone.
        stream, transport = self._stream, self.transport
        if stream is None or transport is None or transport.is_closing():
            return
        if self._head.is_whole:
            if PUSH in stream.scope["extensions"]:
                await stream.app_put(HALF_CLOSED)
            for _ in range(PROBES):
                await wait_until_set(self._is_free, at_most_s=PROBE_S)
                if self._head.is_newer and not (self._response.has_begun or self._is_closed):
                    await self._send(CONTINUE)
            await self._is_free.wait()

    async def _read(self, data: bytes) -> None:
        began = monotonic()
        for start in range(0, len(data), PIECE_BYTES):
            if monotonic() - began > 0.002:  # Give other work its turn every two milliseconds.
                await asyncio.sleep(0)
                began = monotonic()
            self._requests.feed(data[start : start + PIECE_BYTES])

    async def _take(self, event: RequestEvent) -> None:
        if isinstance(event, Head):
            await self._is_free.wait()
            if not self._is_closed:
                await self._begin(event)
        elif isinstance(event, HTTPStatus):
            if self._head.is_whole:
                await self._is_free.wait()
            if not self._is_closed:
                await self.refuse(event)
        elif self._stream is not None:
            body = Body(STREAM_ID, bytes(event)) if event is not None else END_OF_BODY
            await self._stream.handle(body)

    async def _begin(self, head: Head) -> None:
        self._head = head
        self._is_free.clear()
        self._response = ResponseWriter(
            is_newer=head.is_newer, is_head=head.method == b"HEAD", keeps_alive=head.keeps_alive
        )
        await self._send(BUSY)
        if head.asks and head.is_newer:
            await self._send(CONTINUE)
        stream = self._stream = Stream(*self._parts)
        stream.http1, stream.began = self, monotonic()
        await stream.begin(head, self._state)
        path = below_root(stream.scope["path"], self._config.root_path)
        if is_endless(path):  # The app's task has not begun yet.
            stream.scope["extensions"][PUSH] = {"push": stream.push}
        await self._context.mark_request()

    async def refuse(self, status: HTTPStatus) -> None:
        """Send a response with this status instead of the app's, and close."""
        if not self._response.has_begun or self._stream is None:
            self._response = ResponseWriter(is_newer=True, is_head=False, keeps_alive=False)
            self.begin(status, [(b"content-length", b"0")])
            await self.write(b"", is_last=True)
        self._stop_reading()
        await self._send(Closed())

    async def stream_send(self, event: StreamEvent) -> None:
        if isinstance(event, Response):
            self.begin(event.status_code, event.headers)
        elif isinstance(event, Body):
            await self.write(event.data, is_last=False)
        elif isinstance(event, EndBody):
            await self.write(b"", is_last=True)
        elif isinstance(event, StreamClosed):
            self._response.keeps_alive = False
            await self.end()

    def begin(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Begin the response; its head is sent with the first part of the body."""
        self._response.begin(status, [*headers, *own_headers(self._config, int(monotonic()))])

    async def write(self, data: bytes, *, is_last: bool) -> None:
        if data := self._response.write(data, is_last=is_last):
            await self._send(RawData(data))

    def push(self, data: bytes) -> bool:
        """Send a part of the body without waiting; return whether it was sent: not before the
        client has read the earlier parts.
        """
        transport = self.transport
        if transport is None or self._is_closed or transport.is_closing():
            return False
        if transport.get_write_buffer_size():
            return False
        transport.write(self._response.write(data, is_last=False))
        return True

    async def end(self) -> None:
        await self._close_stream()
        is_last = self._is_closed or self._context.terminated.is_set()
        if is_last or not (self._response.keeps_alive and self._head.is_whole):
            self._stop_reading()
            await self._send(ANSWERED)
            return
        await self._send(IDLE)
        if self.is_in_head:
            await self._send(HEAD_BEGUN)
        self._is_free.set()

    async def break_off(self) -> None:
        await self._close_stream()
        self._stop_reading()
        await self._send(BROKEN_OFF)

    def _stop_reading(self) -> None:
        self._is_closed = True
        self._is_free.set()
        self._requests.close()

    async def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.handle(StreamClosed(STREAM_ID))
            stream.scope["extensions"].clear()  # `push` refers back to the stream.


class Stream(HTTPStream):
    """A request and its response, without hypercorn's event for each part."""

    http1: Http1
    began: float

    async def begin(self, head: Head, state: Any) -> None:
        """Begin the app's task for a request, as `handle` does for hypercorn's event."""
        self.start_time = now_ms() / 1000
        scope = scope_of(head, self.config, self.scheme, self.server)
        self.scope = scope | {"client": self.client, "state": state.copy()}
        if valid_server_name(self.config, cast(Request, head)):
            self.app_put = await self.task_group.spawn_app(
                self.app, self.config, self.scope, self.app_send
            )
        else:
            await self._send_error_response(404)
            self.closed = True

    def push(self, data: bytes) -> bool:
        is_open = not self.closed and self.state is ASGIHTTPState.RESPONSE
        return is_open and self.http1.push(data)

    async def app_send(self, message: Any) -> None:
        kind = message and message["type"]
        if self.closed:
            return  # The client is gone, or the request was refused.
        if kind == "http.response.start" and self.state is ASGIHTTPState.REQUEST:
            self.response = message
            self.http1.begin(message["status"], message.get("headers", ()))
            self.state = ASGIHTTPState.RESPONSE
        elif kind == "http.response.body" and self.state is ASGIHTTPState.RESPONSE:
            data, is_last = message.get("body", b""), not message.get("more_body", False)
            if suppress_body(self.scope["method"], self.response["status"]):
                data = b""
            await self.http1.write(data, is_last=is_last)
            if is_last:
                self.state = ASGIHTTPState.CLOSED
                await self.config.log.access(self.scope, self.response, monotonic() - self.began)
                await self.http1.end()
        elif message is None and self.state is ASGIHTTPState.RESPONSE:
            await self.http1.break_off()
        else:
            await super().app_send(message)


def scope_of(head: Head, config: Config, scheme: str, server: Any) -> Any:
    """Return the ASGI scope of a request, without its client and the state of the connection."""
    path, _, query = head.target.partition(b"?")
    return {
        "type": "http",
        "http_version": "1.1" if head.is_newer else "1.0",
        "asgi": {"spec_version": "2.1", "version": "3.0"},
        "method": head.method.decode(),
        "scheme": scheme,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": config.root_path,
        "headers": head.headers,
        "server": server,
        "extensions": {},
    }


@lru_cache(maxsize=4)
def own_headers(config: Config, _second: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return hypercorn's own headers, made once a second for the date."""
    return tuple(config.response_headers("h11"))
