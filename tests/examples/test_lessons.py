"""The examples of streams, uploads and WebSockets: what their readers are told is so."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import wsproto
from wsproto.events import AcceptConnection, CloseConnection, Request, TextMessage

from app.clock import monotonic
from tests.examples.test_examples import EXAMPLES, Server, started
from tests.installation import TIMEOUT_S, Installation

pytestmark = pytest.mark.full

MB: Final = 1024**2
STREAMS: Final = ("flask_app.py", "quart_app.py")


def most_memory(server: Server) -> int:
    """Return the most bytes of memory that the program has had."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def listeners(server: Server) -> int:
    answer = server.client.post("/say", data={"text": "등불을 켜요"})
    return int(answer.json()["listeners"])


@pytest.fixture(params=STREAMS)
def stream(request: pytest.FixtureRequest) -> Iterator[Server]:
    with started(EXAMPLES / "08_live_stream" / request.param) as server:
        Installation.wait_until(lambda: is_open(server))
        yield server
        server.log.unlink()


def is_open(server: Server) -> bool:
    assert server.process.poll() is None, server.log.read_text()
    try:
        return server.client.get("/").status_code < 500
    except httpx.TransportError:
        return False


def test_a_stream_brings_what_is_said_and_knows_who_left(stream: Server) -> None:
    with stream.client.stream("GET", "/live", timeout=TIMEOUT_S) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == ": 안녕하세요"
        assert listeners(stream) == 1
        assert [next(lines), next(lines)] == ["", "data: 등불을 켜요"]
    # Flask notices at the next thing it writes, Quart at once; both have nobody left.
    Installation.wait_until(lambda: listeners(stream) == 0)


def test_a_stop_ends_the_stream_and_the_program() -> None:
    with started(EXAMPLES / "08_live_stream" / "quart_app.py") as server:
        Installation.wait_until(lambda: is_open(server))
        with server.client.stream("GET", "/live", timeout=TIMEOUT_S) as answer:
            lines = answer.iter_lines()
            assert next(lines) == ": 안녕하세요"
            began = monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert list(lines) == [""]  # Without an error of the protocol.
        assert server.process.wait(TIMEOUT_S) == 0
        assert monotonic() - began < 2.5  # The server would have waited for 3 s.
        assert "Traceback" not in server.log.read_text()
        server.log.unlink()


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Path]]:
    monkeypatch.setenv("UPLOADS", str(tmp_path))
    with started(EXAMPLES / "09_large_upload" / "quart_app.py") as server:
        Installation.wait_until(lambda: is_open(server))
        yield server, tmp_path
        server.log.unlink()


def test_a_large_upload_takes_no_memory_and_is_whole(uploads: tuple[Server, Path]) -> None:
    server, folder = uploads
    pieces = [bytes([number]) * MB for number in range(200)]
    before = most_memory(server)
    answer = server.client.put("/files/big", content=iter(pieces), timeout=TIMEOUT_S)
    assert (answer.status_code, answer.json()) == (201, {"bytes": 200 * MB})
    assert (folder / "big").read_bytes() == b"".join(pieces)
    assert most_memory(server) - before < 20 * MB
    assert os.listdir(folder) == ["big"]


def test_what_is_too_large_is_refused_unread(uploads: tuple[Server, Path]) -> None:
    server, folder = uploads
    host, port = server.client.base_url.host, server.client.base_url.port
    with socket.create_connection((host, port or 80), TIMEOUT_S) as connection:
        head = (
            f"PUT /files/big HTTP/1.1\r\nHost: localhost\r\nContent-Length: {2 * 1024**3}\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert connection.recv(12) == b"HTTP/1.1 413"
    assert os.listdir(folder) == []


def test_an_upload_that_breaks_off_leaves_nothing(uploads: tuple[Server, Path]) -> None:
    server, folder = uploads
    host, port = server.client.base_url.host, server.client.base_url.port
    with socket.create_connection((host, port or 80), TIMEOUT_S) as connection:
        head = "PUT /files/big HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
        connection.sendall(head.encode() + bytes(1000))
        Installation.wait_until(lambda: os.listdir(folder))
    Installation.wait_until(lambda: not os.listdir(folder))


def test_flask_keeps_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPLOADS", str(tmp_path))
    with started(EXAMPLES / "09_large_upload" / "flask_app.py") as server:
        Installation.wait_until(lambda: is_open(server))
        answer = server.client.post("/files", files={"file": ("big", bytes(3 * MB))})
        assert (answer.status_code, answer.json()) == (201, {"bytes": 3 * MB})
        server.log.unlink()


class Talker:
    """A client of the WebSocket."""

    def __init__(self, server: Server) -> None:
        host, port = server.client.base_url.host, server.client.base_url.port
        self._socket = socket.create_connection((host, port or 80), TIMEOUT_S)
        self._protocol = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self._send(Request(host=host, target="/talk"))
        assert isinstance(self.hear(), AcceptConnection)

    def _send(self, event: Any) -> None:
        self._socket.sendall(self._protocol.send(event))

    def say(self, text: str) -> None:
        self._send(TextMessage(data=text))

    def hear(self) -> Any:
        """Wait for the next thing that the server sends."""
        while True:
            for event in self._protocol.events():
                return event
            data = self._socket.recv(4096)
            self._protocol.receive_data(data or None)

    def leave(self) -> None:
        self._send(CloseConnection(code=1000))
        self.close()

    def close(self) -> None:
        self._socket.close()


def test_those_who_are_connected_hear_each_other_until_a_stop() -> None:
    with started(EXAMPLES / "10_websocket" / "quart_app.py") as server:
        Installation.wait_until(lambda: is_open(server))
        first, second = Talker(server), Talker(server)
        first.say("안녕하세요")
        assert [talker.hear().data for talker in (first, second)] == ["안녕하세요"] * 2
        first.leave()
        Installation.wait_until(lambda: server.client.get("/").json() == {"connected": 1})
        second.say("혼자네요")
        assert second.hear().data == "혼자네요"
        server.process.send_signal(signal.SIGTERM)
        closed = second.hear()
        assert isinstance(closed, CloseConnection)
        assert closed.code == 1001
        second.close()
        assert server.process.wait(TIMEOUT_S) == 0
        assert "Traceback" not in server.log.read_text()
        server.log.unlink()
