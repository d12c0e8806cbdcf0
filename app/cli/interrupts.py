"""Ctrl+C and SIGTERM: long work ends at once, and can still say how far it came."""

import asyncio
import io
import os
import select
import signal
import threading
from typing import Any, BinaryIO, Final

LOOK_S: Final = 0.1


class Interrupts:
    """Cancels the task that made this at the first signal, ends the program at the second."""

    def __init__(self) -> None:
        self.came = threading.Event()
        self._task: asyncio.Task[Any] | None = asyncio.current_task()
        if threading.current_thread() is not threading.main_thread():
            return  # Only the main thread hears signals.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._hear, number)

    def _hear(self, number: int) -> None:
        if self.came.is_set():
            os._exit(128 + number)
        self.came.set()
        if self._task is not None:
            self._task.cancel()

    def input(self, stream: BinaryIO) -> BinaryIO:
        """Return what reads the stream to its end, or until a signal came; no read outlasts it."""
        try:
            number = stream.fileno()
        except io.UnsupportedOperation:
            return stream
        return io.BufferedReader(_Interruptible(number, self.came))


class _Interruptible(io.RawIOBase):
    def __init__(self, number: int, came: threading.Event) -> None:
        self._number = number
        self._came = came

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # always a memoryview
        while not select.select([self._number], [], [], LOOK_S)[0]:
            if self._came.is_set():
                return 0
        chunk = os.read(self._number, len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)
