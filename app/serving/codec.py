"""HTTP/1.1 as bytes: requests are read, by a parser in C, and responses are written.

`HttpCodec` stands where hypercorn keeps h11's connection, and uses h11's names. h11 is a parser in
Python; it took a third of the time of a response from the cache.

Two parsers that understand a request differently are how one is smuggled past a proxy. So the codec
accepts only what both accept, in the same sense: `tests/serving/test_codec.py` compares them.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, NoReturn

import h11

from app.serving.llhttp import CHUNKED, END, FRAMING, TOKEN, Chunks, Head, Header, has_token, refuse

LIMIT_BYTES: Final = 65_536
"""Limit of a head, and of what a chunked body may send without any data."""
LONGEST_KEPT: Final = 300
"""Bytes of a response's header up to which its line is kept: some repeat what a client sent."""
BEGIN_HTTP2: Final = b"PRI * HTTP/2.0\r\n\r\n"
"""How a client begins that knows of HTTP/2 (RFC 9113, 3.4)."""
WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_BLANK = re.compile(rb"\n\r?\n")
_NAME = re.compile(TOKEN)
_VALUE = re.compile(rb"([^\x00\s]+([ \t]+[^\x00\s]+)*)?")


class HttpCodec:
    """Reads the requests of a connection, and writes the responses."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._keep_alive = True
        self.their_state: type = h11.IDLE
        self.our_state: type = h11.IDLE
        # Reading.
        self.waits_to_continue = False
        self.received = b""
        """What has not been read yet."""
        self._is_closed = False
        self._missing = 0
        """Bytes of the request's body that are still to come, unless it is chunked."""
        self._chunks: Chunks | None = None
        # Writing.
        self._method, self._version = b"", b""
        self._head = b""
        """The head of the response, until its next part is sent."""
        self._unsent: int | None = 0
        """Bytes of the response's body that are still to be sent, where its length is known."""
        self._is_chunked = False

    def receive_data(self, data: bytes) -> None:
        """Take what the client sent: nothing at all when it has closed its half."""
        self.received = self.received + data if self.received else data
        self._is_closed = self._is_closed or not data

    def next_event(self) -> Any:
        """Return the head of a request, bytes of its body, or one of these names of h11.

        EndOfMessage; NEED_DATA; PAUSED until the response is sent; ConnectionClosed; and
        SWITCHED_PROTOCOL for a client that begins with HTTP/2. Raises h11.RemoteProtocolError for
        what is not valid, and from then on.
        """
        try:
            if self.their_state is h11.IDLE and self.received:
                return self._read_head()
            if self.their_state is h11.SEND_BODY:
                return self._read_body()
            return self._read_nothing()
        except h11.RemoteProtocolError:
            self.their_state = h11.ERROR
            raise

    def _read_head(self) -> Any:
        end = self.received.find(END) + len(END)
        is_whole = end >= len(END)
        if (end if is_whole else len(self.received)) > self._limit:
            refuse("the head is too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if not is_whole:
            if self._is_closed or self.received[0] <= ord(" ") or _BLANK.search(self.received):
                refuse("this is no head of a request")
            return h11.NEED_DATA
        data, self.received = self.received[:end], self.received[end:]
        if data == BEGIN_HTTP2:
            return h11.SWITCHED_PROTOCOL
        head = Head(data)
        self._method, self._version = head.method, head.version
        self._keep_alive = head.is_newer and not head.has(b"connection", b"close")
        self._missing = int(head.special.get(b"content-length", (b"0",))[0])
        self._chunks = Chunks(self._limit) if b"transfer-encoding" in head.special else None
        self.waits_to_continue = head.is_newer and head.has(b"expect", b"100-continue")
        self.their_state, self.our_state = h11.SEND_BODY, h11.SEND_RESPONSE
        return head

    def _read_body(self) -> Any:
        if self._chunks is not None:
            data, self.received = self._chunks.read(self.received)
            is_whole = self._chunks.is_whole
        else:
            is_whole = self._missing == 0
            data, self.received = self.received[: self._missing], self.received[self._missing :]
            self._missing -= len(data)
        if not data and not is_whole:
            if self._is_closed:
                refuse("the body ends too early")
            return h11.NEED_DATA
        self.waits_to_continue = False
        if data:
            return data
        self.their_state = h11.DONE if self._keep_alive else h11.MUST_CLOSE
        return h11.EndOfMessage

    def _read_nothing(self) -> Any:
        if self.their_state is h11.DONE and self.received:
            return h11.PAUSED
        if self.received or self.their_state is h11.ERROR:
            refuse("nothing is read after the last request, or after an error")
        if self._is_closed:
            self.their_state = h11.CLOSED
            return h11.ConnectionClosed
        return h11.NEED_DATA

    @property
    def has_rest(self) -> bool:
        """Whether the answer is sent, and the next request comes after the rest of this one."""
        return self.our_state is h11.DONE and self.their_state is h11.SEND_BODY

    def start_next_cycle(self) -> None:
        """Go on to the next request."""
        self.their_state = self.our_state = h11.IDLE
        self._method = b""

    def ask_to_continue(self) -> bytes:
        """Return what asks a client for the body that waits for it."""
        self.waits_to_continue = False
        return b"HTTP/1.1 100 \r\n\r\n"

    def begin(self, status: int, headers: Iterable[Header]) -> bytes:
        """Begin a response; nothing is returned, since its head goes with its next part.

        This, `write` and `end` raise h11.LocalProtocolError for what cannot be sent, and from then
        on.
        """
        if self.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self._fail("a response was begun before")
        # Who was not asked for a body may leave it out.
        self._keep_alive &= self.our_state is h11.SEND_RESPONSE and not self.waits_to_continue
        self.our_state = h11.ERROR  # Until the head is known to be sound.
        self.waits_to_continue = False
        lines = [b"HTTP/1.1 %d \r\n" % status]
        framing: dict[bytes, list[bytes]] = {}
        for name, value in headers:
            if (lower := name.lower()) in FRAMING:
                framing.setdefault(lower, []).append(value)
            else:
                line_of = _header_line if len(value) <= LONGEST_KEPT else _header_line.__wrapped__
                lines.append(line_of(name, value))
        self._head = b"".join([*lines, *self._framing_lines(status, framing), b"\r\n"])
        self.our_state = h11.SEND_BODY
        return b""

    def _framing_lines(self, status: int, framing: dict[bytes, list[bytes]]) -> list[bytes]:
        """Return the lines that say where the response ends, and note what they say."""
        lines = []
        encodings = framing.get(b"transfer-encoding", CHUNKED)
        lengths = set(framing.get(b"content-length", ()))
        if encodings != CHUNKED or len(lengths) > 1 or not all(map(bytes.isdigit, lengths)):
            self._fail("it is not clear where the response ends")
        self._unsent, self._is_chunked = None, False
        if lengths and b"transfer-encoding" not in framing:
            self._unsent = int(*lengths)
            lines.append(b"content-length: %d\r\n" % self._unsent)
        elif self._version == b"1.1" and status not in WITHOUT_BODY:
            self._is_chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        if self._method == b"HEAD" or status in WITHOUT_BODY:
            self._unsent, self._is_chunked = 0, False
        if has_token(b"close", framing.get(b"connection", ())):
            self._keep_alive = False
        if not self._keep_alive:
            lines.append(b"connection: close\r\n")
        return lines

    def write(self, data: bytes) -> bytes:
        """Return what a part of the body is on the wire."""
        self._continue_response(len(data))
        if self._is_chunked and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        head, self._head = self._head, b""
        return head + data if head else data

    def end(self) -> bytes:
        """Return what ends the response on the wire."""
        self._continue_response(0)
        if self._unsent:
            self._fail("the response is shorter than its length")
        self.our_state = h11.DONE if self._keep_alive else h11.MUST_CLOSE
        if self.their_state is h11.DONE:
            self.their_state = self.our_state
        head, self._head = self._head, b""
        return head + b"0\r\n\r\n" if self._is_chunked else head

    def _continue_response(self, size: int) -> None:
        if self._unsent is not None:
            self._unsent -= size
        if self.our_state is not h11.SEND_BODY or (self._unsent or 0) < 0:
            self._fail("the response has not begun, or is longer than its length")

    def _fail(self, reason: str) -> NoReturn:
        self.our_state = h11.ERROR
        raise h11.LocalProtocolError(reason)


@lru_cache(maxsize=2_000)
def _header_line(name: bytes, value: bytes) -> bytes:
    """Return the line of a header. Raises h11.LocalProtocolError if it is not one."""
    value = value.strip()
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise h11.LocalProtocolError("a header of the response is not valid")
    return b"%b: %b\r\n" % (name, value)
