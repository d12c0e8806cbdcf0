"""Workers that die, hang and stop: nobody outside notices more than they must."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from app.cli.serve import MEMORY
from app.lifespan import running
from app.serving import supervisor
from app.serving.worker import _beat
from tests.installation import Installation
from tests.server import SERVE, Server, accepts, half_sent, listen, oom_score_of, rest, serving
from tests.serving.messages import GET, PREFACE
from tests.waiting import DEADLINE_S


def test_a_killed_worker_is_replaced_and_requests_go_on(server: Server) -> None:
    before = server.workers()
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    assert all(server.send("GET", "/readyz")[0] == 200 for _ in range(30))
    server.installation.wait_until(
        lambda: len(server.workers()) == 2 and before[0] not in server.workers()
    )
    assert before[1] in server.workers()
    assert server.send("GET", "/readyz")[0] == 200
    assert f"worker {before[0]} ended" in server.log()


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="Linux chooses by /proc")
def test_where_memory_is_short_the_supervisor_goes_last(server: Server) -> None:
    """With it the whole site would end, and a worker that was just forked takes less."""
    last = oom_score_of(server.process.pid)
    assert all(oom_score_of(worker) > last for worker in server.workers())


SHORT_SILENCE = "import app.serving.supervisor as supervisor; supervisor.SILENCE_S = 5.0"


@pytest.mark.full
@pytest.mark.parametrize("server", [SHORT_SILENCE], indirect=True, ids=["5 s"])
def test_a_worker_that_hangs_is_replaced(server: Server) -> None:
    assert 5 <= supervisor.SILENCE_S <= 30
    hung = server.workers()[0]
    os.kill(hung, signal.SIGSTOP)
    server.installation.wait_until(
        lambda: hung not in server.workers() and len(server.workers()) == 2
    )
    assert f"worker {hung} hangs" in server.log()
    assert server.send("GET", "/readyz")[0] == 200


def waits_of(pid: int) -> int:
    """Return how often a process has waited for something, as Linux tells."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


@pytest.mark.full
@pytest.mark.parametrize("server", [SHORT_SILENCE], indirect=True, ids=["5 s"])
def test_workers_that_were_stopped_with_their_supervisor_are_kept(server: Server) -> None:
    """As by Ctrl+Z in a terminal, or where the machine has no time for any of them."""
    workers = server.workers()
    for pid in (*workers, server.process.pid):
        os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + 6
    server.installation.wait_until(lambda: time.monotonic() > until)
    # It looks at them before they can beat.
    looked = waits_of(server.process.pid)
    os.kill(server.process.pid, signal.SIGCONT)
    server.installation.wait_until(lambda: waits_of(server.process.pid) > looked)
    for pid in workers:
        os.kill(pid, signal.SIGCONT)
    assert server.send("GET", "/readyz")[0] == 200
    assert server.workers() == workers
    assert "hangs" not in server.log()


ANOTHER_VERSION = "from app.serving import http1; http1.KNOWN_VERSIONS['hypercorn'] = '0.1'"
NO_FOLDER = "import sys; sys.modules['app.serving.http1'] = None"


@pytest.mark.full
@pytest.mark.parametrize(
    "server",
    [pytest.param(ANOTHER_VERSION, id="another version"), pytest.param(NO_FOLDER, id="no folder")],
    indirect=True,
)
def test_without_our_http_1_the_site_serves_and_says_so_in_one_line(server: Server) -> None:
    assert server.send("GET", "/readyz")[0] == 200
    tunnel = server.wire()
    tunnel.sendall(PREFACE)
    assert rest(tunnel) == b""
    stream = listen(server)
    assert server.stop() == 0
    assert b"event: bye" in rest(stream)
    assert server.log().count("hypercorn reads requests itself") == 1
    assert "Traceback" not in server.log()


def test_a_stop_lets_requests_finish_that_were_accepted(server: Server) -> None:
    server.token = server.installation.json("token", "add", "x", "--scope", "write")["token"]
    lines = [b'{"username": "a", "text": "post %d"}\n' % number for number in range(4)]
    size = sum(map(len, lines))
    wires = [half_sent(server, "/api/v1/tweets", lines[0], size=size) for _ in range(6)]
    idle = [listen(server) for _ in range(4)]
    server.process.send_signal(signal.SIGTERM)
    assert all(b"event: bye" in rest(stream) for stream in idle)
    for wire in wires:
        wire.sendall(b"".join(lines[1:]))
    answers = [rest(wire) for wire in wires]
    assert [b for b in answers if b" 200 " not in b or b'"accepted":4' not in b] == []
    assert server.process.wait(DEADLINE_S) == 0
    # Behind the lines of all requests, which tells a stop from a kill.
    stopping, *requests, stopped = last_lines(server, "stopping (SIGTERM)")
    assert (stopping, stopped) == ("stopping (SIGTERM)", "stopped")
    assert sum("/tweets" in line for line in requests) == 6


