"""How long a stop takes while everything is under way, and whether an import then goes on.

`python -m tests.trust.stops` stops `saywho serve`.
"""

import contextlib
import signal
import socket
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.installation import Installation
from tests.serving.test_server import SERVE, Server, serving
from tests.serving.test_supervision import listen
from tests.trust.site import upload
from tests.waiting import DEADLINE_S

COMMAND: Final = (*SERVE, "--workers", "2")
EACH: Final = 4
"""Connections of each kind, so that both workers have some."""
POSTS: Final = 20_000


def stop(folder: Path) -> float:
    """Return how many seconds a stop takes; what was imported must be whole after a new start."""
    installation = Installation(folder / "instance", {"SAYWHO_ACCESS_LOG": "0"})
    with serving(installation, *COMMAND) as server, contextlib.ExitStack() as stack:
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        location = upload(server, "fleet", POSTS)
        installation.wait_until(lambda: server.send("GET", location)[2]["accepted"])
        for _ in range(EACH):
            stack.enter_context(listen(server))
            stack.enter_context(contextlib.closing(server.connect())).connect()
            for path in ("/api/v1/imports?format=jsonl", "/api/v1/tweets", "/api/v1/compare"):
                stack.enter_context(_half_sent(server, path))
            stack.enter_context(_unread(server, "/api/v1/export"))
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(DEADLINE_S) == 0, server.log()
        took = time.monotonic() - began
        assert "Traceback" not in server.log(), server.log()
    with serving(installation, *COMMAND) as again:
        again.token = server.token
        installation.wait_until(lambda: again.send("GET", location)[2]["state"] == "done")
        assert again.send("GET", location)[2]["accepted"] == POSTS
        assert installation.count_posts() == POSTS
    assert installation.json("check") == {"ok": True, "faults": []}
    return took


def _wire(server: Server, head: str) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S)
    token = f"Authorization: Bearer {server.token}\r\n"
    wire.sendall(f"{head} HTTP/1.1\r\nHost: localhost\r\n{token}".encode())
    return wire


def _half_sent(server: Server, path: str) -> socket.socket:
    """Begin a body that never ends; the server has read the head, for it asks for the body."""
    wire = _wire(server, f"POST {path}")
    kind = "application/json" if path.endswith("compare") else "application/x-ndjson"
    wire.sendall(f"Content-Type: {kind}\r\nContent-Length: 9000\r\n".encode())
    wire.sendall(b"Expect: 100-continue\r\n\r\n")
    assert b" 100 " in wire.recv(4096)
    wire.sendall(b'{"username": "half", "text": "sent"}\n')
    return wire


def _unread(server: Server, path: str) -> socket.socket:
    """Ask for much, and read no more than the beginning."""
    wire = _wire(server, f"GET {path}")
    wire.sendall(b"\r\n")
    assert b" 200 " in wire.recv(100)
    return wire


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="saywho-trust-") as folder:
        print(f"stopped in {stop(Path(folder)):.1f} s, the import went on")


if __name__ == "__main__":
    main()
