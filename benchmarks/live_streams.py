"""Live streams: how soon posts reach many clients, and what a client costs."""

import contextlib
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.services.live_streams.streaming import MOST_KEPT
from benchmarks import contestants, machine, workloads
from benchmarks.contestants import Server, ours
from benchmarks.databases import Shape, copy

WORKERS = 2
SPARE_FILES = 200


@dataclass(frozen=True, slots=True)
class Audience:
    """So many clients, so many posts a second."""

    clients: int
    per_second: float
    seconds: float


def measure(audience: Audience, shape: Shape, folder: Path) -> dict[str, Any] | None:
    """Return latencies from commit to client, processor time, and memory per client.

    None where this machine does not allow so many connections.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < audience.clients + SPARE_FILES:
        print(f"skipped: {audience.clients:,} live clients (a process may open {most:,} files)")
        return None
    folder.mkdir()
    path = copy(shape, folder)
    settings = {"SAYWHO_LIVE_CLIENTS": str(audience.clients + MOST_KEPT), "SAYWHO_ACCESS_LOG": "0"}
    program = ours(workers=WORKERS, settings=settings)
    ready = workloads.user_path(0)
    with contestants.serving(program, path, folder, ready, on=machine.cores()) as server:
        return with_audience(server, audience, path)


@contextlib.contextmanager
def listening(server: Server, audience: Audience) -> Iterator["subprocess.Popen[str]"]:
    """Give the process of an audience that listens; it reads what the poster prints."""
    listeners = subprocess.Popen(
        (sys.executable, "-m", "benchmarks.audience", server.address, str(audience.clients)),
        cwd=machine.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert listeners.stdout is not None
        if not listeners.stdout.readline():
            sys.exit("the live clients could not all listen")
        yield listeners
    finally:
        listeners.kill()
        listeners.wait()


def posting(audience: Audience, path: Path, size: int = 0) -> "subprocess.Popen[str]":
    """Return the process that posts for an audience; it prints the moments of its commits."""
    return subprocess.Popen(
        (
            *(sys.executable, "-m", "benchmarks.poster", str(path), "1"),
            *(str(audience.per_second), str(audience.seconds), str(size)),
        ),
        cwd=machine.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def with_audience(server: Server, audience: Audience, path: Path) -> dict[str, Any]:
    """Return the figures of an audience of a server, while posts come into its database."""
    before = _workers_mib(server)
    with listening(server, audience) as listeners:
        connected = _workers_mib(server)
        before_s = machine.cpu_s(server.pids), machine.cpu_s([listeners.pid])
        posted, _ = posting(audience, path).communicate()
        server_s = machine.cpu_s(server.pids) - before_s[0]
        listeners_s = machine.cpu_s([listeners.pid]) - before_s[1]
        summary, _ = listeners.communicate(posted)
    figures: dict[str, Any] = json.loads(summary)
    return figures | {
        "per_second": audience.per_second,
        "cpu_us": round(1e6 * server_s / max(1, figures["deliveries"]), 2),
        "server_cores": round(server_s / audience.seconds, 2),
        "listeners_cores": round(listeners_s / audience.seconds, 2),
        "kib_per_client": round(1024 * (connected - before) / audience.clients, 1),
    }


def _workers_mib(server: Server) -> float:
    return sum(map(machine.private_mib, machine.processes_of(server.pids)))
