"""Requests, read by llhttp, a parser in C."""

import re
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

LIMIT_BYTES: Final = 65_536
"""Limit of the head of a request; the extensions of its chunks and its trailer have another."""
FREE_BYTES: Final = 16
"""Bytes around a piece of a body that do not count against that; twice its length is free too."""
_WHOLE_ADDRESS: Final = re.compile(rb"https?://([^/?]+)/?(.*)", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Head:
    """The head of a request."""

    method: bytes = b""
    target: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    asks: bool = False
    """Whether the client waits to be asked for the body."""
    is_newer: bool = False
    """Whether the client knows HTTP/1.1."""
    keeps_alive: bool = False
    """Whether the client may send another request."""
    is_whole: bool = False
    """Whether the request's body has arrived in full."""

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of the headers of that name, in small letters."""
        return [value.lower() for header, value in self.headers if header == name]


Event = Head | bytearray | HTTPStatus | None
"""A head, a part of a body, the status of a refusal, or the end of a request."""


class RequestReader:
    """Reads the requests of a connection into `events`; after a refusal nothing more is read."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque()
        self.is_in_head = False
        """Whether a part of a head has arrived."""
        self._head = Head()
        self._later_bytes = 0
        """Bytes beside bodies, after the piece in which a head, or what follows it, began."""
        self._status: HTTPStatus | None = None
        self._is_refused = False
        self._parser = self._new_parser()

    def _new_parser(self) -> HttpRequestParser:
        parser = HttpRequestParser(self)
        # A version that is not known is looked at here: HTTP/1.2 is read as HTTP/1.1.
        parser.set_dangerous_leniencies(lenient_version=True)
        return parser

    def feed(self, data: bytes) -> None:
        """Read what the client sent."""
        self._later_bytes += len(data)
        while data and not self._is_refused:
            data = self._feed(data)
        # The parser keeps what it has of a header or trailer, and copies it with each piece.
        if self._later_bytes > LIMIT_BYTES and not self._is_refused:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def close(self) -> None:
        """Read nothing more, and forget what was read."""
        self._head, self._is_refused, self.is_in_head = Head(), True, False
        self.events.clear()
        vars(self).pop("_parser", None)  # It refers back to this.

    def _feed(self, data: bytes) -> bytes:
        """Read the data; return what is to be read again, with an upgrade taken out."""
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            return self._without_upgrade() + data[upgrade.args[0] :]
        except HttpParserError:
            self._refuse(self._status or HTTPStatus.BAD_REQUEST)
        return b""

    def _without_upgrade(self) -> bytes:
        """Return a head that asks for an upgrade as one that does not.

        An upgrade is ignored, as RFC 9110, 7.8, allows. The parser would skip the request's body.
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
        """Begin a head; the parser calls this and what follows."""
        self._head, self._later_bytes, self.is_in_head = Head(), 0, True

    def on_url(self, part: bytes) -> None:
        self._head.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.is_in_head:  # Else it is a trailer.
            self._head.headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """Note the head, unless it is to be read again without its upgrade."""
        head, version = self._head, self._parser.get_http_version()
        head.method = self._parser.get_method()
        head.is_newer = version != "1.0"
        if self._parser.should_upgrade():
            return
        head.keeps_alive = head.is_newer and self._parser.should_keep_alive()
        head.asks = b"100-continue" in head.values(b"expect")
        hosts, encodings = len(head.values(b"host")), head.values(b"transfer-encoding")
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
        """Note a part of the body; it and what may stand around it do not count.

        Source of the method: Go's net/http since CVE-2023-39326.
        """
        self._later_bytes = max(0, self._later_bytes - 3 * len(data) - FREE_BYTES)
        if self.events and isinstance(last := self.events[-1], bytearray):
            last += data
        else:
            self.events.append(bytearray(data))

    def on_message_complete(self) -> None:
        if not self.is_in_head:  # Else the head is to be read again.
            self._head.is_whole = True
            self._later_bytes = 0
            self.events.append(None)


def _size(head: Head) -> int:
    return len(head.target) + sum(len(name) + len(value) + 4 for name, value in head.headers)
