"""HTTP/1.1 on one of hypercorn's connections, without an object for each part of a response.

Invalid HTTP is answered with problem details, and an `Upgrade` is not followed.
"""

import secrets
from collections.abc import Callable, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import h11
import msgspec
from hypercorn.config import Config
from hypercorn.events import Closed, RawData, Updated
from hypercorn.protocol.events import Body, EndBody, Event, Request, Response, StreamClosed
from hypercorn.protocol.h11 import STREAM_ID, H2ProtocolAssumedError, H11Protocol
from hypercorn.protocol.http_stream import ASGIHTTPState, HTTPStream
from hypercorn.utils import suppress_body

from app.asgi.edge import CLOSE, SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY, Edge
from app.clock import monotonic
from app.errors import UNTYPED, Problem
from app.logs import request_id
from app.serving.codec import BEGIN_HTTP2, HttpCodec
from app.serving.llhttp import Head

END_OF_BODY: Final = EndBody(STREAM_ID)
REFUSALS: Final = {
    HTTPStatus.BAD_REQUEST: "The request is not valid HTTP",
    HTTPStatus.REQUEST_TIMEOUT: "The head of the request did not come in time",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The head of the request is too large",
    HTTPStatus.NOT_IMPLEMENTED: "The method is not known, or the Transfer-Encoding is not chunked",
}
"""Reasons for which a request is refused before the app sees it."""


class Http1(H11Protocol):
    """HTTP/1.1 on one connection."""

    connection: HttpCodec  # type: ignore[assignment]
    _is_endless = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connection = HttpCodec()

    @property
    def has_begun(self) -> bool:
        """Whether part of a head has arrived while no request is under way."""
        return self.connection.their_state is h11.IDLE and bool(self.connection.received)

    @property
    def is_answering(self) -> bool:
        """Whether the request is complete and its answer will end; a stream may not end."""
        is_whole = self.connection.their_state is not h11.ERROR
        return self.stream is not None and is_whole and not self._is_endless

    async def _handle_events(self) -> None:
        while True:
            if self.connection.waits_to_continue:
                await self.send(RawData(self.connection.ask_to_continue()))
            try:
                event = self.connection.next_event()
            except h11.RemoteProtocolError as error:
                if self.connection.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
                    await self.refuse(HTTPStatus(error.error_status_hint))
                await self.send(Closed())
                return
            if type(event) is Head:
                await self._begin(event)
            elif event is h11.PAUSED:
                await self.can_read.clear()
                await self.can_read.wait()
            elif event is h11.SWITCHED_PROTOCOL:
                raise H2ProtocolAssumedError(BEGIN_HTTP2 + self.connection.received)
            elif event is h11.NEED_DATA or event is h11.ConnectionClosed:
                return
            else:
                await self._take_body(event)

    async def _take_body(self, event: Any) -> None:
        """Give the app a part of the body, or its end; discard what comes after the answer."""
        is_end = event is h11.EndOfMessage
        if self.stream is not None:
            await self.stream.handle(END_OF_BODY if is_end else Body(STREAM_ID, event))
        elif is_end and self.connection.our_state is h11.DONE:
            await self._maybe_recycle()

    async def _begin(self, head: Head) -> None:
        # An upgrade is ignored, as RFC 9110, 7.8, allows: a proxy in front that passes it on would
        # no longer see the next requests.
        await self.send(Updated(idle=False))
        self.stream = Stream(
            *(self.app, self.config, self.context, self.task_group, self.ssl),
            *(self.client, self.server, self.stream_send, STREAM_ID),
        )
        self.stream.http1, self.stream.began = self, monotonic()
        await self.stream.handle(
            Request(
                stream_id=STREAM_ID,
                headers=head.headers,
                http_version=head.version.decode(),
                method=head.method.decode(),
                raw_path=head.target,
                state=self.connection_state,
            )
        )
        self.keep_alive_requests += 1
        await self.context.mark_request()

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
        ]
        self.begin(status.value, headers)
        await self.write(body, is_last=True)

    async def stream_send(self, event: Event) -> None:
        """Send what hypercorn itself answers."""
        if isinstance(event, Response):
            self.begin(event.status_code, event.headers)
        elif isinstance(event, Body):
            await self.write(event.data, is_last=False)
        elif isinstance(event, EndBody):
            await self.write(b"", is_last=True)
        elif isinstance(event, StreamClosed):
            await self.end()

    def begin(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Begin the response; its head is sent with the next part."""
        self._is_endless = all(name != b"content-length" for name, _ in headers)
        more = own_headers(self.config, int(monotonic()))
        if self.keep_alive_requests >= self.config.keep_alive_max_requests:
            more = (*more, CLOSE)
        self._encoded(self.connection.begin, status, [*headers, *more])

    async def write(self, data: bytes, *, is_last: bool) -> None:
        """Send a part of the response's body."""
        data = self._encoded(self.connection.write, data)
        if is_last:
            data += self._encoded(self.connection.end)
        if data:
            await self.send(RawData(data))

    async def end(self) -> None:
        """Go on to the next request, if the connection stays open.

        What is left of a body is discarded first: hypercorn would close the connection without
        a word, though the client's next request may be on its way.
        """
        await self._close_stream()
        if self.connection.has_rest and not self.context.terminated.is_set():
            await self.send(Updated(idle=True))
        else:
            await self._maybe_recycle()

    def _encoded(self, encode: Callable[..., bytes], *arguments: object) -> bytes:
        try:
            return encode(*arguments)
        except h11.LocalProtocolError:
            if self.connection.their_state is not h11.ERROR:
                raise
            return b""  # The app answers a request that was refused meanwhile.


class Stream(HTTPStream):
    """A request and its response, whose parts are written without an event for each."""

    http1: Http1
    began: float
    """When the head was read, by the clock of this process."""

    async def app_send(self, message: Any) -> None:
        kind = message and message["type"]
        if kind == "http.response.start" and self.state is ASGIHTTPState.REQUEST:
            self.response = message
            self.http1.begin(message["status"], message.get("headers", ()))
            self.state = ASGIHTTPState.RESPONSE
        elif kind == "http.response.body" and self.state is ASGIHTTPState.RESPONSE:
            await self._send_part(message.get("body", b""), message.get("more_body", False))
        else:
            await super().app_send(message)

    async def _send_part(self, data: bytes, has_more: bool) -> None:
        if suppress_body(self.scope["method"], self.response["status"]):
            data = b""
        await self.http1.write(data, is_last=not has_more)
        if not has_more:
            self.state = ASGIHTTPState.CLOSED
            await self.config.log.access(self.scope, self.response, monotonic() - self.began)
            await self.http1.end()


@lru_cache(maxsize=4)
def own_headers(config: Config, _second: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return hypercorn's own headers; the Date is at most a second old."""
    return tuple(config.response_headers("h11"))
