"""Connections of HTTP/1.1 at random: what clients send, and what attackers send."""

import random
from collections.abc import Sequence
from typing import Final

METHODS: Final = [
    *b"PATCH OPTIONS TRACE CONNECT PRI SOURCE M-SEARCH QUERY get BREW G(T".split(),
    b"",
]
TARGETS: Final = [
    *b'a // a:80 /\xed /\x7f /^|<>"{} https://u:p@a:1/?# http:/// ?a /#a#b'.split(),
    *(b"", b"/a b", b"/" + 300 * b"a"),
]
VERSIONS: Final = [
    *b"HTTP/1.2 HTTP/2.0 HTTP/0.9 HTTP/11 http/1.1 ICE/1.0 RTSP/1.0".split(),
    *(b"HTTP/1.1 ", b""),
]
HOSTS: Final = (b"", b"a b", b"a, b", b"\x00", b"[::1]")
NAMES: Final = (b"Accept", b"cookie", b"X-Request-ID", b"x!#$%&'*+.^_`|~9")
ODD_NAMES: Final = [
    *b"a: \xe9 ( Transfer_Encoding Host Content-Length Transfer-Encoding Connection".split(),
    *(b"", b"a b"),
]
VALUES: Final = (b"a", b"", b"a b\tc", b"a, b  ", b"\xed\x95\x9c", b"0")
ODD_VALUES: Final = [
    *(b"\x00", b"a\x0bb", b"\x01", b"\x7f", b"a\rb", b"a\nb", b"a\r\n b", b"\t", b"12"),
    *(b"chunked", b"close"),
]
CODINGS: Final = [*b"gzip chunked,chunked chunked;a identity xchunked".split(), b"", b"chunked\t"]
CHUNK_ENDS: Final = [
    *b'; ;; ;a=b;c="d\\"" g 00000000000000000000'.split(),
    b" ",
    b"\t",
    b" ;a",
    b"\r",
]
SPECIAL: Final = (
    (b"Connection", b"close"),
    (b"Connection", b"Keep-Alive, CLOSE "),
    (b"Connection", b"keep-alive"),
    (b"Connection", b"upgrade"),
    (b"Upgrade", b"websocket"),
    (b"Upgrade", b"h2c"),
    (b"Proxy-Connection", b"close"),
    (b"Expect", b"100-continue"),
    (b"Content-Length", b"5"),
    (b"Content-Length", b"5, 5"),
    (b"Content-Length", b"+5"),
    (b"Content-Length", b"0x5"),
    (b"Content-Length", b"18446744073709551617"),
    (b"Transfer-Encoding", b"chunked"),
    (b"Host", b"b"),
)
PIECES: Final = (
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b"\x00",
    b":",
    b"0\r\n\r\n",
    b"\r\n\r\n",
    b"\r\nContent-Length: 3",
    b"\r\nTransfer-Encoding: chunked",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\n",
)


class Grammar:
    """Requests at random: sound ones, odd ones, and the same with bytes changed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def connection(self) -> bytes:
        """Return the bytes of a connection: one to three requests, or part of them."""
        data = b"".join(self._request() for _ in range(self._chance.choice((1, 1, 2, 3))))
        if self._chance.random() < 0.4:
            for _ in range(self._chance.choice((1, 1, 2, 4))):
                data = self._changed(data)
        return data[: self._chance.randrange(len(data) + 1)] if self._is_rare() else data

    def split(self, data: bytes) -> list[bytes]:
        place = self._chance.randrange(1, len(data)) if len(data) > 1 else 0
        return [data[:place], data[place:]] if place else [data] * bool(data)

    def _is_rare(self) -> bool:
        return self._chance.random() < 0.01

    def _one(self, usual: Sequence[bytes], odd: Sequence[bytes]) -> bytes:
        return self._chance.choice(odd if self._is_rare() else usual)

    def _request(self) -> bytes:
        line = b" ".join(
            (
                self._one((b"GET", b"POST", b"PUT", b"HEAD", b"DELETE"), METHODS),
                self._one((b"/", b"/a?b=c", b"/%ED%95%9C/x#y", b"*", b"http://a/b"), TARGETS),
                self._one((b"HTTP/1.1",) * 9 + (b"HTTP/1.0",), VERSIONS),
            )
        )
        headers = [] if self._is_rare() else [(b"Host", self._one((b"a", b"a.b:80"), HOSTS))]
        headers += [self._header() for _ in range(self._chance.randrange(4))]
        headers += [pair for pair in SPECIAL if self._chance.random() < 0.02]
        body = self._body(headers)
        self._chance.shuffle(headers)
        end = self._one((b"\r\n",), (b"\n", b"\r\r\n", b"\r"))
        between = (
            self._one((b": ", b":", b":\t "), (b" : ", b"\t:", b" ", b":\r\n ")) for _ in headers
        )
        lines = [name + sign + value for (name, value), sign in zip(headers, between, strict=True)]
        return end.join([line, *lines, b"", body])

    def _header(self) -> tuple[bytes, bytes]:
        return self._one(NAMES, ODD_NAMES), self._one(VALUES, ODD_VALUES)

    def _body(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Return a body, and say in the headers where it ends."""
        kind = self._chance.randrange(4)
        data = bytes(self._chance.choices(b"ab0\r\n \r\n:;", k=self._chance.randrange(30)))
        if kind == 0:
            return b""
        if kind == 1:
            length = len(data) + (self._chance.choice((-1, 1)) if self._is_rare() else 0)
            headers.append((b"Content-Length", b"%d" % length))
            return data
        headers.append(
            (
                self._one((b"Transfer-Encoding", b"transfer-encoding"), NAMES),
                self._one((b"chunked", b"Chunked"), CODINGS),
            )
        )
        return self._chunked(data)

    def _chunked(self, data: bytes) -> bytes:
        chunks = []
        while data:
            size = self._chance.randrange(1, len(data) + 1)
            chunks.append(self._chunk_head(size) + data[:size] + b"\r\n")
            data = data[size:]
        fields = [self._header() for _ in range(self._chance.choice((0, 0, 1, 2)))]
        trailers = [b"%b: %b\r\n" % field for field in fields]
        return b"".join([*chunks, self._chunk_head(0), *trailers, b"\r\n"])

    def _chunk_head(self, size: int) -> bytes:
        digits = (
            self._chance.choice((b"%x", b"%X", b"0%x", b"%x;a", b'%x;a="b;"', b"%x;a=b")) % size
        )
        return digits + self._one((b"",), CHUNK_ENDS) + b"\r\n"

    def _changed(self, data: bytes) -> bytes:
        place = self._chance.randrange(len(data) + 1)
        until = min(len(data), place + self._chance.choice((0, 0, 1, 2, 8)))
        new = self._chance.choice(
            (b"", bytes([self._chance.randrange(256)]), data[place:until] * 2, *PIECES)
        )
        return data[:place] + new + data[until:]
