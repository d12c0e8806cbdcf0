"""Counting, serving and ending live streams of all kinds."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any, Final, Generic, TypeVar, cast

from app.db.engine import Database
from app.errors import AppError, UnavailableError
from app.runtime.clock import wait_until_set
from app.services.access.rights import Right, ended_rights

HEARTBEAT: Final = b": still here\n"
"""A comment, no block: some clients make an event of a block without data."""

Send = Callable[[bytes], Awaitable[None]]
Push = Callable[[bytes], bool]


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

    def __init__(self, live: "StreamHub[Any]", right: Right | None, holder: Right | None) -> None:
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
        """Send events and heartbeats until an end; return False if the client reads nothing."""
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


HEARTBEAT_S: Final = 13.0
"""Seconds between checks of rights, and comments to clients: proxies close silent connections."""
READER_TIMEOUT_S: Final = 30.0
LOOK_S: Final = 2.0
"""Seconds between checks for clients that read nothing, who are disconnected at most 45 s after the
last byte that they read.
"""
REPLACED: Final = b'event: bye\ndata: {"reason": "too_many_streams"}\n\n'
"""Last event of a replaced stream; its client waits until it is used."""
STOPPED: Final = b"retry: 5000\nevent: bye\ndata: {}\n\n"
"""Last event before a stop; a client comes back when the next server is likely to be there.

Behind a proxy an earlier try is answered with 502, after which an EventSource is closed for good.
"""
MOST_OF_HOLDER: Final = 5
"""Streams of one player or session in a process."""
MOST_KEPT: Final = 100

logger = logging.getLogger(__name__)

AnyStream = TypeVar("AnyStream", bound=ClientStream)


class Clients:
    """A process's places for live streams of all kinds."""

    def __init__(self, most: int, on_count: Callable[[int], None] = lambda _: None) -> None:
        self._most = most
        self._kept = min(MOST_KEPT, most // 10)
        """Last places, reserved for accounts: a tenth, at most 100."""
        self._on_count = on_count
        self._streams: set[ClientStream] = set()
        self._of_holders: dict[Right, dict[ClientStream, None]] = {}

    def add(self, stream: ClientStream) -> None:
        """Give a stream a free place, or its holder's oldest. Raises UnavailableError."""
        holder = stream.holder
        others = self._of_holders.get(holder, {}) if holder else {}
        is_account = holder is not None and holder.is_account
        if len(others) >= MOST_OF_HOLDER:
            oldest = next(iter(others))
            # Its client may be slow to take the last event: the place is free before that.
            self.remove(oldest)
            oldest.replace()
        elif len(self._streams) >= self._most - (0 if is_account else self._kept):
            raise UnavailableError(
                "Too many live streams are open; try again soon", retry_after_s=5
            )
        if holder:
            self._of_holders.setdefault(holder, {})[stream] = None
        self._streams.add(stream)
        self._on_count(len(self._streams))

    def remove(self, stream: ClientStream) -> None:
        if stream not in self._streams:
            return
        self._streams.remove(stream)
        if holder := stream.holder:
            own = self._of_holders[holder]
            del own[stream]
            if not own:
                del self._of_holders[holder]
        self._on_count(len(self._streams))


class StreamHub(ABC, Generic[AnyStream]):
    def __init__(self, db: Database, clients: Clients) -> None:
        self._db = db
        self._clients = clients
        self._streams: dict[AnyStream, None] = {}
        self._work = asyncio.Event()
        self._pushed = 0
        self.is_ending = False

    def end(self) -> None:
        self.is_ending = True
        for stream in self._streams:
            stream.wake()

    def add(self, stream: AnyStream) -> None:
        """Count a stream until it is dropped. Raises UnavailableError."""
        self._clients.add(stream)
        self._streams[stream] = None

    def drop(self, stream: ClientStream) -> None:
        if stream in self._streams:
            del self._streams[stream]
            self._clients.remove(stream)

    async def serve(self, stream: ClientStream, send: Send) -> None:
        member = cast(AnyStream, stream)
        clock = asyncio.get_running_loop().time
        data = self._first(member)
        while data:
            stream.sending_since = clock()
            await send(data)
            stream.sending_since = None
            data = await self._next(member)
        if self.is_ending or stream.is_replaced:
            stream.sending_since = clock()
            await send(STOPPED if self.is_ending else REPLACED)

    async def run(self) -> None:
        clock = asyncio.get_running_loop().time
        beat = looked = clock()
        while True:
            pause_s = max(0.0, self._pause_s(looked + LOOK_S - clock()))
            await wait_until_set(self._work, at_most_s=pause_s)
            began = clock()
            self._work.clear()
            if began - looked >= LOOK_S:
                looked = began
                self._disconnect_stalled(began - READER_TIMEOUT_S)
            if is_beat := began - beat >= HEARTBEAT_S:
                beat = began
                await self._end_unreadable()
            await self._send_news(is_beat=is_beat)
            took = clock() - began
            # Sending takes at most 40% of the worker's time: beyond it, more is sent together.
            await asyncio.sleep(min(0.4, took * (1 / 0.4 - 1)))

    def _pause_s(self, until_look_s: float) -> float:
        return until_look_s

    @abstractmethod
    async def _send_news(self, *, is_beat: bool) -> None:
        """Send the news to the clients, or on a beat a sign of life."""

    async def _push(
        self, streams: Iterable[AnyStream], push: Callable[[AnyStream], None], *, is_beat: bool
    ) -> None:
        """Push to waiting streams; other work gets the processor after every 100."""
        for stream in list(streams):
            stream.is_due |= is_beat
            if stream.is_waiting:
                push(stream)
            self._pushed += 1
            if self._pushed % 100 == 0:
                await asyncio.sleep(0)

    @abstractmethod
    def _first(self, stream: AnyStream) -> bytes:
        """Return the first message of a stream."""

    @abstractmethod
    async def _next(self, stream: AnyStream) -> bytes:
        """Return the stream's next message; empty at the end."""

    def _disconnect_stalled(self, before: float) -> None:
        now = asyncio.get_running_loop().time()
        for stream in self._streams:
            if stream.sending_since is not None and stream.sending_since <= before:
                stream.sending_since = None
                stream.limit.reschedule(now)

    async def _end_unreadable(self) -> None:
        rights = {stream.right for stream in self._streams if stream.right is not None}
        if not rights:
            return
        try:
            async with self._db.read() as session:
                ended = await ended_rights(session, rights)
        except AppError as error:  # The database is away.
            logger.warning("rights to listen could not be checked: %s", error.detail)
            return
        except Exception:
            logger.exception("rights to listen could not be checked; the next check follows")
            return
        self._end_those_with(ended)

    def _end_those_with(self, rights: Collection[Right]) -> None:
        for stream in self._streams:
            if stream.right in rights:
                stream.end()
