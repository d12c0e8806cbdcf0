"""The codec reads as h11 and llhttp do, and writes what h11 reads."""

import random
from collections.abc import Sequence
from typing import Any

import h11
import pytest

from app.serving.codec import LIMIT_BYTES, HttpCodec
from tests.serving.differential import ALLOWED_IN_CHUNKS, ALLOWED_IN_HEADS, disagreements, read
from tests.serving.grammar import Grammar

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
POST = GET.replace(b"GET", b"POST", 1)[:-2]


@pytest.mark.parametrize("count", [500, 20_000])
def test_requests_at_random_are_read_as_h11_and_llhttp_read_them(count: int) -> None:
    assert list(disagreements(count, seed=count)) == []


def test_requests_at_random_are_read_more_often_than_refused() -> None:
    grammar = Grammar(random.Random(1))  # noqa: S311 - drawn for no secret
    connections = [grammar.connection() for _ in range(200)]
    readings = [read(HttpCodec(), [data]) for data in connections]
    assert sum(not reading.is_refused for reading in readings) > 60
    assert sum(bool(message.body) for reading in readings for message in reading.messages) > 80


@pytest.mark.parametrize("name", ALLOWED_IN_HEADS)
def test_a_head_that_may_be_refused_is_refused_and_read_by_h11(name: str) -> None:
    _, example = ALLOWED_IN_HEADS[name]
    assert read(h11.Connection(h11.SERVER), [example]).messages[0].head
    assert read(HttpCodec(), [example]).messages[0].head == ()


@pytest.mark.parametrize("name", ALLOWED_IN_CHUNKS)
def test_a_chunk_that_may_be_refused_is_refused_and_read_by_h11(name: str) -> None:
    _, example = ALLOWED_IN_CHUNKS[name]
    assert read(h11.Connection(h11.SERVER), [example]).messages[0].end == len(example)
    assert read(HttpCodec(), [example]).messages[0].end is None


def events(codec: HttpCodec, data: bytes) -> list[Any]:
    """Return the events until there are none for now, the last one included."""
    codec.receive_data(data)
    found = [codec.next_event()]
    while found[-1] is not h11.NEED_DATA and found[-1] is not h11.PAUSED:
        found.append(codec.next_event())
    return found


def refusal(data: bytes) -> int:
    """Return the status with which the bytes are refused."""
    codec = HttpCodec()
    with pytest.raises(h11.RemoteProtocolError) as raised:
        events(codec, data)
    assert codec.their_state is h11.ERROR
    with pytest.raises(h11.RemoteProtocolError):
        codec.next_event()
    return raised.value.error_status_hint


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02", 400),
        (b"\r\n" + GET, 400),
        (GET.replace(b"\r", b""), 400),
        (GET[:-4] + b"\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (GET[:-2] + b"Host: b\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"SOURCE / ICE/1.0\r\n\r\n", 400),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\n\r\n", 400),
        (b"GET /" + b"a" * LIMIT_BYTES, 431),
        (GET[:-2] + b"A: " + b"a" * LIMIT_BYTES + b"\r\n\r\n", 431),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * LIMIT_BYTES, 431),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: " + b"a" * LIMIT_BYTES, 431),
    ],
)
def test_a_refusal_names_its_status(data: bytes, status: int) -> None:
    assert refusal(data) == status


def test_the_next_request_waits_for_the_response() -> None:
    codec = HttpCodec()
    assert events(codec, GET + GET)[1:] == [h11.EndOfMessage, h11.PAUSED]
    codec.begin(204, [])
    codec.end()
    codec.start_next_cycle()
    assert len(events(codec, GET)) == 3
    assert codec.received == GET


def test_an_upgrade_is_a_request_like_others() -> None:
    codec = HttpCodec()
    upgrade = POST + b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\n"
    request, data, end, last = events(codec, upgrade + b"abc" + GET)
    assert (b"upgrade", b"websocket") in request.headers
    assert (data, end, last) == (b"abc", h11.EndOfMessage, h11.PAUSED)


@pytest.mark.parametrize("framing", [b"Content-Length: 1", b"Transfer-Encoding: chunked"])
def test_the_body_is_asked_for_once(framing: bytes) -> None:
    codec = HttpCodec()
    codec.receive_data(POST + b"Expect: 100-Continue\r\n" + framing + b"\r\n\r\n")
    codec.next_event()
    assert codec.waits_to_continue
    said = codec.ask_to_continue()
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="POST", target="/", headers=[("Host", "a")]))
    client.receive_data(said)
    assert isinstance(client.next_event(), h11.InformationalResponse)
    assert not codec.waits_to_continue


