"""Back-pressure for streamed bodies: what nobody has read yet is bounded."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

MOST_UNREAD_BYTES: Final = 1024 * 1024
STREAMED_PATHS: Final = frozenset({"/api/v1/tweets", "/api/v1/imports", "/imports"})
"""Whose bodies may be large, and are read piece by piece."""


class Flow:
    """Counts the bytes of a body that came and were not read; room for more opens and closes."""

    KEY: ClassVar[str] = "saywho.flow"
    """Where the ASGI scope holds it."""

    def __init__(self) -> None:
        self._unread = 0
        self._has_room = asyncio.Event()
        self._has_room.set()

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

    def gate(self, receive: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
        """Return a `receive` that asks the server for more only while there is room."""

        async def gated() -> Any:
            await self._has_room.wait()
            return await receive()

        return gated
