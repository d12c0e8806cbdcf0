"""The layer in front of the app: ids, refusals, what it adds, what it takes from proxies."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.asgi.edge import REFUSAL, Edge
from tests.browsing import scope_of

Headers = list[tuple[bytes, bytes]]


async def ask(
    headers: Headers, *, path: str = "/", query: bytes = b"text=a+secret", log_access: bool = False
) -> tuple[dict[str, Any], dict[bytes, list[bytes]]]:
    """Send a request through an edge; return the scope inside, and the headers outside."""
    seen: dict[str, Any] = {}
    given: dict[bytes, list[bytes]] = {}

    async def inside(scope: Any, _receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        seen.update(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside", "more_body": False})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        for name, value in message.get("headers", ()):
            given.setdefault(name, []).append(value)

    scope = scope_of("GET", path, {}) | {"headers": headers, "query_string": query}
    await Edge(inside, log_access=log_access, trusted_proxies=0)(scope, receive, send)
    return seen, given


@settings(deadline=None)  # Other work on the machine is no fault.
@given(value=st.binary(max_size=140))
def test_an_id_is_echoed_if_it_can_stand_in_a_log_and_made_otherwise(value: bytes) -> None:
    _, headers = asyncio.run(ask([(b"x-request-id", value)]))
    (identifier,) = headers[b"x-request-id"]
    assert identifier == value or len(identifier) == 16
    assert not set(identifier) & set(b" \r\n\t\"'\\%<>")


@pytest.mark.parametrize("target", ["", "healthz", "here:80", "http://here/healthz", "*"])
async def test_a_target_that_is_no_address_of_a_site_is_refused(target: str) -> None:
    scope, _ = await ask([(b"host", b"here")], path=target)
    assert scope[REFUSAL].status == 400
    assert scope["path"].startswith("/")


@pytest.mark.parametrize("query", [b"\xff", b"q=\xed\x95", b"q=\xed\xa0\x80"])
async def test_a_query_that_is_not_utf_8_is_refused(query: bytes) -> None:
    scope, _ = await ask([], query=query)
    assert scope[REFUSAL].status == 400
    assert scope["query_string"] == b""
    known, _ = await ask([], query="q=한".encode())
    assert REFUSAL not in known


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")],
        [(b"host", b"a b")],
        [(b"host", b"evil.example/path")],
        [(b"host", b"user@evil.example")],
        [(b"host", b"a.example"), (b"host", b"b.example\\c")],
        [(b"host", b"a.example:80:80")],
        [(b"host", b"\xff")],
        [(b"host", b"a" * 300)],
    ],
)
async def test_a_bad_request_is_400_and_ends_the_connection(headers: Headers) -> None:
    seen, given = await ask(headers)
    assert seen[REFUSAL].status == 400
    assert given[b"connection"] == [b"close"]


@pytest.mark.parametrize(("length", "ends"), [(b"2", [b"close"]), (b"0", [])])
async def test_a_body_that_nobody_reads_ends_the_connection(
    length: bytes, ends: list[bytes]
) -> None:
    """A client that keeps its connections would lose its next request."""
    _, given = await ask([(b"content-length", length)])
    assert given.get(b"connection", []) == ends


async def test_the_log_has_the_path_and_not_the_query(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "app.access"):
        await ask([], path="/compare", log_access=True)
    (record,) = [record for record in caplog.records if record.name == "app.access"]
    assert record.getMessage() == "GET /compare 200"
    assert "secret" not in caplog.text
