"""Clients that read a large answer slowly, or not at all.

`python -m tests.trust.readers 100` has so many of each. The slow ones get all of it, those that
read nothing are cut off in time, and nobody else waits for them.
"""

import asyncio
import contextlib
import json
import socket
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from tests.trust.overload import Load, memory_mb
from tests.trust.site import Site, roomy_site

POSTS: Final = 3_000
TEXT: Final = "slow and steady " * 100
RECEIVED_BYTES: Final = 65_536
"""The receive buffer of a client: what it does not read waits at the server."""
READ_BYTES: Final = 12_288
PAUSE_S: Final = 1.0
SLOW_S: Final = 45.0
"""A slow client pauses after each read, for longer than one that reads nothing is waited for."""
LAST_CHUNK: Final = b"\r\n0\r\n\r\n"


class Received(NamedTuple):
    """What a client got."""

    size: int
    is_whole: bool
    seconds: float


async def export(site: Site, pause_s: float | None) -> Received:
    """Ask for all posts, and read them, at first with pauses; with None only once cut off."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
    wire.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(wire, ("127.0.0.1", site.port))
    began = time.monotonic()
    head = f"GET /api/v1/export HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {site.token}"
    await loop.sock_sendall(wire, f"{head}\r\n\r\n".encode())
    if pause_s is None:
        await _until_cut_off(wire)
    size, end = 0, b""
    with contextlib.closing(wire), contextlib.suppress(ConnectionError):
        while not end.endswith(LAST_CHUNK) and (data := await loop.sock_recv(wire, READ_BYTES)):
            size, end = size + len(data), (end + data)[-len(LAST_CHUNK) :]
            await asyncio.sleep((pause_s or 0) * (time.monotonic() - began < SLOW_S))
    return Received(size, end.endswith(LAST_CHUNK), time.monotonic() - began)


async def _until_cut_off(wire: socket.socket) -> None:
    """Wait until the server has ended the connection, of which nobody tells the client."""
    ports = [wire.getpeername()[1], wire.getsockname()[1]]
    while ports in _connections():  # noqa: ASYNC110 - Nothing tells of it.
        await asyncio.sleep(0.5)


def _connections() -> list[list[int]]:
    """Return the two ports of each connection of this machine, the own one first."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return [[int(end.partition(":")[2], 16) for end in row[1:3]] for row in rows]


async def run(site: Site, each: int) -> None:
    """Let so many clients of each kind ask for everything, and one that reads at once."""
    load = Load(site)
    usual_s, before_mb = await load.usual_s(), memory_mb(site)
    async with asyncio.TaskGroup() as group:
        slow = [group.create_task(export(site, PAUSE_S)) for _ in range(each)]
        idle = [group.create_task(export(site, None)) for _ in range(each)]
        quick = group.create_task(export(site, 0))
        await asyncio.sleep(1)
        meanwhile_s, held_mb = await load.usual_s(), memory_mb(site)
    assert set(load.answers) <= {200, 201}, load.answers
    await load.close()
    read, unread = [task.result() for task in slow], [task.result() for task in idle]
    whole = quick.result()
    assert whole.is_whole
    assert all(one.is_whole for one in read), read
    assert not any(one.is_whole for one in unread), unread
    print(f"{each} clients each that read {whole.size / 2**20:.1f} MB slowly, and not at all:")
    print(f"  the slow ones got it within {max(one.seconds for one in read):.0f} s, the others")
    print(f"  were cut off within {max(one.seconds for one in unread):.0f} s;")
    print(f"  others {usual_s * 1000:.1f} ms before, {meanwhile_s * 1000:.1f} ms meanwhile;")
    print(f"  own memory {before_mb:.0f} MB before, {held_mb:.0f} MB meanwhile")


def fill(site: Site, folder: Path) -> None:
    """Store more than the buffers of a connection hold."""
    file = folder / "posts.jsonl"
    rows = ({"username": "ann", "text": f"{n} {TEXT}", "source_id": str(n)} for n in range(POSTS))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    site.installation.done("import", file)


def main(arguments: list[str]) -> None:
    each = int(arguments[0]) if arguments else 100
    with roomy_site() as (site, folder):
        fill(site, folder)
        asyncio.run(run(site, each))


if __name__ == "__main__":
    main(sys.argv[1:])
