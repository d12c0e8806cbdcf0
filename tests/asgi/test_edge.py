"""The layer in front of the app: ids, refusals, what it adds, what it takes from proxies."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from app import create_app
from app.asgi.edge import REFUSAL, Edge
from app.runtime.logs import AnswerNotes, JsonFormatter, TextFormatter
from tests.browsing import scope_of
from tests.conftest import NDJSON, Client, MakeConfig, Shared, app_of, client_with
from tests.listening import listening

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
    notes = AnswerNotes(are_logged=log_access)
    await Edge(inside, trusted_proxies=0, note=notes.add)(scope, receive, send)
    notes.pass_on()
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


async def send_to(
    method: str, path: str, *, query: bytes = b"", root: str = ""
) -> tuple[str | None, int, dict[bytes, bytes]]:
    """Send a request through an edge; return the path inside, and status and headers outside."""
    inside_path: list[str] = []
    starts: list[Any] = []

    async def inside(scope: Any, _receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        inside_path.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        starts.append(message)

    scope = scope_of(method, "/", {}) | {"path": path, "query_string": query, "root_path": root}
    await Edge(inside, trusted_proxies=0)(scope, receive, send)
    (path_seen,) = inside_path or (None,)
    return path_seen, starts[0]["status"], dict(starts[0]["headers"])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "root", "location"),
    [
        ("//api/v1/live", "", b"/api/v1/live"),
        ("////", "", b"/"),
        ("//evil.example/", "", b"/evil.example/"),
        ("//evil.example//again", "", b"/evil.example//again"),
        ("//\\evil.example", "", b"/%5Cevil.example"),
        ("//\t/evil.example", "", b"/%09/evil.example"),
        ("//a\r\nSet-Cookie: a=b", "", b"/a%0D%0ASet-Cookie:%20a=b"),
        ("//user/한%3f", "", b"/user/%ED%95%9C%253f"),
        ("//user/\udc80", "", b"/user/%3F"),
        ("/app//api/v1/live", "/app", b"/app/api/v1/live"),
        ("//app/api/v1/live", "/app", b"/app/api/v1/live"),
        ("//app///evil.example", "/app/", b"/app/evil.example"),
    ],
)
async def test_a_path_with_more_slashes_is_redirected_within_the_site(
    method: str, path: str, root: str, location: bytes
) -> None:
    seen, status, headers = await send_to(method, path, root=root)
    assert (seen, status, headers[b"location"]) == (None, 308, location)
    assert headers[b"x-request-id"]
    query = b"a=%2F&q=%ED%95%9C" + "글 \r\n".encode()
    _, _, headers = await send_to(method, path, root=root, query=query)
    assert headers[b"location"] == location + b"?a=%2F&q=%ED%95%9C%EA%B8%80%20%0D%0A"


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("//api/v1/tweets", ""),
        ("/app//api/v1/tweets", "/app"),
        ("//app/api/v1/tweets", "/app"),
        ("/app/api/v1/tweets", "/app/"),
    ],
)
async def test_other_methods_are_handled_at_the_one_path(method: str, path: str, root: str) -> None:
    assert (await send_to(method, path, root=root))[:2] == ("/api/v1/tweets", 200)


@pytest.mark.parametrize("path", ["/app", "/apple", "/appapi/v1/live", "/api/v1/live", "//x"])
async def test_a_path_elsewhere_is_no_route_and_leads_nowhere(shared: Shared, path: str) -> None:
    assert "Location" not in (await shared.anybody.get(path, root_path="/app", status=404)).headers


async def test_health_is_told_for_any_host_however_its_path_is_written() -> None:
    async def status(path: str) -> int:
        return (await send_to("GET", path))[1]

    assert [await status(path) for path in ("/healthz", "//healthz")] == [200, 308]


@pytest.mark.parametrize("root", ["", "/app"])
async def test_no_layer_takes_more_slashes_for_another_address(
    make_config: MakeConfig, root: str
) -> None:
    async with app_of(make_config(live_clients=1)) as app:
        admin, anybody = await client_with(app, "admin"), Client(app, {})
        written = f"{root}//api/v1"
        for path in (f"{written}/live", f"{written}/live?after=0"):
            answer = await anybody.get(path, root_path=root, status=308)
            assert answer.headers["Location"] == path.replace("//", "/")
        answer = await admin.post(
            f"{written}/tweets",
            data=b'{"username": "mina", "text": "the lamp is lit"}\n',
            headers=NDJSON,
            root_path=root,
        )
        assert (await answer.get_json())["accepted"] == 1
        assert (await anybody.post(f"{written}/live", root_path=root)).status_code == 405
        headers = {"Cookie": "saywho_zone=Asia/Seoul"}
        page = await anybody.get(f"{root}/user/mina", root_path=root, headers=headers)
        headers = {"Cookie": "saywho_zone=America/New_York"}
        other = await anybody.get(f"{root}/user/mina", root_path=root, headers=headers)
        assert page.status_code == other.status_code == 200
        assert other.headers["Cache-Status"] == "saywho; fwd=miss"
        async with listening(app, path=f"{root}/api/v1/live", root_path=root) as (listener,):
            assert listener.messages[0]["status"] == 200
        assert "saywho_live_clients 0.0" in await admin.page("/metrics")


@pytest.mark.parametrize("wants_addresses", [False, True])
async def test_the_log_has_the_address_of_a_client_if_a_setting_says_so(
    make_config: MakeConfig, caplog: pytest.LogCaptureFixture, wants_addresses: bool
) -> None:
    config = replace(make_config(trusted_proxies=1), access_log=True)
    app = create_app(replace(config, access_log="addresses") if wants_addresses else config)
    with caplog.at_level(logging.INFO, "app.access"):
        logging.getLogger("app.access").addHandler(caplog.handler)
        async with app.test_app():
            await app.test_client().get("/healthz", headers={"X-Forwarded-For": "203.0.113.9"})
        logging.getLogger("app.access").removeHandler(caplog.handler)
    (record,) = [record for record in caplog.records if record.name == "app.access"]
    lines = [TextFormatter().format(record), JsonFormatter().format(record)]
    assert [" from 203.0.113.9" in lines[0], '"client":"203.0.113.9"' in lines[1]] == (
        [wants_addresses] * 2
    )
