"""What the tests of the later examples share: programs that are started, and raw connections."""

import contextlib
import importlib.util
import socket
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import httpx

from tests.examples.test_examples import EXAMPLES, Server, started
from tests.installation import TIMEOUT_S, Installation

MB: Final = 1024**2


@contextlib.contextmanager
def running(file: Path) -> Iterator[Server]:
    """Start a program and wait until it answers; what it logs must hold no traceback."""
    with started(file) as server:
        try:
            Installation.wait_until(lambda: _answers(server))
            yield server
        finally:
            log = server.log.read_text()
            server.log.unlink()
        assert "Traceback" not in log


def _answers(server: Server) -> bool:
    assert server.process.poll() is None, server.log.read_text()
    with contextlib.suppress(httpx.TransportError):
        return server.client.get("/").status_code < 500
    return False


def changed(example: str, folder: Path, old: str, new: str) -> Path:
    """Copy a program with one thing changed, so that a test need not be long or large."""
    text = (EXAMPLES / example).read_text()
    assert text.count(old) == 1
    copy = folder / Path(example).name
    copy.write_text(text.replace(old, new))
    return copy


def loaded(example: str) -> ModuleType:
    """Return a program's module, to be looked at in this process."""
    spec = importlib.util.spec_from_file_location("example", EXAMPLES / example)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def connected(server: Server, *, buffer_bytes: int | None = None) -> socket.socket:
    """Return a connection; with a small buffer it soon takes nothing more."""
    wire = socket.socket()
    if buffer_bytes is not None:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    wire.settimeout(TIMEOUT_S)
    wire.connect((server.client.base_url.host, server.client.base_url.port or 80))
    return wire


def head(line: str, *headers: str) -> bytes:
    """Return the head of a request."""
    return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def most_memory(server: Server) -> int:
    """Return the most bytes of memory that the program has had."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def open_files(server: Server) -> int:
    """Return how many files and connections the program has open."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
