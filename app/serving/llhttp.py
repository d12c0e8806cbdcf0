"""Heads and chunked bodies of requests, read by llhttp, a parser in C.

A parser sees one head and no byte behind it, or the trailers of one body.
"""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final, NoReturn

import h11
from httptools import HttpParserError, HttpParserInvalidMethodError, HttpParserUpgrade
from httptools import HttpRequestParser as Parser

Header = tuple[bytes, bytes]

END: Final = b"\r\n\r\n"
CHUNKED: Final = [b"chunked"]
FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"connection"})
"""Headers that say where a message ends, and whether another one may follow."""
SPECIAL: Final = FRAMING | {b"host", b"expect"}
TOKEN: Final = rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+"
_LINE = re.compile(rb"([A-Z-]+) ([!-~]+) HTTP/(1\.[01])\r\n")
_CHUNK: Final = rb'([0-9A-Fa-f]{1,16})(?:;%b(?:=(?:%b|"[ !#-\[\]-~]*"))?)*\r\n' % (TOKEN, TOKEN)
_FIRST_CHUNK = re.compile(_CHUNK)
_NEXT_CHUNK = re.compile(rb"\r\n" + _CHUNK)


class Head:
    """The head of a request."""

    def __init__(self, data: bytes) -> None:
        self.headers: list[Header] = []
        self.special: dict[bytes, list[bytes]] = {}
        self._is_whole = False
        line = _LINE.match(data)
        if line is None:
            refuse("this is no line of a request")
        self.method, self.target, self.version = line.groups()
        self._parse(data)
        hosts = self.special.get(b"host", ())
        if len(hosts) > 1 or (self.is_newer and not hosts):
            refuse("a request has one Host")

    def _parse(self, data: bytes) -> None:
        failure: Exception | None = None
        try:
            Parser(self).feed_data(data)
        except HttpParserUpgrade:
            pass  # HTTP/1.1 goes on all the same.
        except HttpParserError as error:
            failure = error
        is_unknown = self.method == b"CONNECT" or isinstance(failure, HttpParserInvalidMethodError)
        if is_unknown or self.special.get(b"transfer-encoding", CHUNKED) != CHUNKED:
            refuse("the method or the encoding is not known", HTTPStatus.NOT_IMPLEMENTED)
        if failure is not None or not self._is_whole:
            refuse(str(failure))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; the parser calls it."""
        name, value = name.lower(), value.rstrip(b" \t")
        if name in SPECIAL:
            if name == b"transfer-encoding":
                value = value.lower()
            self.special.setdefault(name, []).append(value)
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Note that the parser has come to the end."""
        self._is_whole = True

    @property
    def is_newer(self) -> bool:
        """Whether the client knows HTTP/1.1."""
        return self.version == b"1.1"

    def has(self, name: bytes, token: bytes) -> bool:
        """Return whether this is one of the values of a special header."""
        return name in self.special and has_token(token, self.special[name])


class Chunks:
    """A chunked body."""

    def __init__(self, limit_bytes: int) -> None:
        self.is_whole = False
        self._limit = limit_bytes
        self._line = _FIRST_CHUNK
        self._missing = 0
        """Bytes of the chunk that are still to come."""

    def read(self, received: bytes) -> tuple[bytes, bytes]:
        """Return the data of one chunk, as far as it came, and the bytes behind it."""
        begin = 0
        if self._missing == 0 and not self.is_whole:
            begin = self._begin_chunk(received)
        end = begin + self._missing
        data = received[begin:end]
        self._missing -= len(data)
        return data, received[end:]

    def _begin_chunk(self, received: bytes) -> int:
        """Read the size of the next chunk, or the trailers; return the place behind them."""
        line = self._line.match(received)
        if line is not None and (size := int(line[1], 16)):
            self._line, self._missing = _NEXT_CHUNK, size
            return line.end()
        if line is not None:
            end = received.find(END, line.end() - len(b"\r\n")) + len(END)
            if end >= len(END):
                head = Head(b"GET / HTTP/1.0\r\n" + received[line.end() : end])
                if head.special:
                    refuse("a trailer cannot say this any more")
                self.is_whole = True
                return end
        elif received.find(b"\r\n", len(b"\r\n")) >= 0:
            refuse("this is no line of a chunk")
        if len(received) > self._limit:
            refuse("a chunk's line is too long", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        return 0


def refuse(reason: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> NoReturn:
    """Raise h11.RemoteProtocolError: the response shall have this status."""
    raise h11.RemoteProtocolError(reason, status)


def has_token(token: bytes, values: Iterable[bytes]) -> bool:
    """Return whether a header of several values has this one."""
    return any(token == each.strip() for value in values for each in value.lower().split(b","))
