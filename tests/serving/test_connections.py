"""Connections of real workers: what is answered, what they leave behind, and what the log says."""

import contextlib
import os
import socket
import sqlite3
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.server import SERVE, Server, half_sent, listen, reset, rest, serving
from tests.serving.messages import GET, POST

QUICK = "from app.serving.http1 import connection; connection.HEAD_S, connection.CLOSING_S = 1, 0.1"
"""What is being closed has ended long before heads that come too slowly."""
quick = pytest.mark.parametrize("server", [QUICK], indirect=True, ids=["quick"])


def pass_time(server: Server) -> None:
    """Wait at each worker until half a head has had its time."""
    wires = [server.wire() for _ in range(8)]
    for wire in wires:
        wire.sendall(GET[:-2])
    assert all(rest(wire).startswith(b"HTTP/1.1 408 ") for wire in wires)


@pytest.mark.full
@quick
def test_half_a_head_leaves_nothing_in_the_log(server: Server) -> None:
    pass_time(server)
    pass_time(server)
    assert server.stop() == 0
    assert "Exception" not in server.log()


@pytest.mark.full
@quick
def test_a_client_that_is_gone_before_its_request_ends_leaves_nothing(server: Server) -> None:
    """Its statement goes on in a thread: it waits for the lock of another program."""
    server.token = server.installation.json("token", "add", "x", "--scope", "admin")["token"]
    database = sqlite3.connect(server.installation.database, isolation_level=None)
    with contextlib.closing(database):
        database.execute("BEGIN IMMEDIATE")
        body = b'{"username": "a"}'
        wire = half_sent(server, "/api/v1/users", body, size=len(body))
        pass_time(server)  # The worker has taken the body.
        reset(wire)
        pass_time(server)
    assert server.stop() == 0
    assert "Exception" not in server.log()


def test_clients_that_leave_during_an_answer_leave_nothing_in_the_log(server: Server) -> None:
    asked = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    for number in range(100):
        wire = server.wire()
        wire.sendall(asked if number % 2 else GET)
        if number % 3:
            wire.recv(1)
        if number % 5 == 0:
            wire.shutdown(socket.SHUT_WR)
        reset(wire)
    assert server.stop() == 0
    assert "Exception" not in server.log()
    assert "Traceback" not in server.log()


def answers_to_all(server: Server, *requests: bytes) -> bytes:
    """Send requests, and that no more follows (as `nc -N` does); return all that comes."""
    wire = server.wire()
    wire.sendall(b"".join(requests))
    wire.shutdown(socket.SHUT_WR)
    return rest(wire)


@pytest.mark.full
def test_a_client_that_sends_no_more_gets_its_answers(server: Server) -> None:
    head = POST.replace(b"/", b"/api/v1/compare", 1) + b"Content-Type: application/json\r\n"
    for _ in range(4):  # Half a body is none, for the first request of a worker too.
        assert answers_to_all(server, head + b'Content-Length: 99\r\n\r\n{"text": "ha') == b""
    assert answers_to_all(server, GET[:-2]) == b""
    users = GET.replace(b"/", b"/api/v1/users", 1)
    for requests in ([users], [users] * 3, [users.replace(b"HTTP/1.1", b"HTTP/1.0")]):
        answers = answers_to_all(server, *requests)
        assert answers.count(b"HTTP/1.1 200 ") == len(requests)
        assert answers.endswith(b"}")
    assert server.stop() == 0
    assert "Exception" not in server.log()


@pytest.mark.full
def test_the_live_stream_of_a_client_that_sends_no_more_ends_well(server: Server) -> None:
    """It cannot be told from one that is gone, and there is a limit for the streams."""
    server.installation.done("user", "add", "lamp")
    missed = answers_to_all(server, GET.replace(b"/", b"/api/v1/live?after=0", 1))
    assert b"event: user.created" in missed
    assert missed.endswith(b"\r\n0\r\n\r\n")
    stream = listen(server)
    stream.shutdown(socket.SHUT_WR)
    assert rest(stream).endswith(b"0\r\n\r\n")
    server.installation.wait_until(
        lambda: b"saywho_live_clients 0.0" in server.send("GET", "/metrics")[2]
    )


FEW_FILES = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))"


def is_kept(wire: socket.socket) -> bool:
    """Return whether a new connection is kept: a server without files closes it unread."""
    with contextlib.suppress(ConnectionError):
        wire.sendall(GET.replace(b"/", b"/healthz", 1))
        return wire.recv(4096) != b""
    return False


@pytest.mark.full
def test_a_static_file_that_cannot_be_opened_for_want_of_files_is_503_until_it_can(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(FEW_FILES)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with serving(installation, *SERVE, "--workers", "1") as server, ExitStack() as stack:
        asking = stack.enter_context(contextlib.closing(server.connect()))
        assert server.ask(asking, "GET", "/healthz")[0] == 200
        while is_kept(server.wire()):
            pass
        status, headers, _ = server.ask(asking, "GET", "/static/app.js")
        assert (status, headers["Retry-After"]) == (503, "1")
        assert headers["X-Content-Type-Options"] == "nosniff"
        server.close()
        server.wait_until_ready()
        assert server.send("GET", "/static/app.js")[0] == 200
        assert "Traceback" not in server.log()
