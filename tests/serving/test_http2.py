"""HTTP/2 over TLS: it is not spoken, and what is sent all the same costs nobody anything."""

import contextlib
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

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


LONG = [("a", "x" * 3900)] * 15
"""A header that stands in the table once, and makes 60 KB of 15 bytes."""


def head(
    table: Encoder, stream: int, *more: tuple[str, str], flags: tuple[str, ...] = ("END_HEADERS",)
) -> Frame:
    """Return the frame that begins a request; the table has the headers that were sent before."""
    asked = [(":method", "GET"), (":path", "/"), (":scheme", "https"), (":authority", "localhost")]
    return HeadersFrame(stream, table.encode([*asked, *more]), flags=("END_STREAM", *flags))


FLOODS: dict[str, Callable[[Encoder, int], list[Frame]]] = {
    "resets": lambda table, stream: [head(table, stream), RstStreamFrame(stream, 8)],
    "continuations": lambda table, stream: [
        ContinuationFrame(1, b"\0\1a\1b" * 99) if stream > 1 else head(table, 1, flags=())
    ],
    "windows that overflow": lambda table, stream: [
        head(table, stream),
        WindowUpdateFrame(stream, 2**31 - 1),
        WindowUpdateFrame(0, 1),
    ],
    "windows of nothing": lambda table, stream: [
        SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: stream % 4 // 3}),
        head(table, stream),
    ],
    "pings": lambda _, stream: [PingFrame(0, b"%8d" % stream)] * 9,
    "settings": lambda _, stream: (
        [SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: stream})] * 9
    ),
    "priorities": lambda _, stream: (
        [PriorityFrame(stream % 799 | 1, depends_on=stream % 797 + 1000)] * 9
    ),
    "header tables": lambda table, stream: [head(table, stream, *LONG), RstStreamFrame(stream, 8)],
}


def frames_of(flood: str) -> bytes:
    """Return the frames of many streams, one after the other."""
    table = Encoder()
    frames = (frame for stream in range(1, 10_001, 2) for frame in FLOODS[flood](table, stream))
    return b"".join(frame.serialize() for frame in frames)


@pytest.mark.full
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_http2_is_refused_and_costs_nothing(server: Server, flood: str) -> None:
    (worker,) = server.workers()
    before = memory_of(worker)
    sent = frames_of(flood)
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
