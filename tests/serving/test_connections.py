"""Connections of real workers: what is answered, what they leave behind, and what the log says."""

import contextlib
import sqlite3

import pytest

from tests.server import Server, half_sent, reset, rest
from tests.serving.messages import GET

QUICK = "from app.serving.http1 import connection; connection.HEAD_S, connection.CLOSING_S = 1, 0.1"
"""What is being closed has ended long before heads that come too slowly."""
quick = pytest.mark.parametrize("server", [QUICK], indirect=True, ids=["quick"])


def pass_time(server: Server) -> None:
    """Wait at each worker until half a head has had its time."""
    wires = [server.wire() for _ in range(8)]
    for wire in wires:
        wire.sendall(GET[:-2])
    assert all(rest(wire).startswith(b"HTTP/1.1 408 ") for wire in wires)


@quick
def test_half_a_head_leaves_nothing_in_the_log(server: Server) -> None:
    pass_time(server)
    pass_time(server)
    assert server.stop() == 0
    assert "Exception" not in server.log()


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
