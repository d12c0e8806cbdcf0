"""A WebSocket in Quart: both sides talk whenever they like. Flask has none of its own."""

import asyncio
import contextlib
import os
import signal
from typing import Final

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, websocket

MOST_WAITING: Final = 100
"""Messages that somebody may be behind."""
LONGEST: Final = 500
"""Characters of a message."""
GOING_AWAY: Final = 1001

app = Quart(__name__)
inboxes: set[asyncio.Queue[str | None]] = set()
"""One for each who is connected; None in it ends the connection."""


@app.websocket("/talk")
async def talk() -> None:
    inbox: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
    inboxes.add(inbox)
    # Two directions are two tasks. This one owns the other, and is cancelled when they leave.
    hearing = asyncio.create_task(hear())
    try:
        while (text := await inbox.get()) is not None:
            await websocket.send(text)
        await websocket.close(GOING_AWAY)
    finally:
        inboxes.discard(inbox)
        hearing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await hearing


async def hear() -> None:
    while True:
        deliver(str(await websocket.receive())[:LONGEST])


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
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
    deliver(None)


if __name__ == "__main__":
    config = Config.from_mapping(bind=[f"127.0.0.1:{os.environ.get('PORT', '5000')}"])
    asyncio.run(serve(app, config, shutdown_trigger=stop))
