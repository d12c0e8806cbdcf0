"""A WebSocket in Quart: both sides talk whenever they like. Flask has none of its own."""

import asyncio
import os
import signal
from typing import Final
from urllib.parse import urlsplit

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, abort, websocket

MOST_WAITING: Final = 100
"""Messages that somebody may be behind."""
LARGEST: Final = 16 * 1024
"""Bytes of a message; the server closes the connection (1009) for a larger one."""
GOING_AWAY: Final = 1001
GOODBYE_S: Final = 2
"""Seconds for the other side to say goodbye, too."""
STOP_S: Final = 5
"""Seconds for the whole stop."""

app = Quart(__name__)
inboxes: set[asyncio.Queue[str | None]] = set()
"""One for each who is connected; None in it ends the connection."""
stopping = asyncio.Event()


@app.websocket("/talk")
async def talk() -> None:
    # Browsers let every site open a WebSocket here, with the cookies that its visitor has for us.
    origin = websocket.headers.get("Origin")
    if origin and urlsplit(origin).netloc != websocket.host:
        abort(403)
    inbox: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
    inboxes.add(inbox)
    try:
        # Two directions are two tasks. This one owns the other: they end together, however they do.
        async with asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(hear())
            while not stopping.is_set():
                if (text := await inbox.get()) is not None:
                    await websocket.send(text)
            await websocket.close(GOING_AWAY)
            await asyncio.wait({hearing}, timeout=GOODBYE_S)
            hearing.cancel()
    finally:
        inboxes.discard(inbox)


async def hear() -> None:
    while True:
        text = await websocket.receive()
        if isinstance(text, str):  # Binary messages are not meant here.
            deliver(text)


def deliver(text: str | None) -> None:
    for inbox in inboxes:
        if inbox.full():
            inbox.get_nowait()  # Who is too slow loses the oldest, and holds up nobody.
        inbox.put_nowait(text)


@app.get("/")
async def index() -> dict[str, int]:
    return {"connected": len(inboxes)}


async def stop() -> None:
    """Wait for Ctrl+C or SIGTERM, then say goodbye: the server waits for open connections."""
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()
    deliver(None)
    # Somebody who takes nothing never comes to the goodbye: the alarm ends the program.
    signal.alarm(STOP_S)


if __name__ == "__main__":
    config = Config.from_mapping(
        bind=[f"127.0.0.1:{os.environ.get('PORT', '5000')}"], websocket_max_message_size=LARGEST
    )
    asyncio.run(serve(app, config, shutdown_trigger=stop))
