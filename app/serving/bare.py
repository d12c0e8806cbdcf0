"""A clean stop under servers that wait for the app's streams before they report a stop.

The parent of the bare `hypercorn` command stops its workers by an event. As soon as one worker has
stopped, it sends SIGTERM to the others, even if they are still answering. So a worker ignores that
signal, and ends its streams when the event is set. Its connections are ours, as under `saywho
serve`. Under uvicorn, granian and others the app handles the signal before the server does.
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
from app.serving.server import use_own_connections, warn_of_unknown_versions

LOOK_S: Final = 0.1


def init_app(app: Quart) -> None:
    """End the app's live streams when its server is asked to stop."""

    @app.while_serving
    async def watch() -> AsyncGenerator[None, None]:
        async with running(end_cleanly(lambda: end_streams(app))):
            yield


def stop_event() -> Any | None:
    """Return the event that stops a worker of hypercorn; None in any other process.

    hypercorn passes it to the process as an argument, and does not pass it to the app.
    """
    arguments = getattr(multiprocessing.current_process(), "_kwargs", {})
    return arguments.get("shutdown_event")


async def end_cleanly(end: Callable[[], None]) -> None:
    """Call `end` when the app's server is asked to stop; wait until cancelled."""
    loop = asyncio.get_running_loop()
    event = stop_event()
    if event is None:
        with _on_signals(lambda: loop.call_soon_threadsafe(end)):
            await asyncio.Event().wait()
        return
    warn_of_unknown_versions()
    use_own_connections()
    loop.add_signal_handler(signal.SIGTERM, end)
    while not event.is_set():  # noqa: ASYNC110 - an event between processes cannot be awaited
        await asyncio.sleep(LOOK_S)
    end()
    await asyncio.Event().wait()


@contextlib.contextmanager
def _on_signals(on_stop: Callable[[], object]) -> Iterator[None]:
    """Call `on_stop` before the server's own handler of a signal."""
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
