"""A clean stop under servers that tell the app of a stop only after waiting for its streams.

The bare `hypercorn` command: its parent tells the workers of a stop by an event, and ends all of
them by SIGTERM as soon as one has stopped, whatever the others still have to do. So a worker takes
no notice of that signal, and ends its streams when the event is set. Its connections are ours, as
under `saywho serve`. uvicorn, granian and others: the app hears the signal too, before the server's
own handler.
"""

import asyncio
import contextlib
import multiprocessing
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from types import FrameType
from typing import Any, Final

from quart import Quart

from app.lifespan import end_streams, running
from app.serving.server import use_own_connections

LOOK_S: Final = 0.1


def init_app(app: Quart) -> None:
    """End the app's live streams when the server that runs it is told to stop."""

    @app.while_serving
    async def watch() -> AsyncGenerator[None, None]:
        async with running(end_cleanly(lambda: end_streams(app))):
            yield


def stop_event() -> Any | None:
    """Return the event that tells a worker of hypercorn's to stop; None in any other process.

    hypercorn hands it to the process as an argument, and to the app not at all.
    """
    arguments = getattr(multiprocessing.current_process(), "_kwargs", {})
    return arguments.get("shutdown_event")


async def end_cleanly(end: Callable[[], None]) -> None:
    """Call `end` when the server that runs the app is told to stop; until cancelled."""
    loop = asyncio.get_running_loop()
    event = stop_event()
    if event is None:
        with _heard(lambda: loop.call_soon_threadsafe(end)):
            await asyncio.Event().wait()
        return
    use_own_connections()
    loop.add_signal_handler(signal.SIGTERM, end)
    while not event.is_set():  # noqa: ASYNC110 - an event between processes cannot be awaited
        await asyncio.sleep(LOOK_S)
    end()
    await asyncio.Event().wait()


@contextlib.contextmanager
def _heard(on_stop: Callable[[], object]) -> Iterator[None]:
    """Call `on_stop` at signals for which the server has a handler, and then that handler."""
    is_main = threading.current_thread() is threading.main_thread()
    replaced = {}
    for number in (signal.SIGTERM, signal.SIGINT) if is_main else ():
        servers = signal.getsignal(number)
        if callable(servers) and servers is not signal.default_int_handler:
            replaced[number] = servers
            signal.signal(number, _both(on_stop, servers))
    try:
        yield
    finally:
        for number, servers in replaced.items():
            signal.signal(number, servers)


def _both(
    on_stop: Callable[[], object], servers: Callable[[int, FrameType | None], Any]
) -> Callable[[int, FrameType | None], Any]:
    def handle(number: int, frame: FrameType | None) -> Any:
        on_stop()
        return servers(number, frame)

    return handle
