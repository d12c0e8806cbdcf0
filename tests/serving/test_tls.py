"""Answers of several parts over TLS, as `certfile` in `hypercorn.toml` makes it."""

import contextlib
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import make_certificate
from tests.installation import Installation, lines
from tests.server import SERVE, Server, listen, rest, serving

POSTS = 3_000
TEXT = "the lamp is lit and the fog bell rings across the harbour "
STATIC = "/static/plotly-basic.min.js"


@pytest.fixture(scope="module")
def site(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site over TLS with one worker, two authors and more posts than one part holds."""
    folder = tmp_path_factory.mktemp("over_tls")
    certificate, key = make_certificate(folder)
    settings = f"certfile = {json.dumps(certificate)}\nkeyfile = {json.dumps(key)}\n"
    (folder / "hypercorn.toml").write_text(settings)
    installation = Installation.made(folder / "instance", template)
    posts = [
        {"username": ("mina", "joon")[number % 2], "text": f"{TEXT} {number}"}
        for number in range(POSTS)
    ]
    installation.done("import", lines(folder / "posts.jsonl", *posts))
    trust = ssl.create_default_context(cafile=certificate)
    with serving(installation, *SERVE, "--workers", "1", trust=trust) as server:
        yield server


def test_an_export_comes_whole(site: Server) -> None:
    for form in ("jsonl", "csv"):
        status, _, data = site.send("GET", f"/api/v1/export?format={form}")
        assert status == 200
        assert data.count(TEXT.strip().encode()) == POSTS


def test_a_large_file_comes_whole(site: Server) -> None:
    status, headers, data = site.send("GET", STATIC)
    assert status == 200
    assert len(data) == int(headers["Content-Length"]) > 2**20


def test_batches_end_one_after_another(site: Server) -> None:
    """A batch that hangs would keep its place: there are two for clients without a token."""
    texts = b"".join(json.dumps({"text": TEXT * 20}).encode() + b"\n" for _ in range(100))
    path = "/api/v1/compare/batch?username=mina&username=joon"
    for _ in range(4):
        with contextlib.closing(site.connect()) as connection:
            connection.request("POST", path, texts, {"Content-Type": "application/x-ndjson"})
            answer = connection.getresponse()
            verdicts = answer.read()
        assert answer.status == 200, verdicts
        assert verdicts.count(b"\n") == 100


def test_who_sends_all_before_reading_sees_why_an_upload_was_refused(site: Server) -> None:
    size = 2**24
    head = ["POST /api/v1/imports HTTP/1.1", "Host: localhost", f"Content-Length: {size}", "", ""]
    with site.wire() as wire:
        wire.sendall("\r\n".join(head).encode())
        wire.sendall(bytes(size))
        assert wire.recv(2**16).startswith(b"HTTP/1.1 401 ")


def test_streams_get_each_event_and_a_stop_ends_them(site: Server) -> None:
    streams = [listen(site) for _ in range(8)]
    site.installation.done("user", "add", "lamplighter")
    for stream in streams:
        event = b""
        while b"lamplighter" not in event:
            event += stream.recv(4096)
        assert event.count(b"user.created") == 1
    assert site.stop() == 0
    for stream in streams:
        assert rest(stream).endswith(b"\r\n0\r\n\r\n")
    assert "Traceback" not in site.log()
