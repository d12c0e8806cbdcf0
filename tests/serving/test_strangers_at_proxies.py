"""Strangers at a private site behind nginx and HAProxy: forged headers, odd targets, smuggling."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import pytest

from tests.server import SERVE
from tests.serving.test_proxies import PROXIES, Configure, Proxied, behind, chosen_proxy

pytestmark = pytest.mark.full

SECRET: Final = "nobody but us reads this"
READ: Final = "/api/v1/users/mina/tweets"
FORGED: Final = (
    *("X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "X-Forwarded-Host: localhost"),
    *("Forwarded: for=127.0.0.1;host=localhost", "X-Forwarded-Proto: http"),
    *(f"X-Original-URL: {READ}", f"X-Rewrite-URL: {READ}", "X-Forwarded-Prefix: /static"),
    *("Authorization: Bearer", "Cookie: saywho_session=x.y; __Host-saywho_session=x.y"),
)
TARGETS: Final = (
    *(READ, "/user/mina", "/metrics", "/metrics/", "//metrics", "/%6detrics", "/metrics%3f"),
    *("/static/../user/mina", "/static/..%2fuser/mina", "/static/%2e%2e/user/mina"),
    *("/login/../user/mina", "/healthz/%2e%2e/metrics", "/static/..;/user/mina", "//user/mina"),
    *("/./user/mina", "/%75ser/mina", "/user/mina%00", "/user/mina?/static/style.css"),
    *(f"http://localhost{READ}", f"http://127.0.0.1:8000{READ}", "http://localhost/metrics"),
)
ENDED: Final = "0\r\n\r\n"
"""The end of a body in chunks."""


def smuggled(*framing: str, body: str = ENDED) -> str:
    """Return a request behind whose body another one begins, if its length is what one says."""
    inner = f"GET {READ} HTTP/1.1\r\nHost: localhost\r\nX-Ignored: "
    return "\r\n".join(("POST /login HTTP/1.1", "Host: localhost", *framing, "", "")) + body + inner


SMUGGLED: Final = (
    smuggled("Content-Length: 5", "Transfer-Encoding: chunked"),
    smuggled("Content-Length: 5", "Transfer-Encoding:\tchunked"),
    smuggled("Content-Length: 5", "Transfer-Encoding: x, chunked"),
    smuggled("Content-Length: 5", "Transfer-Encoding : chunked"),
    smuggled("Content-Length: 5", " Transfer-Encoding: chunked"),
    smuggled("Content-Length: 5", "X: y\nTransfer-Encoding: chunked"),
    smuggled("Content-Length: 5", "Content-Length: 200", body="a=b&c"),
    smuggled("Content-Length: +5", body="a=b&c"),
    smuggled("Transfer-Encoding: chunked", body="0x0\r\n\r\n"),
    smuggled("Transfer-Encoding: chunked", body="0\n\r\n"),
    smuggled("Transfer-Encoding: chunked", body="0;a=\r\n\r\n"),
)


@pytest.fixture(scope="module", params=PROXIES, ids=[each.__name__ for each in PROXIES])
def private(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Proxied, ssl.SSLContext]]:
    """A private site behind a proxy, and what makes a connection of HTTP/1.1 to it."""
    configure: Configure = chosen_proxy(request.param)
    folder = tmp_path_factory.mktemp(configure.__name__)
    with behind(configure, folder, *SERVE, SAYWHO_PUBLIC="0") as site:
        with site.client() as member:
            assert member.post("/api/v1/users", json={"username": "mina"}).status_code == 201
            assert member.post(READ, json={"text": SECRET}).status_code == 201
        yield site, ssl.create_default_context(cafile=str(folder / "site.pem"))


def answer_to(site: Proxied, context: ssl.SSLContext, request: str) -> bytes:
    """Return all that comes back for what a stranger writes."""
    received = b""
    with (
        socket.create_connection(("127.0.0.1", site.port), timeout=2) as wire,
        context.wrap_socket(wire, server_hostname="localhost") as tls,
    ):
        tls.sendall(request.encode())
        # Where the rest of a request is waited for, nothing more comes.
        with contextlib.suppress(TimeoutError, ConnectionError, ssl.SSLError):
            while piece := tls.recv(65_536):
                received += piece
    return received


def test_nothing_is_told_to_strangers(private: tuple[Proxied, ssl.SSLContext]) -> None:
    site, context = private
    for number, target in enumerate(TARGETS):
        for header in (FORGED[number % len(FORGED)], FORGED[(number + 1) % len(FORGED)]):
            lines = (f"GET {target} HTTP/1.1", "Host: localhost", header, "Connection: close")
            answer = answer_to(site, context, "\r\n".join((*lines, "", "")))
            assert answer, (target, header)
            assert SECRET.encode() not in answer, (target, header)
            assert b"saywho_http_requests" not in answer, (target, header)
            assert not answer.startswith(b"HTTP/1.1 5"), (target, header, answer[:200])


def test_no_request_begins_within_another(private: tuple[Proxied, ssl.SSLContext]) -> None:
    site, context = private
    with site.client(http2=False) as member:
        for request in SMUGGLED:
            assert SECRET.encode() not in answer_to(site, context, request), request
            # Nobody else's request becomes the end of what the stranger began.
            for _ in range(5):
                answer = member.get(READ)
                assert (answer.status_code, SECRET in answer.text) == (200, True), request


def test_other_sites_and_other_names_are_refused(private: tuple[Proxied, ssl.SSLContext]) -> None:
    site, _ = private
    own = f"https://localhost:{site.port}"
    form = {"name": "nobody", "password": "wrong"}
    for headers, status in (
        ({"Origin": own}, 401),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": f"http://localhost:{site.port}"}, 403),
        ({"Origin": own, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}, 403),
    ):
        with site.client(headers=headers) as visitor:
            assert visitor.post("/login", data=form).status_code == status, headers
    with site.client(headers={"Host": "evil.example"}) as visitor:
        assert visitor.get("/login").status_code == 421