def last_lines(server: Server, first: str) -> list[str]:
    """Return the messages of the log from one on, which comes once."""
    messages = [
        json.loads(line)["message"] for line in server.log().splitlines() if line[:1] == "{"
    ]
    assert messages.count(first) == 1
    return messages[messages.index(first) :]


def unread(server: Server, path: str) -> socket.socket:
    """Ask for more than fits on the way, and read only how it begins."""
    wire = server.keep(socket.socket())
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.settimeout(DEADLINE_S)
    wire.connect(("127.0.0.1", server.port))
    wire.sendall(GET.replace(b"/", path.encode(), 1))
    assert wire.recv(13) == b"HTTP/1.1 200 "
    return wire


@pytest.mark.full
def test_a_stop_ends_what_is_still_answered_before_it_closes_what_that_needs(
    template: Path, tmp_path: Path
) -> None:
    installation = Installation.made(tmp_path / "instance", template)
    lines = [{"username": "lamp", "text": f"{number} {'long ' * 160}"} for number in range(450)]
    posts = "".join(json.dumps(line) + "\n" for line in lines).encode()
    installation.done("import", "-", "--format", "jsonl", stdin=posts)
    # What is under way gets less than the 8 s of our own file.
    (tmp_path / "hypercorn.toml").write_text("graceful_timeout = 1")
    with (
        serving(installation, *SERVE, "--workers", "1") as server,
        contextlib.closing(sqlite3.connect(installation.database, timeout=DEADLINE_S)) as other,
    ):
        server.token = installation.json("token", "add", "x", "--scope", "write")["token"]
        exports = [unread(server, f"/api/v1/export?format={name}") for name in ("jsonl", "csv")]
        other.execute("BEGIN IMMEDIATE")
        line = posts[: posts.index(b"\n") + 1]
        bulk = half_sent(server, "/api/v1/tweets", line, size=len(line))
        server.process.send_signal(signal.SIGTERM)
        assert rest(bulk).startswith(b"HTTP/1.1 503 ")
        other.rollback()
        assert server.process.wait(DEADLINE_S) == 0
        for export in exports:
            with pytest.raises(ConnectionResetError):
                rest(export)
    assert "Traceback" not in server.log()


@pytest.mark.full
def test_a_second_interrupt_ends_what_the_first_one_waits_for(server: Server) -> None:
    with half_sent(server, "/api/v1/compare", b"", size=9):
        server.process.send_signal(signal.SIGINT)
        server.installation.wait_until(lambda: not accepts(server))
        server.process.send_signal(signal.SIGINT)
        # After the first alone it would be 0.
        assert server.process.wait(DEADLINE_S) == 1
    # The other worker may have finished, as it has no request.
    said = last_lines(server, "stopping (SIGINT)")[-1]
    assert re.fullmatch("stopped; workers killed before they had finished: [12]", said)
    assert "Traceback" not in server.log()


async def test_a_worker_without_its_supervisor_stops_and_reports_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = asyncio.Event()
    async with running(_beat(-1, os.getpid(), stop)):
        await asyncio.wait_for(stop.wait(), DEADLINE_S)
        await asyncio.sleep(0)
    assert not caplog.records


@pytest.mark.full
def test_a_site_that_has_served_goes_on_trying(server: Server) -> None:
    """Its database is another program's for a while, so no worker can start."""
    database = server.installation.database
    hidden = database.with_suffix(".hidden")
    for each in server.workers():
        os.kill(each, signal.SIGSTOP)
    database.rename(hidden)
    database.write_bytes(b"no database" * 100)
    for each in server.workers():
        os.kill(each, signal.SIGKILL)
    server.installation.wait_until(lambda: server.log().count("it is replaced") >= 5)
    assert server.process.poll() is None
    hidden.rename(database)
    server.wait_until_ready()
    assert server.stop() == 0


@pytest.mark.full
def test_files_of_a_killed_server_are_removed(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "instance")
    uploads = installation.data_dir / "uploads"

    def left() -> set[str]:
        return {path.name for path in uploads.glob("*") if path.stat().st_size}

    with serving(installation, *SERVE, "--workers", "1") as server:
        server.token = installation.json("token", "add", "test", "--scope", "write")["token"]
        path, begun = "/api/v1/imports?format=jsonl", b"x" * 2_000_000
        with half_sent(server, path, begun, size=9_000_000):
            installation.wait_until(left)
            (worker,) = server.workers()
            figures = list(Path(MEMORY).glob(f"saywho-metrics-*/*_{worker}.db"))
            for pid in (server.process.pid, worker):
                os.kill(pid, signal.SIGKILL)
            server.process.wait(DEADLINE_S)
    abandoned = left()
    assert abandoned
    assert installation.json("check") == {"ok": True, "faults": []}
    for name in abandoned:  # As if it had been there for two days.
        os.utime(uploads / name, (time.time() - 2 * 86_400,) * 2)
    with serving(installation, *SERVE, "--workers", "1"):
        installation.wait_until(lambda: not abandoned & left())
        assert figures
        assert not any(path.exists() for path in figures)
        assert installation.json("check") == {"ok": True, "faults": []}
