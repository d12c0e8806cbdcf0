"""Connections at random as our parser and h11 read them: what both accept must be the same.

`make soak` compares a million: `python -m tests.serving.differential --requests 1000000`.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

import h11

from app.serving.http1.requests import LIMIT_BYTES, Head, RequestReader

LINES: Final = (
    *(b"GET / HTTP/1.1", b"POST /a?b=c HTTP/1.1", b"HEAD /%ED%95%9C HTTP/1.1", b"PUT * HTTP/1.1"),
    *(b"DELETE http://a/b HTTP/1.1", b"GET / HTTP/1.0"),
)
HEADERS: Final = (
    *(b"Accept: a b\tc", b"X-Empty:", b"cookie:  a, b  ", b"x!#$%&'*+.^_`|~9: \xed\x95\x9c"),
    *(b"Connection: close", b"Connection: keep-alive", b"Expect: 100-continue"),
    *(b"Connection: upgrade", b"Upgrade: websocket", b"Host: b", b"Proxy-Connection: close"),
    *(b"Content-Length: 5", b"Content-Length: +5", b"Content-Length: 5, 5"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"a b: c", b": a"),
    *(b"A: b\r\n c", b"A: \x00", b"A: \x0b", b"Transfer-Encoding: xchunked"),
)
PIECES: Final = (
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b"\x00", b":", b";", b"0\r\n\r\n", b"\r\n\r\n", b""),
    *(b"\r\nContent-Length: 3", b"\r\nTransfer-Encoding: chunked", b"Host: a"),
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
)
Message = tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]


def connection(chance: random.Random) -> list[bytes]:
    """Return the bytes of one to three requests, mostly sound, in one or two pieces."""
    data = b"".join(_request(chance) for _ in range(chance.choice((1, 1, 2, 3))))
    while chance.random() < 0.3:
        place = chance.randrange(len(data) + 1)
        data = data[:place] + chance.choice(PIECES) + data[place + chance.choice((0, 0, 1, 8)) :]
    place = chance.randrange(len(data) + 1)
    return [data[:place], data[place:]]


def _request(chance: random.Random) -> bytes:
    headers = [b"Host: a", *chance.sample(HEADERS[:5], 2)]
    headers += [each for each in HEADERS if chance.random() < 0.02]
    data = bytes(chance.choices(b"ab0\r\n \r\n:;", k=chance.randrange(30)))
    kind = chance.randrange(3)
    if kind == 1:
        headers.append(b"Content-Length: %d" % len(data))
    elif kind == 2:
        headers.append(b"transfer-encoding: Chunked")
        data = _chunked(chance, data)
    chance.shuffle(headers)
    return b"\r\n".join([chance.choice(LINES), *headers, b"", data if kind else b""])


def _chunked(chance: random.Random, data: bytes) -> bytes:
    chunks = []
    while data:
        size = chance.randrange(1, len(data) + 1)
        head = chance.choice((b"%x", b"%X", b"0%x", b'%x;a="b"', b"%x;a=b", b"%x ", b"%x;;")) % size
        chunks.append(head + b"\r\n" + data[:size] + b"\r\n")
        data = data[size:]
    return b"".join([*chunks, b"0\r\n", chance.choice((b"", b"A: b\r\n", b"Host: b\r\n")), b"\r\n"])


def ours(pieces: Sequence[bytes]) -> list[Message]:
    """Return the requests that our parser reads to their end, until the connection closes."""
    reader = RequestReader()
    for piece in pieces:
        reader.feed(piece)
    found: list[Message] = []
    head, body = Head(), b""
    for event in reader.events:
        if isinstance(event, Head):
            head, body = event, b""
        elif isinstance(event, bytearray):
            body += event
        elif event is None:
            found.append((head.method, head.target, _plain(head.headers), body))
            if not head.keeps_alive:
                break
    return found


def theirs(pieces: Sequence[bytes]) -> tuple[list[Message], bool]:
    """Return the same of h11, and whether it refused something."""
    reader = h11.Connection(h11.SERVER, LIMIT_BYTES)
    found: list[Message] = []
    head, body = h11.Request(method="GET", target="/", headers=[("Host", "a")]), b""
    for piece in filter(None, pieces):
        reader.receive_data(piece)
        while True:
            try:
                event = reader.next_event()
            except h11.RemoteProtocolError:
                return found, True
            if isinstance(event, h11.Request):
                head, body = event, b""
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                found.append((head.method, head.target, _plain([*head.headers]), body))
                reader.send(h11.Response(status_code=404, headers=[(b"content-length", b"0")]))
                reader.send(h11.EndOfMessage())
                if reader.our_state is not h11.DONE:
                    return found, False
                reader.start_next_cycle()
            else:
                break
    return found, False


def _plain(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value.lower()) for name, value in headers if name != b"upgrade"]


def disagreements(count: int, seed: int) -> Iterator[str]:
    """Compare so many connections; a request that one of the two refuses ends the comparison."""
    for number in range(seed, seed + count):
        pieces = connection(random.Random(number))  # noqa: S311 - drawn for no secret
        mine, (other, is_refused) = ours(pieces), theirs(pieces)
        both = min(len(mine), len(other))
        if mine[:both] != other[:both] or (len(mine) > both and not is_refused):
            yield f"{number}: {pieces}"


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
