"""The live stream: its clients, and how events of the log reach all of them.

A client is a position in the log. One task sends what comes to all that have everything before; a
client that is behind, or whose connection does not take what is sent, catches up by itself. So a
slow client, and one that reconnects, misses no event and gets none twice, and nothing waits for it
in memory.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Final

from app.clock import wait_until_set
from app.db.engine import Database
from app.db.feed import SITE_PRIVATE, Change
from app.errors import AppError, UnavailableError
from app.services.access.rights import VISITOR, Right, ended_rights
from app.services.live_streams.log_pages import FURTHEST, LogPages
from app.services.live_streams.stream import HEARTBEAT, LiveStream, Send

HEARTBEAT_S: Final = 13.0
"""Seconds between comments to all clients (proxies close silent connections), and between checks of
their rights."""
READER_TIMEOUT_S: Final = 30.0
"""A client that takes nothing for this many seconds is disconnected."""
LOOK_S: Final = 2.0
"""Seconds between looks for such clients. With a heartbeat, which finds that nothing is taken, and
the time limit it is 45 s at most from the last byte that a client took."""
AT_ONCE: Final = 100
"""Clients to which something is sent before other work gets the processor."""
SENDING_SHARE: Final = 0.4
"""The largest part of a worker's time; beyond it, more events are sent together."""
LONGEST_TICK_S: Final = 0.4
"""The longest time for which events are held back."""
RETRY_S: Final = 1.0
"""Seconds until the log is read again that could not be read."""
NOWHERE: Final = -1
"""The position of a client whose log is gone; it is sent a reset."""
WELCOME: Final = b": welcome\n\n"
RESET: Final = b"event: reset\ndata: {}\n\n"
BYE: Final = b"event: bye\ndata: {}\n\n"

logger = logging.getLogger(__name__)


class LiveHub:
    """The live streams of one process."""

    def __init__(
        self,
        db: Database,
        *,
        newest: int,
        most_clients: int,
        on_clients: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._log = LogPages(db, newest)
        self._db = db
        self._on_clients = on_clients
        self._most_clients = most_clients
        self._streams: dict[LiveStream, None] = {}
        self._sent = newest
        """The last event that was sent to the clients that are not behind."""
        self._work = asyncio.Event()
        self.is_ending = False
        """Whether the server is stopping."""

    def publish(self, changes: Sequence[Change]) -> None:
        """Note events of the feed for the clients."""
        self._log.advance(changes[-1].id)
        self._work.set()
        if any(change.kind == SITE_PRIVATE for change in changes):
            self._end_those_with({VISITOR})

    def reset(self, newest: int) -> None:
        """Begin again after this event: the log no longer holds what was sent."""
        for stream in self._streams:
            stream.position = NOWHERE
            stream.wake()
        self._log.advance(newest)
        self._sent = newest

    def end(self) -> None:
        """End all streams, since the server stops."""
        self.is_ending = True
        for stream in self._streams:
            stream.wake()

    async def open(
        self, *, after: int | None, user_id: int | None, right: Right | None
    ) -> LiveStream:
        """Return the events after a position in the log, of one author or of all, and heartbeats.

        The stream is counted until it is closed. Raises UnavailableError if there are too many, or
        too many whose position is far back.
        """
        if len(self._streams) >= self._most_clients:
            raise UnavailableError(
                "There are too many live streams; try again soon", retry_after_s=5
            )
        newest = self._log.newest
        stream = LiveStream(self, newest if after is None else after, user_id, right)
        self._streams[stream] = None
        self._on_clients(len(self._streams))
        try:
            if after is not None and newest - after > FURTHEST:
                stream.position, stream.first = newest, RESET
            elif after is not None:
                stream.first = await self._read(stream)
        except BaseException:
            stream.close()
            raise
        return stream

    def drop(self, stream: LiveStream) -> None:
        """Count a stream no longer."""
        if stream in self._streams:
            del self._streams[stream]
            self._on_clients(len(self._streams))

    async def serve(self, stream: LiveStream, send: Send) -> None:
        """Send what a stream has for its client, until it ends."""
        clock = asyncio.get_running_loop().time
        data, stream.first = WELCOME + stream.first, b""
        while data:
            stream.sending_since = clock()
            await send(data)
            stream.sending_since = None
            data = await self._next(stream)
        if self.is_ending:
            stream.sending_since = clock()
            await send(BYE)

    async def _next(self, stream: LiveStream) -> bytes:
        """Return what is to be sent next by the stream itself; nothing at the end."""
        while not (self.is_ending or stream.is_over):
            if stream.position < self._log.newest:
                try:
                    data = await self._read(stream)
                except UnavailableError:
                    break  # The client comes back, and then has to wait.
                if data:
                    return data
            elif stream.is_due:
                stream.is_due = False
                return HEARTBEAT
            else:
                await stream.wait()
        return b""

    async def _read(self, stream: LiveStream) -> bytes:
        try:
            data, stream.position = await self._log.after(stream.position, stream.user_id)
        except LookupError:
            stream.position = self._log.newest
            return RESET
        except UnavailableError:
            raise
        except Exception:
            logger.exception("the log could not be read for a stream; it tries again")
            await asyncio.sleep(RETRY_S)
            return b""
        return data

    async def run(self) -> None:
        """Send the events of the feed in their order, and heartbeats, until cancelled."""
        clock = asyncio.get_running_loop().time
        beat = looked = clock()
        while True:
            await wait_until_set(self._work, at_most_s=max(0.0, looked + LOOK_S - clock()))
            began = clock()
            self._work.clear()
            if began - looked >= LOOK_S:
                looked = began
                self._disconnect_stalled(began - READER_TIMEOUT_S)
            if is_beat := began - beat >= HEARTBEAT_S:
                beat = began
                await self._end_unreadable()
            if is_beat or self._sent < self._log.newest:
                await self._tick(is_beat=is_beat)
            took = clock() - began
            await asyncio.sleep(min(LONGEST_TICK_S, took * (1 / SENDING_SHARE - 1)))

    async def _tick(self, *, is_beat: bool) -> None:
        """Send to all that have everything before; wake those that do not take it."""
        page, end = None, self._log.newest
        if self._sent < end and self._streams:
            try:
                page = await self._log.newest_page(self._sent)
                end = page.end
            except Exception:
                logger.exception("the log could not be read; the streams try by themselves")
        for count, stream in enumerate(list(self._streams), start=1):
            stream.is_due |= is_beat
            if stream.is_waiting:
                stream.push_page(page, end)
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)
        self._sent = end
        if end < self._log.newest:
            self._work.set()

    def _disconnect_stalled(self, before: float) -> None:
        """End the streams whose clients have taken nothing since that time."""
        now = asyncio.get_running_loop().time()
        for stream in self._streams:
            if stream.sending_since is not None and stream.sending_since <= before:
                stream.sending_since = None
                stream.limit.reschedule(now)

    async def _end_unreadable(self) -> None:
        """End the streams whose right to read has ended."""
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
