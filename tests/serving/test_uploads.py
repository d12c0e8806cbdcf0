"""Uploads that take much to read, on a running site: requests beside them are answered."""

import contextlib
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.installation import Installation
from tests.server import SERVE, Server, children_of, memory_of, serving
from tests.trust.hostile_files import FILES, long_chat
from tests.waiting import DEADLINE_S

MIB = 2**20
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells what processes hold")


@pytest.fixture
def server(template: Path, tmp_path: Path) -> Iterator[Server]:
    installation = Installation.made(tmp_path / "instance", template)
    with serving(installation, *SERVE, "--workers", "1") as running:
        yield running


@pytest.fixture
def operator(server: Server) -> Iterator[httpx.Client]:
    """Make the first account; return a browser that is signed in."""
    link = re.search(r"http://\S+/setup\?token=(\S+)", server.log())
    assert link
    with httpx.Client(
        base_url=f"http://127.0.0.1:{server.port}",
        headers={"Sec-Fetch-Site": "same-origin"},
        timeout=DEADLINE_S,
    ) as client:
        form = {"token": link[1], "name": "mina", "password": "invented for tests only"}
        assert client.post("/setup", data=form).status_code == 303
        yield client


def upload(operator: httpx.Client, name: str, data: bytes) -> str:
    """Upload a file; return the address of its preview."""
    answer = operator.post("/imports", files={"file": (name, data)})
    assert answer.status_code == 303, answer.text
    return urlsplit(answer.headers["Location"]).path


def look(server: Server, operator: httpx.Client, address: str) -> socket.socket:
    """Ask for a preview, and wait for nothing."""
    wire = server.wire()
    cookies = "; ".join(f"{name}={value}" for name, value in operator.cookies.items())
    wire.sendall(f"GET {address} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n\r\n".encode())
    return wire


def readers(worker: int) -> list[int]:
    """Return the processes that read for a worker."""
    running = []
    for pid in children_of(worker):
        with contextlib.suppress(OSError):
            if b"app.runtime.sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes():
                running.append(pid)
    return running


@pytest.mark.full
def test_an_operator_has_one_preview_at_a_time(server: Server, operator: httpx.Client) -> None:
    (worker,) = server.workers()
    address = upload(operator, "chat.txt.gz", long_chat(2_000_000))
    before = memory_of(worker)
    wires = [look(server, operator, address) for _ in range(6)]
    server.installation.wait_until(lambda: readers(worker))
    (reader,) = readers(worker)
    os.kill(reader, signal.SIGSTOP)  # It does not end by itself, however slow the machine is.
    for _ in range(10):
        assert operator.get("/search", params={"q": "harbour"}).status_code == 200
        assert readers(worker) == [reader]
    assert memory_of(worker) < before + 20 * MIB
    for wire in wires:
        wire.close()
    # It comes behind theirs, which together take longer than one may wait.
    address = upload(operator, "posts.jsonl", b'{"username": "ann", "text": "hello"}\n')
    assert operator.get(address).status_code == 200
    # A page is sent before its reader has ended.
    server.installation.wait_until(lambda: not readers(worker))


@pytest.mark.full
def test_hostile_files_take_no_worker_no_memory_and_no_time_of_others(
    server: Server, operator: httpx.Client
) -> None:
    (worker,) = server.workers()
    assert operator.get("/search", params={"q": "harbour"}).status_code == 200
    before = memory_of(worker)
    addresses = [upload(operator, name, make()) for name, make in FILES.items()]
    times: list[float] = []
    with ThreadPoolExecutor(1) as looking:
        pages = [looking.submit(operator.get, address) for address in addresses]
        while not all(page.done() for page in pages):
            began = time.monotonic()
            assert operator.get("/search", params={"q": f"harbour {len(times)}"}).status_code == 200
            times.append(time.monotonic() - began)
    assert max(times) < 3  # Of a busy machine.
    assert memory_of(worker) < before + 20 * MIB
    assert server.workers() == [worker]
    assert "is replaced" not in server.log()
    for page in pages:
        assert page.result().status_code == 200
        assert re.search(r'class="alert"|class="notice"|id="start"', page.result().text)
