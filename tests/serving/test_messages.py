"""How our HTTP/1.1 reads requests and writes responses, without a server."""

from http import HTTPStatus
from typing import Any

import h11
import pytest

from app.serving.http1.messages import LIMIT_BYTES, Head, RequestReader, ResponseWriter
from tests.serving.messages import CHUNKED, GET, POST


def refusal(data: bytes) -> Any:
    reader = RequestReader()
    for place in range(0, len(data), 60_000):
        reader.feed(data[place : place + 60_000])
    return reader.events[-1] if reader.events else None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02", 400),
        (GET.replace(b"\r", b""), 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (GET[:-2] + b"Host: b\r\n\r\n", 400),
        (GET.replace(b"1.1", b"2.0"), 400),
        (GET.replace(b"1.1", b"0.9"), 400),
        (GET.replace(b"/ ", b"/\xed ", 1), 400),
        (GET[:-2] + b"A : b\r\n\r\n", 400),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: chunked\r\n\r\ng\r\n", 400),
        (GET.replace(b"/ ", b"/" + b"a" * LIMIT_BYTES + b" ", 1), 431),
        (GET[:-2] + b"A: " + b"a" * 3 * LIMIT_BYTES, 431),
        # The parser would keep a trailer until it is whole, and copy it with each piece.
        (CHUNKED + b"1\r\na\r\n0\r\nA: " + b"a" * 3 * LIMIT_BYTES, 431),
        (CHUNKED + b"1\r\na\r\n0\r\n" + b"a" * 3 * LIMIT_BYTES, 431),
        (CHUNKED + b"0\r\n" + b"A: a\r\n" * LIMIT_BYTES, 431),
        (CHUNKED + b"1;" + b"a" * 3 * LIMIT_BYTES, 431),
        (CHUNKED + (b"1;" + b"a" * 1_000 + b"\r\na\r\n") * 3_000, 431),
    ],
)
def test_refused_requests_have_their_status(data: bytes, status: int) -> None:
    assert refusal(data) == status


@pytest.mark.parametrize(
    ("body", "size"),
    [
        ((b"1\r\na\r\n" * 200_000) + b"0\r\n\r\n", 200_000),
        ((b"1;sign=0123456789\r\na\r\n" * 20_000) + b"0\r\n\r\n", 20_000),
        (b"400000\r\n" + b"a" * 2**22 + b"\r\n0\r\nA: " + b"a" * 50_000 + b"\r\n\r\n", 2**22),
    ],
    ids=["small chunks", "signed chunks", "trailer"],
)
def test_a_body_with_much_beside_it_is_whole(body: bytes, size: int) -> None:
    reader = RequestReader()
    data = (CHUNKED + body) * 2
    for place in range(0, len(data), 60_000):
        reader.feed(data[place : place + 60_000])
    assert [type(event) for event in reader.events] == [Head, bytearray, type(None)] * 2
    assert [len(event) for event in reader.events if isinstance(event, bytearray)] == [size] * 2


@pytest.mark.parametrize("version", [b"1.1", b"1.2", b"1.9"])
def test_a_later_minor_version_is_read_as_the_one_that_is_known(version: bytes) -> None:
    reader = RequestReader()
    reader.feed(GET.replace(b"1.1", version) * 2)
    heads = [event for event in reader.events if event is not None]
    assert [(head.is_newer, head.keeps_alive) for head in heads if isinstance(head, Head)] == [
        (True, True)
    ] * 2


@pytest.mark.parametrize("body", [b"", b"abc"])
def test_an_upgrade_is_a_request_like_others(body: bytes) -> None:
    reader = RequestReader()
    length = b"Content-Length: %d\r\n" % len(body)
    reader.feed(POST + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + length + b"\r\n" + body + GET)
    first, *rest, second, end = reader.events
    assert isinstance(first, Head)
    assert isinstance(second, Head)
    assert (first.method, second.method, end) == (b"POST", b"GET", None)
    assert rest == ([bytearray(body)] if body else []) + [None]


@pytest.mark.parametrize("expected", [[b"100-Continue"], [b"100-continue", b"100-continue"], []])
def test_a_client_that_expects_to_be_asked_for_the_body_is_asked(expected: list[bytes]) -> None:
    reader = RequestReader()
    reader.feed(POST + b"".join(b"Expect: %b\r\n" % value for value in expected) + b"\r\n")
    assert isinstance(head := reader.events[0], Head)
    assert head.asks == bool(expected)


HEADERS = [(b"X-A", b"b c"), (b"x-request-id", b"1"), (b"x-empty", b"")]
LENGTH = (b"content-length", b"4")


@pytest.mark.parametrize("is_newer", [False, True])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 204, 304])
@pytest.mark.parametrize(
    "framing", [[LENGTH], [], [(b"Connection", b"close"), LENGTH]], ids=["length", "none", "close"]
)
def test_a_response_is_what_a_client_reads(
    is_newer: bool, method: str, status: int, framing: list[tuple[bytes, bytes]]
) -> None:
    parts = [b"ab", b"", b"cd"] if status == 200 and method == "GET" else []
    writer = ResponseWriter(is_newer=is_newer, is_head=method == "HEAD", keeps_alive=is_newer)
    writer.begin(status, [*HEADERS, *framing])
    written = b"".join([*(writer.write(part, is_last=False) for part in parts)])
    written += writer.write(b"", is_last=True)
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(written)
    client.receive_data(b"")
    response = client.next_event()
    assert isinstance(response, h11.Response)
    assert response.status_code == status
    assert response.reason.decode() == HTTPStatus(status).phrase
    assert response.headers.raw_items()[: len(HEADERS)] == HEADERS
    assert status != 204 or b"content-length" not in dict(response.headers)
    body = b""
    while isinstance(event := client.next_event(), h11.Data):
        body += event.data
    assert (type(event), body) == (h11.EndOfMessage, b"".join(parts))
    assert writer.keeps_alive == (is_newer and framing[:1] != [(b"Connection", b"close")])
    assert ((b"connection", b"close") in response.headers) == (not writer.keeps_alive)


@pytest.mark.parametrize("body", [b"abcde", b"abc"])
def test_a_response_of_another_length_than_it_said_is_not_sent(body: bytes) -> None:
    writer = ResponseWriter(is_newer=True, is_head=False, keeps_alive=True)
    writer.begin(200, [LENGTH])
    with pytest.raises(ValueError, match="as long as it said"):
        writer.write(body, is_last=True)
