"""One client's live stream."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from app.services.access.rights import Right
from app.services.live_streams.log_pages import LogPage

HEARTBEAT: Final = b": still here\n\n"

Send = Callable[[bytes], Awaitable[None]]
Push = Callable[[bytes], bool]


class LiveStreams(Protocol):
    async def serve(self, stream: "ClientStream", send: Send) -> None:
        """Send to a stream until it ends."""

    def drop(self, stream: "ClientStream") -> None:
        """Stop counting a stream."""


class ClientStream:
    """A client's stream of any content, counted until it is closed."""

    __slots__ = (
        "_live",
        "_woken",
        "holder",
        "is_due",
        "is_over",
        "is_replaced",
        "limit",
        "push",
        "right",
        "sending_since",
    )

    def __init__(self, live: LiveStreams, right: Right | None, holder: Right | None) -> None:
        self._live = live
        self.holder = holder
        self._woken: asyncio.Future[None] | None = None
        self.limit = asyncio.timeout(None)
        self.push: Push = lambda _: False
        """Sends without waiting; returns whether it did."""
        self.right = right
        self.sending_since: float | None = None
        """Start time of the message in progress."""
        self.is_due = False
        self.is_over = False
        """Whether the client is gone, its right ended, or a newer stream has its place."""
        self.is_replaced = False

    @property
    def is_waiting(self) -> bool:
        return self._woken is not None and not self._woken.done()

    async def wait(self) -> None:
        self._woken = asyncio.get_running_loop().create_future()
        try:
            await self._woken
        finally:
            self._woken = None

    def wake(self) -> None:
        if self.is_waiting and self._woken is not None:
            self._woken.set_result(None)

    def end(self) -> None:
        self.is_over = True
        self.wake()

    def replace(self) -> None:
        """End the stream; tell its client that it has too many."""
        self.is_replaced = True
        self.end()

    async def send_to(self, send: Send, push: Push, gone: asyncio.Future[None]) -> bool:
        """Send events and heartbeats until the server, the right or the client ends; return False
        if it reads nothing.
        """
        self.push = push
        gone.add_done_callback(self._on_gone)
        try:
            async with self.limit:
                await self._live.serve(self, send)
        except OSError:  # A server may say by it that the client is gone; else it takes nothing.
            return False
        finally:
            gone.remove_done_callback(self._on_gone)
        return True

    def _on_gone(self, _: asyncio.Future[None]) -> None:
        self.end()

    def close(self) -> None:
        self._live.drop(self)


class LiveStream(ClientStream):
    __slots__ = ("first", "position", "user_id")

    def __init__(
        self,
        live: LiveStreams,
        position: int,
        user_id: int | None,
        right: Right | None,
        holder: Right | None,
    ) -> None:
        super().__init__(live, right, holder)
        self.first = b""
        self.position = position
        self.user_id = user_id

    def push_page(self, page: LogPage | None, end: int) -> None:
        """Send the client's events up to `end` without waiting, else wake the stream.

        page: the newest events, if read.
        """
        if self.position >= end:
            data = HEARTBEAT if self.is_due else b""
        elif page is not None and page.start <= self.position:
            data = page.after(self.position, self.user_id)
        else:
            self.wake()
            return
        if not data or self.push(data):
            self.position = max(self.position, end)
            self.is_due = self.is_due and not data
        else:
            self.wake()
