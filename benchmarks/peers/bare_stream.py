"""The ceiling of live streams: on the same server, an ASGI function that does nothing but send.

It sends events of the usual size, with the numbers of the log, to everybody. Run as a module it
serves by `PEER_WORKERS` processes on port `PEER_PORT`; `PEER_DATABASE` is the file with the log.
"""

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import sqlite3
import sys
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import uvloop
from hypercorn.asyncio import serve

from app.runtime.processes import share_heap
from app.serving.settings import load_server_config
from app.serving.worker import use_own_http1

POLL_S: Final = 0.05
AT_ONCE: Final = 100
EVENT: Final = b"id: %d\nevent: tweet.created\ndata: %b\n\n"
DATA: Final = b'{"text":"%b"}' % (b"a" * 300)
HEADERS: Final = [(b"content-type", b"text/event-stream")]

clients: set[Any] = set()


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        following = asyncio.create_task(follow())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        following.cancel()
        await send({"type": "lifespan.shutdown.complete"})
        return
    is_stream = scope["path"].endswith("/live")
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send(part(b": welcome\n\n", is_last=not is_stream))
    if is_stream:
        clients.add(send)
        while (await receive())["type"] != "http.disconnect":
            pass
        clients.discard(send)


def part(data: bytes, *, is_last: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": not is_last}


async def follow() -> None:
    """Send an event for each new row of the log."""
    path = Path(os.environ["PEER_DATABASE"])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (newest,) = connection.execute('SELECT max(id) FROM "Event"').fetchone()
        while True:
            await asyncio.sleep(POLL_S)
            query = 'SELECT id FROM "Event" WHERE id > ? ORDER BY id'
            ids = [number for (number,) in connection.execute(query, (newest or 0,))]
            if ids:
                newest = ids[-1]
                message = part(b"".join(EVENT % (number, DATA) for number in ids))
                for count, send in enumerate(list(clients), start=1):
                    await send(message)
                    if count % AT_ONCE == 0:
                        await asyncio.sleep(0)


def work(wire: socket.socket) -> None:
    use_own_http1()
    share_heap()
    config = load_server_config()
    config.bind = [f"fd://{wire.fileno()}"]
    config.insecure_bind, config.workers, config.loglevel = [], 1, "WARNING"
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(serve(app, config))


def main() -> None:
    wire = socket.create_server(("127.0.0.1", int(os.environ["PEER_PORT"])), backlog=1_000)
    wire.set_inheritable(True)
    gc.freeze()  # As the program does: its memory stays shared with the workers.
    context = get_context("fork")
    workers = [
        context.Process(target=work, args=(wire,), daemon=True)
        for _ in range(int(os.environ["PEER_WORKERS"]))
    ]
    for worker in workers:
        worker.start()
    # The workers end with this process, where it does not just die.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
