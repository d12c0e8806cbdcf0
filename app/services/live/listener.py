"""One client of the live stream, to which other tasks may send without waiting."""

import asyncio
import types
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from app.services.access.rights import Right

READER_TIMEOUT_S: Final = 30.0
"""A client that reads nothing for this many seconds is disconnected."""

Message = dict[str, Any]
"""An ASGI message; listeners that get the same data share one."""
Send = Callable[[Message], Awaitable[None]]
Sending = Generator[Any, Any, None]


@dataclass(slots=True, eq=False)
class Listener:
    """One client's stream."""

    _send: Send
    place: int
    """The last event that was sent."""
    user_id: int | None
    right: Right | None
    sent: float = 0.0
    """When data was sent last, by the loop's clock."""
    is_level: bool = False
    """Whether it has all events, and the shared task sends the next ones."""
    is_over: bool = False
    _woken: asyncio.Future[None] | None = None
    _rest: tuple[Any, Sending] | None = None
    """What a send waits for, and its further steps."""

    def push(self, message: Message) -> None:
        """Send without waiting; a send that has to wait is finished by the listener's own task."""
        sending = _steps(self._send(message))
        try:
            first = next(sending)
        except StopIteration:
            return
        except Exception:
            self.is_over = True
        else:
            self._rest = first, sending
        self.wake()

    def wake(self) -> None:
        """Resume the listener's own task: it is no longer level, or it is over."""
        self.is_level = False
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    async def send(self, data: bytes, *, is_last: bool = False) -> None:
        """Send, and wait until the connection accepts it. Raises TimeoutError."""
        async with asyncio.timeout(READER_TIMEOUT_S):
            if self._rest is not None:
                rest, self._rest = self._rest, None
                await _resumed(*rest)
            if data or is_last:
                self.sent = asyncio.get_running_loop().time()
                await self._send(body_message(data, is_last=is_last))

    async def stay(self, gone: asyncio.Future[None]) -> None:
        """Stay level until woken, or until the client is gone."""
        if gone.done():
            return
        self._woken = asyncio.get_running_loop().create_future()
        gone.add_done_callback(self._wake)
        self.is_level = True
        try:
            await self._woken
        finally:
            self.is_level = False
            self._woken = None
            gone.remove_done_callback(self._wake)

    def _wake(self, _: object) -> None:
        self.wake()

    def close(self) -> None:
        if self._rest is not None:
            self._rest[1].close()


def _steps(sending: Awaitable[None]) -> Sending:
    """Run a coroutine as a task would, and yield at each point where it waits."""
    yield from sending.__await__()


@types.coroutine
def _resumed(waiting: Any, sending: Sending) -> Sending:
    """Run the further steps of a send in another task than its first."""
    while True:
        step: Callable[[], Any]
        try:
            value = yield waiting
        except BaseException as error:
            step = partial(sending.throw, error)
        else:
            step = partial(sending.send, value)
        try:
            waiting = step()
        except StopIteration:
            return


def body_message(data: bytes, *, is_last: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": not is_last}
