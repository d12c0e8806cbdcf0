"""HTTP/2 over TLS: it is not spoken, and what is sent all the same costs nobody anything."""

import contextlib
import os
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hyperframe.frame import RstStreamFrame, SettingsFrame

from app.serving.settings import load_server_config
from tests.certificates import make_certificate
from tests.installation import Installation
from tests.ports import free_port
from tests.server import SERVE, Server, memory_of, started
from tests.serving.messages import PREFACE
from tests.waiting import DEADLINE_S

FLOOD_BYTES = 8 * 2**20
"""More than the buffers of a connection hold."""
BOTH = ("h2", "http/1.1")


@pytest.fixture(scope="module")
def server(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve with a certificate, of which alone the server's file tells."""
    with secure_site(tmp_path_factory.mktemp("served"), template) as site:
        yield site


@contextlib.contextmanager
def secure_site(folder: Path, template: Path) -> Iterator[Server]:
    installation = Installation.made(folder / "instance", template)
    certificate, key = make_certificate(folder)
    (folder / "hypercorn.toml").write_text(f'certfile = "{certificate}"\nkeyfile = "{key}"\n')
    log_file, port = folder / "log", free_port()
    command = (*SERVE, "--workers", "1", "--bind", f"127.0.0.1:{port}")
    with log_file.open("wb") as log, started(installation, command, log) as process:
        site = Server(installation, process, log_file, port)
        with contextlib.closing(site):
            installation.wait_until(lambda: process.poll() is not None or is_answered(site))
            yield site


def tls(server: Server, names: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLSocket:
    """Return a connection by TLS that offers these protocols."""
    trust = ssl.create_default_context(cafile=server.log_file.with_name("site.pem"))
    trust.set_alpn_protocols(list(names))
    return server.keep(trust.wrap_socket(server.wire(), server_hostname="localhost"))


def is_answered(server: Server) -> bool:
    with contextlib.suppress(OSError), tls(server) as wire:
        wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return wire.recv(13) == b"HTTP/1.1 200 "
    return False


def said_of_others(server: Server) -> list[str]:
    """Return the log without what `is_answered` asked: that line may come after its answer."""
    return [line for line in server.log().splitlines() if "GET /healthz" not in line]


@pytest.mark.full
def test_a_flood_of_http2_is_refused_and_costs_nothing(server: Server) -> None:
    (worker,) = server.workers()
    before = memory_of(worker)
    sent = b"".join(RstStreamFrame(stream, 8).serialize() for stream in range(1, 10_001, 2))
    for names in (BOTH, BOTH, ("http/1.1",)):
        with tls(server, names) as wire, contextlib.suppress(OSError):
            wire.sendall(PREFACE + SettingsFrame(0).serialize())
            for _ in range(FLOOD_BYTES // len(sent) + 1):
                wire.sendall(sent)
        began = time.monotonic()
        assert is_answered(server)
        assert time.monotonic() - began < 3
    assert server.workers() == [worker]
    assert memory_of(worker) < before + 20 * 2**20
    assert "Traceback" not in server.log()


def test_http2_is_not_offered_whatever_the_file_leaves_out(server: Server) -> None:
    with tls(server, BOTH) as wire:
        assert wire.selected_alpn_protocol() == "http/1.1"
    with tls(server) as wire:
        wire.sendall(PREFACE)
        assert wire.recv(13) == b"HTTP/1.1 400 "


@pytest.mark.full
def test_broken_tls_writes_nothing_into_the_log(server: Server) -> None:
    before = said_of_others(server)
    for sent in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(2000), b"\x16\x03\x01"):
        with server.wire() as wire:
            wire.sendall(sent)
    with tls(server) as wire, socket.socket(fileno=os.dup(wire.fileno())) as beneath:
        beneath.settimeout(DEADLINE_S)
        beneath.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))  # A record that nobody encrypted.
        with contextlib.suppress(ConnectionResetError):
            while beneath.recv(4096):
                pass
    assert is_answered(server)
    assert said_of_others(server) == before


@pytest.mark.full
def test_a_handshake_has_as_long_as_a_head() -> None:
    assert load_server_config().ssl_handshake_timeout == 15


@pytest.mark.full
def test_a_stop_does_not_wait_for_idle_clients_to_take_notice(
    template: Path, tmp_path: Path
) -> None:
    with secure_site(tmp_path, template) as site, tls(site) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(13) == b"HTTP/1.1 200 "
        began = time.monotonic()
        assert site.stop() == 0
        assert time.monotonic() - began < load_server_config().graceful_timeout
    assert "Traceback" not in site.log()
