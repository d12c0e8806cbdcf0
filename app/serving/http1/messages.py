"""HTTP/1.1 messages as bytes: llhttp, a parser in C, reads requests."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

LIMIT_BYTES: Final = 65_536
"""Limit of a request's head, and again of its chunk extensions and trailer together."""
# Some clients take a response without a reason phrase for a failure.
PHRASES: Final = {status.value: status.phrase.encode() for status in HTTPStatus}
_WHOLE_ADDRESS: Final = re.compile(rb"https?://([^/?]+)/?(.*)", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Head:
    method: bytes = b""
    target: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    asks: bool = False
    """Whether the client waits for `100 Continue` before it sends the body."""
    is_newer: bool = False
    keeps_alive: bool = False
    is_whole: bool = False

    def values(self, name: bytes) -> list[bytes]:
        return [value.lower() for header, value in self.headers if header == name]


RequestEvent = Head | bytearray | HTTPStatus | None
"""A head, a part of a body, the status of a refusal, or a request's end."""


class RequestReader:
    """Reader of a connection's requests into `events`; it reads nothing after a refusal."""

    def __init__(self) -> None:
        self.events: deque[RequestEvent] = deque()
        self.is_in_head = False
        self._head = Head()
        self._later_bytes = 0
        """Bytes outside bodies, after the piece in which the head, or the part after it, began."""
        self._status: HTTPStatus | None = None
        self._is_refused = False
        self._parser = self._new_parser()

    def _new_parser(self) -> HttpRequestParser:
        parser = HttpRequestParser(self)
        # Unknown versions are judged in `on_headers_complete`: HTTP/1.2 is read as HTTP/1.1.
        parser.set_dangerous_leniencies(lenient_version=True)
        return parser

    def feed(self, data: bytes) -> None:
        self._later_bytes += len(data)
        while data and not self._is_refused:
            data = self._feed(data)
        # The parser keeps what it has of a header or trailer, and copies it with each piece.
        if self._later_bytes > LIMIT_BYTES and not self._is_refused:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def close(self) -> None:
        self._head, self._is_refused, self.is_in_head = Head(), True, False
        self.events.clear()
        vars(self).pop("_parser", None)  # The parser refers back to this reader.

    def _feed(self, data: bytes) -> bytes:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            return self._without_upgrade() + data[upgrade.args[0] :]
        except HttpParserError:
            self._refuse(self._status or HTTPStatus.BAD_REQUEST)
        return b""

    def _without_upgrade(self) -> bytes:
        """Return the bytes of the current head without its Upgrade header.

        It is read again, since the parser skips the body of an upgrade; RFC 9110, 7.8, allows to
        ignore one.
        """
        head = self._head
        self._parser = self._new_parser()
        if head.method == b"CONNECT":
            self._refuse(HTTPStatus.NOT_IMPLEMENTED)
            return b""
        version = b"1.1" if head.is_newer else b"1.0"
        lines = [b"%b %b HTTP/%b" % (head.method, head.target, version)]
        lines += [b"%b: %b" % pair for pair in head.headers if pair[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _refuse(self, status: HTTPStatus) -> None:
        self.events.append(status)
        self._is_refused, self.is_in_head = True, False

    def on_message_begin(self) -> None:
        """Begin a head; the parser calls all methods `on_…`."""
        self._head, self._later_bytes, self.is_in_head = Head(), 0, True

    def on_url(self, part: bytes) -> None:
        self._head.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.is_in_head:  # Otherwise it is a trailer.
            self._head.headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """Append the head to the events, unless it is read again without its upgrade."""
        head, version = self._head, self._parser.get_http_version()
        head.method = self._parser.get_method()
        head.is_newer = version != "1.0"
        if self._parser.should_upgrade():
            return
        head.keeps_alive = head.is_newer and self._parser.should_keep_alive()
        names = [name for name, _ in head.headers]
        hosts = names.count(b"host")
        encodings = head.values(b"transfer-encoding") if b"transfer-encoding" in names else []
        head.asks = b"expect" in names and b"100-continue" in head.values(b"expect")
        is_known = version.startswith("1.") and head.target.isascii()
        if self._later_bytes and _size(head) > LIMIT_BYTES:
            self._status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        elif encodings not in ([], [b"chunked"]):
            self._status = HTTPStatus.NOT_IMPLEMENTED
        elif not is_known or hosts > 1 or head.is_newer > hosts:
            self._status = HTTPStatus.BAD_REQUEST
        if self._status is not None:
            raise ValueError(self._status.phrase)
        if whole := _WHOLE_ADDRESS.fullmatch(head.target):
            # Its host counts instead of the header's (RFC 9112, 3.2.2).
            headers = [pair for pair in head.headers if pair[0] != b"host"]
            head.headers, head.target = [(b"host", whole[1]), *headers], b"/" + whole[2]
        self._later_bytes, self.is_in_head = 0, False
        self.events.append(head)

    def on_body(self, data: bytes) -> None:
        # Each part takes itself, twice its length and 16 bytes off the count, as in Go's net/http
        # since CVE-2023-39326. So only chunk extensions without data reach the limit.
        self._later_bytes = max(0, self._later_bytes - 3 * len(data) - 16)
        if self.events and isinstance(last := self.events[-1], bytearray):
            last += data
        else:
            self.events.append(bytearray(data))

    def on_message_complete(self) -> None:
        if not self.is_in_head:  # Otherwise the head is read again.
            self._head.is_whole = True
            self._later_bytes = 0
            self.events.append(None)


def _size(head: Head) -> int:
    return len(head.target) + sum(len(name) + len(value) + 4 for name, value in head.headers)


class ResponseWriter:
    def __init__(self, *, is_newer: bool, is_head: bool, keeps_alive: bool) -> None:
        self._is_newer = is_newer
        self._is_head = is_head
        self.keeps_alive = keeps_alive
        self.has_begun = False
        self.head = b""
        """The head, until it is sent with the first part of the body."""
        self._unsent: int | None = None
        """Bytes of the body still to be sent; None if its length is unknown."""
        self._is_chunked = False

    def begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        lines = [b"HTTP/1.1 %d %b\r\n" % (status, PHRASES.get(status, b""))]
        length: bytes | None = None
        for name, value in headers:
            lower = name.lower()
            if lower == b"content-length":
                length = value
            elif lower == b"connection":
                self.keeps_alive &= b"close" not in value.lower()
            elif lower != b"transfer-encoding":
                # Quart lets no value through that would end the line.
                lines.append(b"%b: %b\r\n" % (name, value.strip()))
        if status == HTTPStatus.NO_CONTENT:
            length = None  # It must not have one (RFC 9110, 8.6).
        lines += self._framing(length, has_body=status not in {204, 304})
        self.head = b"".join([*lines, b"\r\n"])
        self.has_begun = True

    def _framing(self, length: bytes | None, *, has_body: bool) -> Iterator[bytes]:
        """Yield the header lines that tell the client where the response ends."""
        if length is not None:
            yield b"content-length: %b\r\n" % length
        elif has_body and self._is_newer:
            yield b"transfer-encoding: chunked\r\n"
        elif has_body:
            self.keeps_alive = False
        has_body &= not self._is_head
        self._unsent = None if has_body and length is None else int(length or 0) * has_body
        self._is_chunked = has_body and length is None and self._is_newer
        if not self.keeps_alive:
            yield b"connection: close\r\n"

    def write(self, data: bytes, *, is_last: bool) -> bytes:
        """Return a part of the body as bytes to send, after an unsent head.

        Raises ValueError if the body differs from its stated length.
        """
        if self._unsent is not None:
            self._unsent -= len(data)
            if self._unsent < 0 or (is_last and self._unsent):
                raise ValueError("the response is not as long as it said")
        if self._is_chunked:
            data = (b"%x\r\n%b\r\n" % (len(data), data) if data else b"") + is_last * b"0\r\n\r\n"
        head, self.head = self.head, b""
        return head + data if head else data
