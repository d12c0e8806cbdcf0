"""Back-pressure for request bodies: unread bytes are bounded, unwanted ones are discarded."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar, Final

MOST_UNREAD_BYTES: Final = 1024 * 1024
LINGER_S: Final = 10.0
SILENCE_S: Final = 2.0
"""Seconds for which the rest of an unwanted body is discarded: in all, and without a byte."""

Receive = Callable[[], Awaitable[Any]]


class Flow:
    """Counter of the unread bytes of a body; the next message waits until there is room for it."""

    KEY: ClassVar[str] = "saywho.flow"
    """Key of the ASGI scope."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._receiving = asyncio.Lock()
        self._unread = 0
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._came = asyncio.Event()
        self.is_whole = False
        """Whether the body has arrived in full, or its client is gone."""
        self.is_unwanted = False
        """Whether the answer was sent without the rest of the body."""

    def came(self, count: int) -> None:
        """Count bytes that were received, or with a minus those that were read."""
        self._unread += count
        if self._unread < MOST_UNREAD_BYTES or self.is_unwanted:
            self._has_room.set()
        else:
            self._has_room.clear()

    async def receive(self) -> Any:
        """Return the server's next message, once there is room for more."""
        await self._has_room.wait()
        async with self._receiving:
            message = await self._receive()
        self.is_whole = not message.get("more_body", False)
        self._came.set()
        return message

    @contextlib.asynccontextmanager
    async def lingering(self) -> AsyncIterator[None]:
        """Discard what still arrives, for a short time before the context and while it lasts.

        A client that sends first and reads then would not see its answer if the connection were
        closed at once; and a server does not close a connection while a body waits to be read.
        """
        self.is_unwanted = True
        self._has_room.set()
        taking = asyncio.create_task(self._take_all())
        try:
            with contextlib.suppress(TimeoutError):
                await self._until_whole()
            yield
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)

    async def _until_whole(self) -> None:
        """Wait for the body's end. Raises TimeoutError if it takes too long."""
        clock = asyncio.get_running_loop().time
        end = clock() + LINGER_S
        while not self.is_whole:
            self._came.clear()
            async with asyncio.timeout_at(min(end, clock() + SILENCE_S)):
                await self._came.wait()

    async def _take_all(self) -> None:
        while not self.is_whole:
            await self.receive()
