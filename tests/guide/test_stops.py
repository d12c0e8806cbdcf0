"""What docs/from-flask.md says of a stop of hypercorn by itself."""

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.server import rest
from tests.waiting import DEADLINE_S

ECHO = """
from quart import Quart, request

app = Quart("echo")


@app.post("/")
async def answer():
    return await request.get_data()


@app.get("/live")
async def live():
    async def events():
        yield b"open"
        await app.shutdown_event.wait()
        yield b"bye"

    return events()
"""
Connected = tuple[subprocess.Popen[bytes], socket.socket]


@contextlib.contextmanager
def connected(loop: str, folder: Path) -> Iterator[Connected]:
    """Give a hypercorn with this loop, and a connection to it."""
    (folder / "echo.py").write_text(ECHO)
    port = free_port()
    place = ("--bind", f"127.0.0.1:{port}", "--graceful-timeout", "1")
    command = (sys.executable, "-m", "hypercorn", "-k", loop, *place, "echo:app")
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        try:
            wire = None
            while wire is None:
                assert process.poll() is None
                with contextlib.suppress(ConnectionRefusedError):
                    wire = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
            with wire:
                yield process, wire
        finally:
            process.kill()


@contextlib.contextmanager
def under_way(loop: str, folder: Path) -> Iterator[Connected]:
    """Give a hypercorn with this loop, and a request to it that lacks the rest of its body."""
    with connected(loop, folder) as (process, wire):
        lines = ["POST / HTTP/1.1", "Host: localhost", "Connection: close"]
        lines += ["Content-Length: 4", "Expect: 100-continue", "", ""]
        wire.sendall("\r\n".join(lines).encode())
        assert b" 100 " in wire.recv(4096)
        yield process, wire


@pytest.mark.full
def test_graceful_timeout_bounds_a_stop_with_uvloop_and_on_asyncio_before_python_3_12(
    tmp_path: Path,
) -> None:
    with under_way("asyncio", tmp_path) as (slow, slow_wire):
        with under_way("uvloop", tmp_path) as (quick, quick_wire):
            for process in (slow, quick):
                process.send_signal(signal.SIGTERM)
            assert b" 200 " not in rest(quick_wire)
            assert quick.wait(DEADLINE_S) == 0
        if sys.version_info >= (3, 12):
            slow_wire.sendall(b"late")
            assert rest(slow_wire).endswith(b"late")
        else:
            assert b" 200 " not in rest(slow_wire)
        assert slow.wait(DEADLINE_S) == 0


@pytest.mark.full
def test_the_event_of_a_stop_comes_after_the_wait_for_streams(tmp_path: Path) -> None:
    with connected("uvloop", tmp_path) as (process, wire):
        wire.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while b"open" not in answer:
            answer += wire.recv(4096)
        process.send_signal(signal.SIGTERM)
        assert rest(wire) == b""
        assert process.wait(DEADLINE_S) == 0
