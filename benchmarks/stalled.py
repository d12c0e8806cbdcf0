"""Clients of the live stream that read nothing, beside others: `python -m benchmarks.stalled`.

Each that is disconnected comes back at once, so
their number stays. How long a client has taken nothing is told by what waits for it in the kernel.
"""

import argparse
import json
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks import live_streams, machine, workloads
from benchmarks.contestants import ours, serving
from benchmarks.databases import Shape, copy
from benchmarks.live_streams import Audience

SHAPE: Final = Shape("stalled", 30, 25, has_profiles=True)
RECEIVE_BYTES: Final = 4_096
POST_CHARACTERS: Final = 16_000
PER_SECOND: Final = 2.0
LOOK_S: Final = 1.0
REPORT_EVERY_S: Final = 60.0
OLDEST_S: Final = 45.0
LATEST_MS: Final = 1_000.0
CONNECTING_S: Final = 60.0
REQUEST: Final = b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
ESTABLISHED: Final = "01"


class Stalled:
    """Clients that read nothing."""

    def __init__(self, port: int, clients: int) -> None:
        self._port = port
        self._wires: dict[int, socket.socket] = {}
        """By their own port."""
        self._waiting: dict[int, tuple[int, float]] = {}
        """By port: bytes that wait for the client, and since when so many do."""
        self.closed = 0
        self.oldest_s = 0.0
        """The longest time for which a connection was there that took nothing."""
        for _ in range(clients):
            self._connect()

    def _connect(self) -> None:
        wire = socket.socket()
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        wire.settimeout(CONNECTING_S)
        wire.connect(("127.0.0.1", self._port))
        wire.sendall(REQUEST)
        self._wires[wire.getsockname()[1]] = wire

    def look(self) -> None:
        """Note what waits for each client; replace those that were disconnected."""
        now, waiting = time.monotonic(), unsent(self._port)
        for port in list(self._wires):
            size, since = self._waiting.get(port, (0, now))
            if port in waiting and waiting[port] in {0, size}:
                self._waiting[port] = waiting[port], since if waiting[port] else now
            else:
                self._waiting[port] = waiting.get(port, 0), now
            if size:
                self.oldest_s = max(self.oldest_s, now - since)
            if port not in waiting:
                self._wires.pop(port).close()
                del self._waiting[port]
                self.closed += 1
                self._connect()

    def close(self) -> None:
        for wire in self._wires.values():
            wire.close()


def unsent(port: int) -> dict[int, int]:
    """Return what the kernel has not sent yet on each connection of a server, by client's port."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return {
        _port(peer): int(queues.partition(":")[0], 16)
        for _, address, peer, state, queues, *_ in rows
        if state == ESTABLISHED and _port(address) == port
    }


def _port(address: str) -> int:
    return int(address.partition(":")[2], 16)


def measure(clients: int, readers: int, seconds: float) -> bool:
    """Print how old a connection became that took nothing, and how late posts were for readers.

    Return whether both were within their limits.
    """
    audience = Audience(readers, PER_SECOND, seconds)
    settings = {"SAYWHO_LIVE_CLIENTS": str(2 * (clients + readers)), "SAYWHO_ACCESS_LOG": "0"}
    program = ours(workers=live_streams.WORKERS, settings=settings)
    with machine.work_folder() as folder:
        path = copy(SHAPE, folder)
        own, ready = folder / "server", workloads.user_path(0)
        with (
            serving(program, path, own, ready, on=machine.cores()) as server,
            live_streams.listening(server, audience) as listeners,
        ):
            stalled = Stalled(urlsplit(server.address).port or 0, clients)
            poster = live_streams.posting(audience, path, POST_CHARACTERS)
            try:
                posted = _watch(stalled, poster)
            finally:
                poster.kill()
                poster.wait()
            summary, _ = listeners.communicate(posted)
            stalled.close()
    figures = json.loads(summary)
    print(
        f"{clients:,} clients that read nothing for {seconds / 60:g} min: {stalled.closed:,} "
        f"disconnected, the oldest after {stalled.oldest_s:.0f} s\n{readers:,} readers: posts "
        f"after {figures['p50_ms']:.0f} ms, 99% within {figures['p99_ms']:.0f} ms, all within "
        f"{figures['max_ms']:.0f} ms; {figures['lost']} lost, {figures['twice']} twice, "
        f"{figures['lost_connections']} cut off"
    )
    is_sent = figures["lost"] == figures["twice"] == figures["lost_connections"] == 0
    return is_sent and stalled.oldest_s <= OLDEST_S and figures["max_ms"] <= LATEST_MS


def _watch(stalled: Stalled, poster: "subprocess.Popen[str]") -> str:
    """Look at the clients until all is posted; return what the poster prints."""
    reported = time.monotonic()
    while True:
        try:
            return poster.communicate(timeout=LOOK_S)[0]
        except subprocess.TimeoutExpired:
            stalled.look()
        if time.monotonic() - reported >= REPORT_EVERY_S:
            reported = time.monotonic()
            print(f"{stalled.closed:,} disconnected; oldest {stalled.oldest_s:.0f} s", flush=True)


def main() -> int:
    """Print what was measured; return 1 if it is not within the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clients", type=int, nargs="?", default=2_000)
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < options.clients + options.readers + live_streams.SPARE_FILES:
        parser.error(f"this machine allows a process {most:,} open files")
    print(machine.description())
    return not measure(options.clients, options.readers, 60 * options.minutes)


if __name__ == "__main__":
    sys.exit(main())
