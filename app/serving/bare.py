"""A clean stop under the bare `hypercorn` command.

Its parent tells the workers of a stop by an event, and ends all of them by SIGTERM as soon as one
has stopped, whatever the others still have to do. So a worker takes no notice of that signal, and
ends its streams when the event is set: hypercorn itself waits for them first.
"""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable
from typing import Any, Final

LOOK_S: Final = 0.1


def stop_event() -> Any | None:
    """Return the event that tells a worker of hypercorn's to stop; None in any other process.

    hypercorn hands it to the process as an argument, and to the app not at all.
    """
    arguments = getattr(multiprocessing.current_process(), "_kwargs", {})
    return arguments.get("shutdown_event")


async def end_cleanly(end_streams: Callable[[], None]) -> None:
    """Call `end_streams` when hypercorn's parent tells its workers to stop."""
    event = stop_event()
    if event is None:
        return
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end_streams)
    while not event.is_set():  # noqa: ASYNC110 - an event between processes cannot be awaited
        await asyncio.sleep(LOOK_S)
    end_streams()
