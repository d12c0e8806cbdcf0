"""A live stream in Quart: each listener is a task that waits, and thousands share one thread."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Final

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, Response, request

MOST_WAITING: Final = 100
"""Messages that a listener may be behind."""
LARGEST: Final = 16 * 1024
"""Bytes of a message."""
SILENCE_S: Final = 15
"""After so long without a message a comment shows whether the listener is still there."""
STOP_S: Final = 5
"""Seconds for the whole stop."""

app = Quart(__name__)
app.config["MAX_CONTENT_LENGTH"] = LARGEST
inboxes: set[asyncio.Queue[str | None]] = set()
"""One for each listener; None in it ends the stream. No lock: all of this is one thread."""
stopping = asyncio.Event()


@app.get("/live")
async def live() -> Response:
    response = Response(events(), content_type="text/event-stream")
    response.timeout = None  # Else Quart ends an answer after a minute.
    return response


async def events() -> AsyncIterator[str]:
    # It runs in the request's task, which the server owns, and cancels when the listener leaves.
    inbox: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
    inboxes.add(inbox)
    try:
        yield ": 안녕하세요\n"
        while not stopping.is_set():
            try:
                async with asyncio.timeout(SILENCE_S):
                    text = await inbox.get()  # The task waits here; the thread does other things.
            except TimeoutError:
                yield ": 아직 여기 있어요\n"
                continue
            if text is not None:
                yield f"data: {text}\n\n"
    finally:
        inboxes.discard(inbox)


def deliver(text: str | None) -> None:
    for inbox in inboxes:
        if inbox.full():
            inbox.get_nowait()  # Who is too slow loses the oldest, and holds up nobody.
        inbox.put_nowait(text)


@app.post("/say")
async def say() -> tuple[str, int]:
    deliver(" ".join((await request.form)["text"].split()))
    return "", 204


@app.get("/")
async def index() -> dict[str, int]:
    return {"listeners": len(inboxes)}


async def stop() -> None:
    """Wait for Ctrl+C or SIGTERM, then end the streams: the server waits for open answers."""
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()
    deliver(None)
    # A listener that takes nothing never comes to its end: the alarm ends the program.
    signal.alarm(STOP_S)


if __name__ == "__main__":
    config = Config.from_mapping(bind=[f"127.0.0.1:{os.environ.get('PORT', '5000')}"])
    asyncio.run(serve(app, config, shutdown_trigger=stop))
