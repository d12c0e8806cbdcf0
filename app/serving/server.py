"""hypercorn's settings and versions, and a clean stop under servers that wait for streams first.

The parent of the bare `hypercorn` command stops its workers by an event. As soon as one worker has
stopped, it sends SIGTERM to the others, even if they are still answering. So a worker ignores that
signal, and ends its streams when the event is set. Its connections are ours, as under `saywho
serve`. Under uvicorn, granian and others the app handles the signal before the server does.
"""

import asyncio
import contextlib
import gc
import logging
import multiprocessing
import signal
import threading
import tomllib
from collections.abc import AsyncGenerator, Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import Any, Final

from hypercorn.config import Config as ServerConfig
from quart import Quart

from app.errors import StartError
from app.lifespan import begin_stop, running

FILE: Final = "hypercorn.toml"
APPLICATION: Final = "app:create_app()"
KNOWN_VERSIONS: Final = {"hypercorn": "0.18", "h11": "0.16", "httptools": "0.9"}
"""Minor versions with which `app/serving/connection.py` and `codec.py` were tested."""

logger = logging.getLogger(__name__)


def load_server_config(*, bind: str | None = None, workers: int | None = None) -> ServerConfig:
    """Return hypercorn's settings from the file in the current folder, else from our own.

    Raises StartError for a file that cannot be read, or for a key that hypercorn does not know
    and would ignore.
    """
    path = Path(FILE)
    if not path.exists():
        path = Path(__file__).with_name(FILE)
    server = ServerConfig()
    if path.exists():
        try:
            values = tomllib.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise StartError(f"{path} cannot be read: {error}") from error
        for key, value in values.items():
            if not hasattr(server, key):
                raise StartError(f"{path}: hypercorn knows no {key}")
            if isinstance(getattr(server, key), int | float) and not isinstance(value, int | float):
                raise StartError(f"{path}: {key} must be a number, not {value!r}")
        server = ServerConfig.from_mapping(values)
    server.application_path = APPLICATION
    if bind is not None:
        server.bind = [bind]
    if workers is not None:
        server.workers = workers
    return server


def use_own_connections() -> None:
    """Replace hypercorn's connections, unless a version is not known."""
    if not unknown_versions():
        from app.serving.connection import use_cheap_connections

        use_cheap_connections()


def warn_of_unknown_versions() -> None:
    """Log what is lost where hypercorn's connections cannot be replaced."""
    if unknown := unknown_versions():
        logger.warning(
            "%s: connections are hypercorn's own. Lost: the time limits for the head of a request"
            " and for clients that take nothing, problem details for invalid HTTP, answers to"
            " clients that close their half, the refusal of upgrades, and four tenths of the speed"
            " from the cache",
            ", ".join(unknown),
        )


def unknown_versions() -> list[str]:
    """Return a sentence for each package whose version was not tested."""
    return [
        f"{name} {found or '(not installed)'} is not the known version {known}"
        for name, known in KNOWN_VERSIONS.items()
        if not (found := _installed(name)).startswith(f"{known}.")
    ]


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


LOOK_S: Final = 0.1


def init_app(app: Quart) -> None:
    """End the app's live streams when its server is asked to stop."""

    @app.while_serving
    async def watch() -> AsyncGenerator[None, None]:
        async with running(end_cleanly(lambda: begin_stop(app))):
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
    # Python collects garbage among all objects as it exits, in half a second of processor time.
    gc.freeze()
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
