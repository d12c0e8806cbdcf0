"""Answers of several parts over TLS, as `certfile` in `hypercorn.toml` makes it."""

import contextlib
import json
import os
import pty
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import make_certificate
from tests.installation import Installation, lines
from tests.ports import free_port
from tests.server import (
    SERVE,
    Server,
    accepts,
    connections_to_every_worker,
    half_sent,
    listen,
    rest,
    serving,
    started,
)
from tests.waiting import DEADLINE_S

POSTS = 3_000
TEXT = "the lamp is lit and the fog bell rings across the harbour "
STATIC = "/static/plotly-basic.min.js"


@pytest.fixture(scope="module")
def site(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site over TLS with two workers, two authors and more posts than one part holds."""
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
    with serving(installation, *SERVE, "--workers", "2", trust=trust) as server:
        yield server


def renew(site: Server) -> None:
    """Make another certificate in the files of the site, which the client now trusts alone."""
    site.trust = ssl.create_default_context(cafile=make_certificate(site.log_file.parent)[0])


def is_served(site: Server, connections: int = 12) -> bool:
    """Return whether so many new connections all get the certificate that the client trusts."""
    for _ in range(connections):
        try:
            assert site.send("GET", "/healthz")[0] == 200
        except ssl.SSLCertVerificationError:
            return False
    return True


@pytest.mark.full
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


def test_a_certificate_that_cannot_be_loaded_changes_nothing(site: Server) -> None:
    workers = site.workers()
    certificate = site.log_file.with_name("site.pem")
    content = certificate.read_text()
    certificate.write_text("no certificate")
    site.process.send_signal(signal.SIGHUP)
    said = f"the certificate stays as it was: {site.log_file.with_name('hypercorn.toml')}: certfile"
    site.installation.wait_until(lambda: said in site.log())
    certificate.write_text(content)
    assert site.workers() == workers
    assert is_served(site)


def test_a_replaced_worker_serves_the_certificate_of_the_others(site: Server) -> None:
    trusted = site.trust
    renew(site)
    renewed, site.trust = site.trust, trusted
    killed = site.workers()[0]
    os.kill(killed, signal.SIGKILL)
    site.installation.wait_until(
        lambda: len(site.workers()) == 2 and killed not in site.workers() and is_served(site)
    )
    with connections_to_every_worker(site):
        assert is_served(site)
    before = set(site.workers())
    site.process.send_signal(signal.SIGHUP)
    site.trust = renewed
    # By chance, all new connections may reach the first new worker while an old one still serves.
    site.installation.wait_until(
        lambda: len(site.workers()) == 2 and not before & set(site.workers())
    )
    assert is_served(site)


def test_a_renewal_replaces_workers_and_cuts_nothing_short(site: Server) -> None:
    site.token = site.installation.json("token", "add", "x", "--scope", "write")["token"]
    before = set(site.workers())
    line = b'{"username": "mina", "text": "the last line"}\n'
    stream, upload = listen(site), half_sent(site, "/api/v1/tweets", line, size=2 * len(line))
    renew(site)
    site.process.send_signal(signal.SIGHUP)
    site.installation.wait_until(lambda: is_served(site, connections=1))
    # The other old worker is not asked to leave before this one has gone, which the rest of the
    # request may keep for 8 s.
    upload.sendall(line)
    assert b'"accepted":2' in rest(upload)
    assert b"event: bye" in rest(stream)
    # A worker leaves when another one serves, so there is always one.
    site.installation.wait_until(lambda: is_served(site))
    site.installation.wait_until(
        lambda: len(site.workers()) == 2 and not before & set(site.workers())
    )
    assert is_served(site)
    assert "it is replaced" not in site.log().rpartition("was loaded")[2]


@pytest.mark.full
def test_sighup_of_a_terminal_ends_the_server(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "instance")
    log_file, port = tmp_path / "log", free_port()
    terminal, keyboard = pty.openpty()
    command = (*SERVE, "--workers", "1", "--bind", f"127.0.0.1:{port}")
    with (
        os.fdopen(terminal),
        os.fdopen(keyboard) as keys,
        log_file.open("wb") as log,
        started(installation, command, log, stdin=keys) as process,
    ):
        server = Server(installation, process, log_file, port)
        server.wait_until_ready()
        process.send_signal(signal.SIGHUP)
        assert process.wait(DEADLINE_S) == -signal.SIGHUP
        installation.wait_until(lambda: not accepts(server))


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
