"""Bytes as our codec and as h11 read them, which must be the same.

`make soak` compares a million connections: `python -m tests.serving.differential`.
"""

import argparse
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import h11
import httptools

from app.serving.codec import LIMIT_BYTES, HttpCodec
from app.serving.llhttp import Head
from tests.serving.grammar import Grammar

ALLOWED_IN_HEADS: Final = {
    "a line that ends without CR": (rb"(?<!\r)\n", b"GET / HTTP/1.1\nHost: a\n\n"),
    "a control character in a header": (
        rb"\r(?!\n)|[\x01-\x08\x0e-\x1f\x7f]",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: \x01\r\n\r\n",
    ),
    "a header on several lines": (
        rb"\r\n[ \t]",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n",
    ),
    "an unknown method, or CONNECT": (
        rb"\A(?!(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE) )",
        b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    "a version other than 1.0 and 1.1": (
        rb"\A[^\n]* HTTP/(?!1\.[01]\r)",
        b"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
    ),
    "a target that is neither a path nor an address": (
        rb"\A[A-Z]+ (?!/|\*|https?:/)",
        b"GET a HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    "an address with an odd host": (
        rb"\A[A-Z]+ https?:/(?!/[\w.-]+(:\d+)?([/?#]| ))",
        b"GET http://a|b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    "Content-Length twice, with one value": (
        rb"(?is)\ncontent-length:.*\ncontent-length:",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
    ),
    "Content-Length as a list of one value": (
        rb"(?i)\ncontent-length:[^\r\n]*,",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n",
    ),
    "Content-Length of 2^64 and more": (
        rb"(?i)\ncontent-length:[ \t]*\d{20}",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n",
    ),
    "a tab behind chunked": (
        rb"(?i)\ntransfer-encoding:[ \t]*chunked[ ]*\t",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
    ),
    "Content-Length and Transfer-Encoding": (
        rb"(?is)(?=.*\ncontent-length:).*\ntransfer-encoding:",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
}
"""What h11 accepts and the codec refuses: what it looks like, and an example."""
CHUNKED: Final = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
ALLOWED_IN_CHUNKS: Final = {
    "a control character or a line without CR in a trailer": (
        rb"(?<!\r)\n|\r(?!\n)|[\x01-\x08\x0e-\x1f\x7f]",
        CHUNKED + b"0\r\nA: \x01\r\n\r\n",
    ),
    "a trailer on several lines": (rb"\r\n[ \t]", CHUNKED + b"0\r\nA: b\r\n c\r\n\r\n"),
    "a trailer that belongs into the head": (
        rb"(?i)\n(host|content-length|transfer-encoding|connection|expect):",
        CHUNKED + b"0\r\nConnection: close\r\n\r\n",
    ),
    "a size of more than 16 digits": (
        rb"(?i)(\A|\r\n)[0-9a-f]{17,20}[ \t;\r]",
        CHUNKED + b"00000000000000000\r\n\r\n",
    ),
    "a space behind a size": (rb"(?i)(\A|\r\n)[0-9a-f]{1,20}[ \t]", CHUNKED + b"0 \r\n\r\n"),
    "an odd extension": (rb"(?i)(\A|\r\n)[0-9a-f]{1,20};", CHUNKED + b"0;;\r\n\r\n"),
}
"""The same for what comes behind the head of a chunked body."""


@dataclass(slots=True)
class Message:
    """A request as it was read; `end` is the place behind it, if it was read to its end."""

    begin: int
    head: tuple[object, ...] = ()
    body: bytearray = field(default_factory=bytearray)
    end: int | None = None


@dataclass(slots=True)
class Reading:
    """The requests of a connection; the last one is not complete if the bytes were refused."""

    messages: list[Message]
    is_refused: bool


def read(connection: Any, pieces: Sequence[bytes]) -> Reading:
    """Return what a connection reads, which answers each request once that is complete."""
    messages = [Message(0)]
    received = 0
    for piece in [*pieces, b""]:
        connection.receive_data(piece)
        received += len(piece)
        kind: type = h11.Request
        while kind is not h11.NEED_DATA:
            try:
                kind, value = _next_event(connection)
            except h11.RemoteProtocolError:
                return Reading(messages, is_refused=True)
            if kind is h11.Request:
                messages[-1].head = value
            elif kind is h11.Data:
                messages[-1].body += value
            elif kind is h11.EndOfMessage:
                messages[-1].end = received - len(_rest(connection))
                messages.append(Message(messages[-1].end))
                _answer(connection)
            elif kind is not h11.NEED_DATA:
                return Reading(messages, is_refused=False)
    raise AssertionError("the end of the connection was not noticed")


def _next_event(connection: Any) -> tuple[type, Any]:
    """Return the kind of the next event and what is in it, both the same for both parsers."""
    event = connection.next_event()
    if isinstance(event, type):
        return event, None
    if isinstance(event, bytes):
        return h11.Data, event
    if isinstance(event, Head):
        return h11.Request, (event.method, event.target, event.version, event.headers)
    if isinstance(event, h11.Request):
        is_http2 = (event.method, event.http_version) == (b"PRI", b"2.0")
        head = (event.method, event.target, event.http_version, [*event.headers])
        return h11.SWITCHED_PROTOCOL if is_http2 else h11.Request, head
    return type(event), getattr(event, "data", None)


def _rest(connection: Any) -> bytes:
    is_ours = isinstance(connection, HttpCodec)
    rest: bytes = connection.received if is_ours else connection.trailing_data[0]
    return rest


def _answer(connection: Any) -> None:
    headers = [(b"content-length", b"0")]
    if isinstance(connection, HttpCodec):
        connection.begin(404, headers)
        connection.end()
    else:
        connection.send(h11.Response(status_code=404, headers=headers))
        connection.send(h11.EndOfMessage())
    if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
        connection.start_next_cycle()


def disagreement(pieces: Sequence[bytes]) -> str | None:
    """Return how the bytes are read differently, beyond what is allowed."""
    data = b"".join(pieces)
    ours = read(HttpCodec(), pieces)
    theirs = read(h11.Connection(h11.SERVER, LIMIT_BYTES), pieces)
    for message in ours.messages:
        if message.end is not None and not _is_same_to_llhttp(message, data):
            return "llhttp reads a request differently"
    if ours == theirs:
        return None
    *complete, refused = ours.messages
    if not ours.is_refused or complete != theirs.messages[: len(complete)]:
        return "a request that the codec accepts differs"
    if len(theirs.messages) == len(complete):
        return "the codec goes on where h11 ends"
    other = theirs.messages[len(complete)]
    if refused.head not in ((), other.head) or not other.body.startswith(refused.body):
        return "a request differs before it is refused"
    if not theirs.is_refused or other.end is not None:
        return _unless_allowed(data[other.begin : other.end], is_in_body=bool(refused.head))
    return None


def _unless_allowed(message: bytes, *, is_in_body: bool) -> str | None:
    end = re.search(rb"\n\r?\n", message)
    place = end.end() if end else len(message)
    part, allowed = message[:place], ALLOWED_IN_HEADS
    if is_in_body:
        part, allowed = message[place:], ALLOWED_IN_CHUNKS
    if any(re.search(pattern, part) for pattern, _ in allowed.values()):
        return None
    return "the codec refuses what it should accept"


class Llhttp:
    """What the parser makes of a whole request."""

    def __init__(self, data: bytes) -> None:
        self.target = b""
        self.body = bytearray()
        self.ends = 0
        self.is_upgrade = False
        self.parser = httptools.HttpRequestParser(self)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.is_upgrade = True

    def on_url(self, target: bytes) -> None:
        self.target += target

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.ends += 1


def _is_same_to_llhttp(message: Message, data: bytes) -> bool:
    try:
        other = Llhttp(data[message.begin : message.end])
    except httptools.HttpParserError:
        return False
    method, target, version, _ = message.head
    is_same = (other.parser.get_method(), other.target) == (method, target)
    is_same &= other.parser.get_http_version().encode() == version
    # It leaves the body of an upgrade to others.
    return is_same and other.ends == 1 and (other.is_upgrade or other.body == message.body)


def disagreements(count: int, seed: int) -> Iterator[str]:
    """Compare so many connections, each with one split, and 1 of 100 with every split."""
    for number in range(count):
        grammar = Grammar(random.Random(seed + number))  # noqa: S311 - drawn for no secret
        data = grammar.connection()
        ways = [grammar.split(data)]
        if number % 100 == 0:
            ways += [[data[:place], data[place:]] for place in range(1, len(data))]
        for pieces in ways:
            if said := disagreement(pieces):
                yield f"{seed + number}: {said}: {pieces}"
                break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    found = list(disagreements(arguments.requests, arguments.seed))
    for line in [*found, f"{arguments.requests:,} connections, seed {arguments.seed}"]:
        sys.stdout.write(f"{line}\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
