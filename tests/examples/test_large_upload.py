"""The example of a large upload: what its readers are told is so."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.examples.lessons import MB, changed, connected, head, most_memory, open_files, running
from tests.examples.test_examples import EXAMPLES, Server
from tests.installation import TIMEOUT_S, Installation

pytestmark = pytest.mark.full

QUART: Final = "09_large_upload/quart_app.py"
LIMIT: Final = "MOST_BYTES: Final = 1024**3"


def pieces(number: int) -> Iterator[bytes]:
    """Yield so many different megabytes."""
    return (bytes([n]) * MB for n in range(number))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder for what programs are sent."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("UPLOADS", str(folder))
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with running(EXAMPLES / QUART) as server:
        yield server


def put(server: Server, pieces: Iterator[bytes], **headers: str) -> Any:
    return server.client.put("/files/big", content=pieces, headers=headers, timeout=TIMEOUT_S)


def test_a_large_upload_takes_no_memory_and_is_whole(server: Server, folder: Path) -> None:
    before = most_memory(server)
    answer = put(server, pieces(200))
    assert (answer.status_code, answer.json()) == (201, {"bytes": 200 * MB})
    assert (folder / "big").read_bytes() == b"".join(pieces(200))
    assert most_memory(server) - before < 20 * MB
    assert os.listdir(folder) == ["big"]


def test_a_slow_sender_holds_nobody_up(server: Server, folder: Path) -> None:
    (folder / "big").write_bytes(b"the one before")

    def slowly() -> Iterator[bytes]:
        for piece in pieces(20):
            yield piece
            # What is half there is under another name.
            assert (folder / "big").read_bytes() == b"the one before"
            small = server.client.put("/files/small", content=b"x", timeout=TIMEOUT_S)
            assert small.status_code == 201

    before = most_memory(server)
    assert put(server, slowly()).status_code == 201
    assert (folder / "big").read_bytes() == b"".join(pieces(20))
    assert most_memory(server) - before < 10 * MB
    assert sorted(os.listdir(folder)) == ["big", "small"]


def test_a_sender_faster_than_the_disk_fills_no_memory(folder: Path, tmp_path: Path) -> None:
    write = "asyncio.to_thread(file.write, piece)  # The disk may be slow."
    with running(changed(QUART, tmp_path, write, "asyncio.sleep(0.005)")) as server:
        before = most_memory(server)
        assert put(server, pieces(64)).json() == {"bytes": 64 * MB}
        assert most_memory(server) - before < 20 * MB


@pytest.mark.parametrize("headers", [{}, {"Content-Length": str(50 * MB)}], ids=["chunks", "told"])
def test_what_is_too_large_is_refused_before_it_is_there(
    headers: dict[str, str], folder: Path, tmp_path: Path
) -> None:
    sent = 0

    def many() -> Iterator[bytes]:
        nonlocal sent
        for piece in pieces(50):
            sent += len(piece)
            yield piece

    with running(changed(QUART, tmp_path, LIMIT, "MOST_BYTES = 1024**2")) as server:
        before = open_files(server)
        assert put(server, many(), **headers).status_code == 413
        assert sent < 50 * MB
        assert os.listdir(folder) == []
        # Nor does the connection stay, with what was sent.
        Installation.wait_until(lambda: open_files(server) == before)
        assert put(server, iter([bytes(MB)])).status_code == 201


def test_what_says_that_it_is_too_large_is_refused_unread(server: Server, folder: Path) -> None:
    with connected(server) as wire:
        wire.sendall(head("PUT /files/big", f"Content-Length: {2 * 1024**3}"))
        assert wire.recv(12) == b"HTTP/1.1 413"
    assert os.listdir(folder) == []


def test_an_upload_that_breaks_off_leaves_nothing(server: Server, folder: Path) -> None:
    with connected(server) as wire:
        wire.sendall(head("PUT /files/big", "Content-Length: 1000000") + bytes(1000))
        Installation.wait_until(lambda: os.listdir(folder))
    Installation.wait_until(lambda: not os.listdir(folder))


def test_an_upload_that_stands_still_is_given_up(folder: Path, tmp_path: Path) -> None:
    limit = "PIECE_TIMEOUT_S: Final = 30"
    with (
        running(changed(QUART, tmp_path, limit, "PIECE_TIMEOUT_S = 0.5")) as server,
        connected(server) as wire,
    ):
        wire.sendall(head("PUT /files/big", "Content-Length: 1000000") + bytes(1000))
        assert wire.recv(12) == b"HTTP/1.1 408"
        assert os.listdir(folder) == []


def test_a_stop_breaks_an_upload_off(server: Server, folder: Path) -> None:
    with connected(server) as wire:
        wire.sendall(head("PUT /files/big", "Content-Length: 1000000") + bytes(1000))
        Installation.wait_until(lambda: os.listdir(folder))
        server.process.send_signal(signal.SIGTERM)
        assert wire.recv(12) == b"HTTP/1.1 500"
        assert server.process.wait(TIMEOUT_S) == 0
    assert os.listdir(folder) == []


def test_a_name_leads_nowhere_else(server: Server, folder: Path) -> None:
    answers = [server.client.put(f"/files/{name}", content=b"x") for name in ("%2e%2e", "..%2fx")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert (os.listdir(folder), os.listdir(folder.parent)) == ([], ["uploads"])


def test_flask_keeps_the_same_bytes(folder: Path) -> None:
    with running(EXAMPLES / "09_large_upload" / "flask_app.py") as server:
        answer = server.client.post("/files", files={"file": ("big", bytes(3 * MB))})
        assert (answer.status_code, answer.json()) == (201, {"bytes": 3 * MB})
        assert (folder / "big").read_bytes() == bytes(3 * MB)
