"""HTTP/2, left to the proxy in front: on one connection of it a client can hold up a worker."""

from typing import Any

from hypercorn.events import Closed, Event


class NoHttp2:
    """Stands where hypercorn has HTTP/2, and closes a connection that asks for it."""

    def __init__(self, *arguments: Any) -> None:
        *_, self._send = arguments

    async def initiate(self, *_settings: Any) -> None:
        await self._send(Closed())

    async def handle(self, _event: Event) -> None:
        """Take nothing more."""
