"""The live stream: its clients, and how events reach all of them.

A client is a position in the log and a task that sends what comes after it. So a slow client, and
one that reconnects, misses no event and gets none twice, and nothing waits for it in memory.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from app.clock import wait_until_set
from app.db.engine import Database
from app.db.feed import Change
from app.errors import UnavailableError
from app.services.access.rights import Right, ended_rights
from app.services.live.encoding import LiveEvents

HEARTBEAT_S: Final = 13.0
"""Seconds between comments to all clients (proxies close silent connections), and between checks of
their rights."""
READER_TIMEOUT_S: Final = 30.0
"""A client that takes nothing for this many seconds is disconnected."""
AT_ONCE: Final = 100
"""Clients that are woken before other work gets the processor."""
SENDING_SHARE: Final = 0.4
"""The largest part of a worker's time; beyond it, more events are sent together."""
LONGEST_TICK_S: Final = 0.4
"""The longest time for which events are held back."""
RETRY_S: Final = 1.0
"""Seconds until the log is read again that could not be read."""
NOWHERE: Final = -1
"""The position of a client whose log is gone; it is sent a reset."""
HEARTBEAT: Final = b": still here\n\n"
WELCOME: Final = b": welcome\n\n"
RESET: Final = b"event: reset\ndata: {}\n\n"
BYE: Final = b"event: bye\ndata: {}\n\n"

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Client:
    """One client's stream."""

    place: int
    """The last event that was sent."""
    user_id: int | None
    right: Right | None
    task: "asyncio.Task[object]"
    busy_since: float | None = None
    """Since when it has something to take, by the loop's clock."""
    is_due: bool = False
    """Whether it is to get a heartbeat."""
    is_over: bool = False
    """Whether its right has ended."""
    _woken: "asyncio.Future[None] | None" = None

    async def wait(self) -> None:
        """Wait until something may have come."""
        self.busy_since, self._woken = None, asyncio.get_running_loop().create_future()
        await self._woken

    def wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)


class Live:
    """The clients of one process."""

    def __init__(
        self,
        db: Database,
        *,
        newest: int,
        most_clients: int,
        on_clients: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._db = db
        self._on_clients = on_clients
        self._most_clients = most_clients
        self._events = LiveEvents(db, newest=newest)
        self._clients: dict[Client, None] = {}
        self._work = asyncio.Event()
        self.is_ending = False
        """Whether the server is stopping."""

    @property
    def clients(self) -> int:
        """The number of open streams."""
        return len(self._clients)

    def publish(self, changes: Sequence[Change]) -> None:
        """Note events of the feed for the clients."""
        self._events.advance(changes[-1].id)
        self._work.set()

    def reset(self, newest: int) -> None:
        """Begin again after this event: the log no longer holds what was sent."""
        for client in self._clients:
            client.place = NOWHERE
        self._events.advance(newest)
        self._work.set()

    def end(self) -> None:
        """End all streams, since the server stops."""
        self.is_ending = True
        for client in self._clients:
            client.wake()

    def open(
        self, *, after: int | None, user_id: int | None, right: Right | None
    ) -> AsyncGenerator[bytes, None]:
        """Return the events after a position in the log, of one author or of all, and heartbeats.

        The client is counted until the current task has ended, which iterates over them. They end
        when the server stops or the right ends. Raises UnavailableError if there are too many.
        """
        task = asyncio.current_task()
        if len(self._clients) >= self._most_clients or task is None:
            raise UnavailableError(
                "There are too many live streams; try again soon", headers={"Retry-After": "5"}
            )
        place = self._events.newest if after is None else after
        client = Client(place, user_id, right, task)
        self._clients[client] = None
        self._on_clients(len(self._clients))
        task.add_done_callback(lambda _: self._drop(client))
        return self._stream(client, is_checked=after is None)

    def _drop(self, client: Client) -> None:
        del self._clients[client]
        self._on_clients(len(self._clients))

    async def _stream(self, client: Client, *, is_checked: bool) -> AsyncGenerator[bytes, None]:
        clock = asyncio.get_running_loop().time
        client.busy_since = clock()
        yield WELCOME
        while not (self.is_ending or client.is_over):
            client.busy_since = clock()
            if client.place < self._events.newest or not is_checked:
                is_checked = True
                if data := await self._next(client):
                    yield data
            elif client.is_due:
                client.is_due = False
                yield HEARTBEAT
            else:
                await client.wait()
        if self.is_ending:
            yield BYE

    async def _next(self, client: Client) -> bytes:
        """Return the next events for the client, or a reset."""
        try:
            data, client.place = await self._events.after(client.place, client.user_id)
        except LookupError:
            client.place = self._events.newest
            return RESET
        except Exception:
            logger.exception("the log could not be read for a stream; it tries again")
            await asyncio.sleep(RETRY_S)
            return b""
        return data

    async def run(self) -> None:
        """Send the events of the feed in their order, and heartbeats, until cancelled."""
        clock = asyncio.get_running_loop().time
        beat = clock()
        while True:
            await wait_until_set(self._work, at_most_s=max(0.0, beat + HEARTBEAT_S - clock()))
            began = clock()
            self._work.clear()
            if began - beat >= HEARTBEAT_S:
                beat = began
                await self._look_at_clients()
            for count, client in enumerate(list(self._clients), start=1):
                client.wake()
                if count % AT_ONCE == 0:
                    await asyncio.sleep(0)
            took = clock() - began
            await asyncio.sleep(min(LONGEST_TICK_S, took * (1 / SENDING_SHARE - 1)))

    async def _look_at_clients(self) -> None:
        """End the streams whose right has ended, or whose client reads nothing."""
        ended = await self._ended_rights()
        latest = asyncio.get_running_loop().time() - READER_TIMEOUT_S
        for client in self._clients:
            client.is_due, client.is_over = True, client.right in ended
            if client.busy_since is not None and client.busy_since < latest:
                client.task.cancel()

    async def _ended_rights(self) -> set[Right]:
        rights = {client.right for client in self._clients if client.right is not None}
        try:
            async with self._db.read() as session:
                return await ended_rights(session, rights) if rights else set()
        except Exception:
            logger.exception("rights to listen could not be checked; the next check follows")
            return set()
