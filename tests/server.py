"""Servers under way, in processes of their own."""

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import IO, Any, TypeVar

from tests.installation import PROGRAM, ROOT, Installation
from tests.ports import free_port
from tests.waiting import DEADLINE_S

SERVE = (str(PROGRAM), "serve")
ESTABLISHED, LISTENING = "01", "0A"
"""States of a socket in /proc/net/tcp."""
HYPERCORN = ("hypercorn", "-c", str(ROOT / "hypercorn.toml"), "app:create_app()")


Wire = TypeVar("Wire", bound=socket.socket)


@dataclass(slots=True)
class Server:
    """A server under way; its log goes to a file."""

    installation: Installation
    process: subprocess.Popen[bytes]
    log_file: Path
    port: int
    token: str = ""
    trust: ssl.SSLContext | None = None
    """What knows its certificate, where it is served over TLS."""
    _wires: list[socket.socket] = field(default_factory=list)
    """Connections of tests, of which one that fails may leave some open."""

    def close(self) -> None:
        """Close what tests have left open; the process goes on."""
        for wire in self._wires:
            wire.close()

    def log(self) -> str:
        return self.log_file.read_text()

    def wait_until_ready(self) -> None:
        """Wait until it listens and answers."""

        def listens() -> bool:
            assert self.process.poll() is None, self.log()
            with contextlib.suppress(ConnectionError):
                return self.send("GET", "/readyz")[0] == 200
            return False

        self.installation.wait_until(listens)

    def connect(self) -> http.client.HTTPConnection:
        if self.trust is not None:
            return http.client.HTTPSConnection(
                "localhost", self.port, timeout=DEADLINE_S, context=self.trust
            )
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)

    def wire(self) -> socket.socket:
        """Return a connection on which a test writes what it likes; it is closed in the end."""
        wire = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S)
        if self.trust is not None:
            wire = self.trust.wrap_socket(wire, server_hostname="localhost")
        return self.keep(wire)

    def keep(self, wire: Wire) -> Wire:
        """Close this connection too in the end."""
        self._wires.append(wire)
        return wire

    def send(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Message, Any]:
        """Send a request over a connection of its own; return status, headers, and JSON."""
        with contextlib.closing(self.connect()) as connection:
            return self.ask(connection, method, path, body, **headers)

    def ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any = None,
        **headers: str,
    ) -> tuple[int, Message, Any]:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        data = answer.read()
        is_json = answer.headers.get_content_subtype() in {"json", "problem+json"}
        return answer.status, answer.headers, json.loads(data) if is_json else data

    def say(self, *lines: str) -> bytes:
        """Send the lines of a request as they are; return all that comes until it is closed."""
        with self.wire() as wire:
            wire.sendall("\r\n".join(lines).encode())
            return b"".join(iter(lambda: wire.recv(65_536), b""))

    def workers(self) -> list[int]:
        """Return the ids of its worker processes, as Linux tells."""
        return children_of(self.process.pid)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has begun; one that has ended meanwhile has none."""
    children: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in os.listdir(f"/proc/{pid}/task"):
            # A thread may end between the two.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                children += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return children


def memory_of(pid: int) -> int:
    """Return the bytes that a process has in memory, as Linux tells."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def oom_score_of(pid: int) -> int:
    """Return how far a process is put forward where memory is short, as Linux tells."""
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


@contextlib.contextmanager
def serving(
    installation: Installation, *command: str, port: int = 0, trust: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """Start a server, and give it once it answers; its log goes on where there is one."""
    installation.data_dir.parent.mkdir(parents=True, exist_ok=True)
    log_file = installation.data_dir.parent / "log"
    port = port or free_port()
    command = (*command, "--bind", f"127.0.0.1:{port}")
    with log_file.open("ab") as log, started(installation, command, log) as process:
        server = Server(installation, process, log_file, port, trust=trust)
        with contextlib.closing(server):
            server.wait_until_ready()
            yield server


@contextlib.contextmanager
def started(
    installation: Installation,
    command: tuple[str, ...],
    log: IO[bytes],
    stdin: IO[str] | int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        env=installation.environment(),
        cwd=installation.data_dir.parent,
        stdin=stdin,
        stdout=log,
        stderr=log,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(DEADLINE_S)


@contextlib.contextmanager
def connections_to_every_worker(server: Server) -> Iterator[list[http.client.HTTPConnection]]:
    """Give open connections of which each worker holds at least one."""
    with contextlib.ExitStack() as stack:
        connections: list[http.client.HTTPConnection] = []

        def held() -> bool:
            for _ in range(8):
                connection = stack.enter_context(contextlib.closing(server.connect()))
                assert server.ask(connection, "GET", "/healthz")[0] == 200
                connections.append(connection)
            return all(sockets_of(pid, server.port, ESTABLISHED) for pid in server.workers())

        server.installation.wait_until(held)
        yield connections


def sockets_of(pid: int, port: int, state: str) -> int:
    """Return how many sockets of the port a process holds in that state, as Linux tells.

    A process that has ended meanwhile holds none.
    """
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == state}
    links = []
    with contextlib.suppress(OSError):  # Of one that nobody has waited for, all belongs to root.
        for link in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                links.append(os.readlink(f"/proc/{pid}/fd/{link}"))
    return sum(f"socket:[{inode}]" in links for inode in inodes)


def half_sent(server: Server, path: str, body: bytes, *, size: int) -> socket.socket:
    """Begin a request whose body has more to come; its head was read, for the body is asked for."""
    wire = server.wire()
    kind = "application/json" if path.endswith(("compare", "users")) else "application/x-ndjson"
    token = [f"Authorization: Bearer {server.token}"] if server.token else []
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close", *token]
    lines += [f"Content-Type: {kind}", f"Content-Length: {size}", "Expect: 100-continue", "", ""]
    wire.sendall("\r\n".join(lines).encode())
    assert b" 100 " in wire.recv(4096)
    wire.sendall(body)
    return wire


def listen(server: Server) -> socket.socket:
    """Open a live stream, and return its socket once the stream has begun."""
    wire = server.wire()
    wire.sendall(b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    begun = b""
    while b"welcome" not in begun:
        begun += wire.recv(4096)
    return wire


def reset(wire: socket.socket) -> None:
    """End a connection at once, as that of a program that is killed in its middle may end."""
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


def rest(wire: socket.socket) -> bytes:
    with wire:
        return b"".join(iter(lambda: wire.recv(65_536), b""))


def accepts(server: Server) -> bool:
    with contextlib.suppress(OSError):
        server.wire().close()
        return True
    return False
