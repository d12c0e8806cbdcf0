"""Back-pressure for streamed bodies: what nobody has read yet is bounded."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

MOST_UNREAD_BYTES: Final = 1024 * 1024
STREAMED_PATHS: Final = frozenset({"/api/v1/tweets", "/api/v1/imports", "/imports"})
"""Whose bodies may be large, and are read piece by piece."""

DRAIN_TIMEOUT_S: Final = 5.0

Receive = Callable[[], Awaitable[Any]]


class Flow:
    """Counts the bytes of a body that came and were not read; room for more opens and closes."""

    KEY: ClassVar[str] = "saywho.flow"
    """Where the ASGI scope holds it."""

    def __init__(self) -> None:
        self._unread = 0
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_whole = False

    def came(self, count: int) -> None:
        self._count(count)

    def taken(self, count: int) -> None:
        self._count(-count)

    def _count(self, change: int) -> None:
        self._unread += change
        if self._unread < MOST_UNREAD_BYTES:
            self._has_room.set()
        else:
            self._has_room.clear()

    def gate(self, receive: Receive) -> Receive:
        """Return a `receive` that asks the server for more only while there is room."""

        async def gated() -> Any:
            await self._has_room.wait()
            message = await receive()
            self._is_whole = not message.get("more_body", False)
            return message

        return gated

    @property
    def is_whole(self) -> bool:
        """Whether the body has come to its end, or its client has gone."""
        return self._is_whole

    async def drain(self, receive: Receive) -> None:
        """Throw away what still comes of a body that nobody wants, for a short time.

        A server that waits for somebody to take it would serve the connection no more.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                while (await receive()).get("more_body", False):
                    pass
