"""The live stream's clients, and how events of the log reach them.

A client is a position in the log. One task sends new events to clients that have everything before;
others catch up by themselves. No client misses an event or gets it twice, and none waits in memory.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Final

from app.db.engine import Database
from app.db.feed import SITE_PRIVATE, Change
from app.errors import UnavailableError
from app.services.access.rights import VISITOR, Right
from app.services.live_streams.log_pages import FURTHEST, LogPages
from app.services.live_streams.stream import HEARTBEAT, LiveStream
from app.services.live_streams.streaming import Clients, StreamHub

RESET: Final = b"id: %d\nevent: reset\ndata: {}\n\n"

logger = logging.getLogger(__name__)


class LiveHub(StreamHub[LiveStream]):
    def __init__(self, db: Database, clients: Clients, *, newest: int) -> None:
        super().__init__(db, clients)
        self._log = LogPages(db, newest)
        self._sent = newest
        """Last event sent to clients that are not behind."""

    def publish(self, changes: Sequence[Change]) -> None:
        self._log.advance(changes[-1].id)
        self._work.set()
        if any(change.kind == SITE_PRIVATE for change in changes):
            self._end_those_with({VISITOR})

    def reset(self, newest: int) -> None:
        """Restart after this event: the log no longer contains what was sent."""
        for stream in self._streams:
            stream.position = -1  # Not in the log, so that the client is sent a reset.
            stream.wake()
        self._log.advance(newest)
        self._sent = newest

    async def open(
        self, *, after: int | None, user_id: int | None, right: Right | None, holder: Right | None
    ) -> LiveStream:
        """Open a stream of an author's or all events after a position, counted until it is closed.

        Raises UnavailableError if too many are open, or start far back.
        """
        newest = self._log.newest
        stream = LiveStream(self, newest if after is None else after, user_id, right, holder)
        if not self._streams:
            # Nobody waits for earlier events; the task may not have passed over them yet.
            self._sent = newest
        self.add(stream)
        try:
            if after is not None and newest - after > FURTHEST:
                stream.position, stream.first = newest, RESET % newest
            elif after is not None:
                stream.first = await self._read(stream)
            # Without an event, the client would reconnect without a position, and miss events.
            stream.first = stream.first or b"id: %d\n\n" % max(0, stream.position)
        except BaseException:
            stream.close()
            raise
        return stream

    def _first(self, stream: LiveStream) -> bytes:
        data, stream.first = b": welcome\n\n" + stream.first, b""
        return data

    async def _next(self, stream: LiveStream) -> bytes:
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
            return RESET % stream.position
        except UnavailableError:
            raise
        except Exception:
            logger.exception("the log could not be read for a stream; it tries again")
            await asyncio.sleep(1.0)
            return b""
        return data

    async def _send_news(self, *, is_beat: bool) -> None:
        """Send to all up-to-date clients; wake those that cannot take it."""
        if not is_beat and self._sent >= self._log.newest:
            return
        page, end = None, self._log.newest
        if self._sent < end and self._streams:
            try:
                page = await self._log.newest_page(self._sent)
                end = page.end
            except Exception:
                logger.exception("the log could not be read; the streams try by themselves")
        push = partial(LiveStream.push_page, page=page, end=end)
        await self._push(self._streams, push, is_beat=is_beat)
        self._sent = end
        if end < self._log.newest:
            self._work.set()