def test_who_was_not_asked_for_the_body_is_told_that_the_connection_closes() -> None:
    codec = HttpCodec()
    codec.receive_data(POST + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\n")
    codec.next_event()
    codec.begin(200, [(b"content-length", b"0")])
    assert b"\r\nconnection: close\r\n" in codec.end()
    assert not codec.has_rest


def test_an_old_client_is_not_asked_for_the_body() -> None:
    codec = HttpCodec()
    old = POST.replace(b"1.1", b"1.0")
    codec.receive_data(old + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\n")
    codec.next_event()
    assert not codec.waits_to_continue


LENGTH = (b"content-length", b"4")
HEADERS = [(b"X-A", b"b c"), (b"x-request-id", b"1"), (b"x-empty", b"")]


def response_to(
    request: bytes, status: int, headers: Sequence[tuple[bytes, bytes]], parts: Sequence[bytes]
) -> tuple[HttpCodec, bytes]:
    """Return the codec after its response, and the bytes of that."""
    codec = HttpCodec()
    events(codec, request)
    codec.begin(status, headers)
    return codec, b"".join([*map(codec.write, parts), codec.end()])


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("status", "has_body"), [(200, True), (404, True), (204, False), (304, False)]
)
@pytest.mark.parametrize(
    "framing",
    [[LENGTH], [], [(b"Transfer-Encoding", b"chunked")], [(b"Connection", b"close"), LENGTH]],
    ids=["length", "none", "chunked", "close"],
)
def test_a_response_is_what_a_client_reads(
    version: bytes, method: str, status: int, has_body: bool, framing: list[tuple[bytes, bytes]]
) -> None:
    request = GET.replace(b"GET", method.encode(), 1).replace(b"1.1", version)
    parts = [b"ab", b"", b"cd"] if has_body and method == "GET" else []
    codec, written = response_to(request, status, [*HEADERS, *framing], parts)

    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(written)
    client.receive_data(b"")
    response = client.next_event()
    assert isinstance(response, h11.Response)
    assert response.status_code == status
    assert response.headers.raw_items()[: len(HEADERS)] == HEADERS
    body = b""
    while isinstance(event := client.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert body == b"".join(parts)

    stays_open = version == b"1.1" and framing[:1] != [(b"Connection", b"close")]
    assert (codec.our_state is codec.their_state is h11.DONE) == stays_open
    assert ((b"connection", b"close") in response.headers) == (not stays_open)


def test_a_refusal_is_written_before_any_request() -> None:
    codec = HttpCodec()
    codec.receive_data(b"\x00")
    with pytest.raises(h11.RemoteProtocolError):
        codec.next_event()
    codec.begin(400, [(b"content-length", b"2")])
    written = codec.write(b"no") + codec.end()
    assert written == b"HTTP/1.1 400 \r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"


@pytest.mark.parametrize(
    ("headers", "parts"),
    [
        ([(b"a", b"b\r\nc: d")], []),
        ([(b"a", b"b\x00")], []),
        ([(b"a b", b"c")], []),
        ([(b"", b"c")], []),
        ([(b"x-request-id", b"a\nb")], []),
        ([(b"content-length", b"1"), (b"Content-Length", b"2")], []),
        ([(b"content-length", b"+1")], []),
        ([(b"transfer-encoding", b"gzip")], []),
        ([LENGTH], [b"abcde"]),
        ([LENGTH], [b"abc"]),
    ],
)
def test_a_response_that_is_not_sound_is_not_sent(
    headers: list[tuple[bytes, bytes]], parts: list[bytes]
) -> None:
    for _ in range(2):
        with pytest.raises(h11.LocalProtocolError):
            response_to(GET, 200, headers, parts)


def test_nothing_is_sent_out_of_turn() -> None:
    codec, _ = response_to(GET, 200, [LENGTH], [b"abcd"])
    with pytest.raises(h11.LocalProtocolError):
        codec.begin(200, [LENGTH])
    with pytest.raises(h11.LocalProtocolError):
        codec.write(b"a")
    assert codec.our_state is h11.ERROR
