"""The example of a live stream: what its readers are told is so."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from saywho.clock import monotonic
from tests.examples.lessons import changed, connected, head, loaded, running
from tests.examples.test_examples import EXAMPLES, Server
from tests.installation import TIMEOUT_S, Installation
from tests.ports import free_port

pytestmark = pytest.mark.full

FOLDER: Final = EXAMPLES / "08_live_stream"
QUART: Final = FOLDER / "quart_app.py"
LIVE: Final = head("GET /live")
GREETING: Final = "안녕하세요".encode()


@pytest.fixture(params=("flask_app.py", "quart_app.py"))
def stream(request: pytest.FixtureRequest) -> Iterator[Server]:
    with running(FOLDER / request.param) as server:
        yield server


def say(server: Server, text: str = "등불을 켜요") -> int:
    return server.client.post("/say", data={"text": text}).status_code


def listeners(server: Server) -> int:
    return int(server.client.get("/").json()["listeners"])


@contextlib.contextmanager
def listening(server: Server) -> Iterator[Iterator[str]]:
    """Give the lines of a stream, after its greeting."""
    with server.client.stream("GET", "/live", timeout=TIMEOUT_S) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert [next(lines), next(lines)] == [": 안녕하세요", ""]
        yield lines


def test_a_stream_brings_what_is_said_on_one_line(stream: Server) -> None:
    with listening(stream) as lines, listening(stream) as others:
        assert listeners(stream) == 2
        assert say(stream, "등불을\nevent: x\n\n켜요") == 204
        for heard in (lines, others):
            assert [next(heard), next(heard)] == ["data: 등불을 event: x 켜요", ""]
        assert say(stream, "가" * 16_000) == 413


def test_flask_notices_that_a_listener_left_when_it_writes() -> None:
    with running(FOLDER / "flask_app.py") as server:
        with listening(server):
            pass
        assert listeners(server) == 1
        Installation.wait_until(lambda: say(server) == 204 and listeners(server) == 0)


def test_quart_notices_it_without_writing() -> None:
    with running(QUART) as server:
        with listening(server):
            assert listeners(server) == 1
        began = monotonic()
        Installation.wait_until(lambda: listeners(server) == 0)
        assert monotonic() - began < 10  # The first comment comes after 15 s.


def test_two_listeners_take_two_threads_of_flask_and_none_of_quart() -> None:
    port = free_port()
    bind = ("--bind", f"127.0.0.1:{port}", "--threads", "2", "flask_app:app")
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", *bind]
    with (
        subprocess.Popen(
            command, cwd=FOLDER, stderr=subprocess.DEVNULL, start_new_session=True
        ) as gunicorn,
        running(QUART) as quart,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(os.killpg, gunicorn.pid, signal.SIGKILL)  # Its workers too.

        def ask(server_port: int, request: bytes) -> socket.socket:
            wire = stack.enter_context(socket.create_connection(("127.0.0.1", server_port)))
            wire.sendall(request)
            return wire

        def is_listening() -> bool:
            assert gunicorn.poll() is None
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                return True
            return False

        Installation.wait_until(is_listening)
        ports = (port, quart.client.base_url.port or 80)
        for wire in [ask(number, LIVE) for number in ports for _ in range(2)]:
            read_until(wire, GREETING)
        waiting, answered = (ask(number, head("GET /")) for number in ports)
        read_until(answered, b'{"listeners":2}')
        assert select.select([waiting], [], [], 0) == ([], [], [])


def read_until(wire: socket.socket, end: bytes) -> None:
    wire.settimeout(TIMEOUT_S)
    data = b""
    while end not in data:
        piece = wire.recv(4096)
        assert piece, data
        data += piece


async def test_who_is_too_slow_loses_the_oldest() -> None:
    example = loaded("08_live_stream/quart_app.py")
    events = example.events()
    await anext(events)
    for number in range(example.MOST_WAITING + 50):
        example.deliver(str(number))
    assert await anext(events) == "data: 50\n\n"
    await events.aclose()
    assert not example.inboxes


async def test_who_comes_during_a_stop_finds_the_end() -> None:
    example = loaded("08_live_stream/quart_app.py")
    example.stopping.set()
    answer = await example.app.test_client().get("/live")
    assert await answer.get_data() == b": " + GREETING + b"\n\n"


def test_silence_is_broken_by_a_comment(tmp_path: Path) -> None:
    for name in ("flask_app.py", "quart_app.py"):
        file = changed(f"08_live_stream/{name}", tmp_path, "SILENCE_S: Final = 15", "SILENCE_S = 1")
        with running(file) as server, listening(server) as lines:
            assert next(lines) == ": 아직 여기 있어요"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_the_stream_and_the_program(number: signal.Signals) -> None:
    with running(QUART) as server, listening(server) as lines:
        server.process.send_signal(number)
        assert list(lines) == []  # Without an error of the protocol.
        assert server.process.wait(TIMEOUT_S) == 0


def test_a_listener_that_takes_nothing_does_not_hold_up_a_stop() -> None:
    with running(QUART) as server, connected(server, buffer_bytes=4096) as wire:
        wire.sendall(LIVE)
        Installation.wait_until(lambda: listeners(server) == 1)
        for _ in range(1_000):
            assert say(server, "x" * 16_000) == 204
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(TIMEOUT_S) == -signal.SIGALRM
