"""The live stream: who listens, and how events come to all of them.

A listener is a place in the log, not a queue, so one that is slow, or comes again, misses nothing
and gets nothing twice. One task sends to all that are level with the log's end, without waking a
task for each; who is behind, or does not take what is sent, goes on in its own task until it is
level again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

from app.db.engine import Database
from app.db.feed import Change
from app.errors import UnavailableError
from app.services.access.rights import Right, ended_rights
from app.services.live.events import PAGE, LiveEvents, joined
from app.services.live.listener import Listener, Message, Send, body_message

HEARTBEAT_S: Final = 13.0
"""A comment after so long without an event; proxies close what is silent."""
LOOK_S: Final = 1.0
"""So often it is looked for who needs a heartbeat."""
CHECK_S: Final = 3.0
"""So often rights to read are checked."""
AT_ONCE: Final = 100
"""So many listeners are sent to before others have their turn."""
SENDING_SHARE: Final = 0.4
"""Of the time; where it would be more, more events go together."""
LONGEST_TICK_S: Final = 0.4
HEARTBEAT: Final = b": still here\n\n"
WELCOME: Final = b": welcome\n\n"
RESET: Final = b"event: reset\ndata: {}\n\n"
BYE: Final = b"event: bye\ndata: {}\n\n"

logger = logging.getLogger(__name__)


class Live:
    """What one process's listeners share."""

    def __init__(self, db: Database, *, newest: int, most_clients: int) -> None:
        self._db = db
        self._most_clients = most_clients
        self._events = LiveEvents(db, newest=newest)
        self._listeners: dict[Listener, None] = {}
        self._waiting: list[Change] = []
        self._work = asyncio.Event()
        self._is_ending = False

    @property
    def clients(self) -> int:
        """Streams that are open."""
        return len(self._listeners)

    @property
    def is_ending(self) -> bool:
        """Whether the server stops."""
        return self._is_ending

    def hear(self, changes: Sequence[Change]) -> None:
        """Take events of the feed."""
        self._waiting.extend(changes)
        self._work.set()

    def end(self) -> None:
        """Let all streams end: the server stops."""
        self._is_ending = True
        for listener in self._listeners:
            listener.wake()

    def admit(self) -> None:
        """Raise UnavailableError if there are as many listeners as the settings allow.

        A listener counts from the first byte of its stream, since one that leaves before is
        never heard of again; so some of a burst may come in beyond the limit.
        """
        if self.clients >= self._most_clients:
            raise UnavailableError(
                "There are too many live streams; try again soon", headers={"Retry-After": "5"}
            )

    async def run(self) -> None:
        """Send what the feed brings, in its order, and heartbeats, until cancelled."""
        clock = asyncio.get_running_loop().time
        looked = checked = clock()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, looked + LOOK_S - clock())):
                    await self._work.wait()
            self._work.clear()
            began = clock()
            changes, self._waiting = self._waiting, []
            for start in range(0, len(changes), PAGE):
                await self._events.take(
                    changes[start : start + PAGE], is_heard=bool(self._listeners)
                )
                await self._tell()
            took = clock() - began
            if clock() - looked >= LOOK_S:
                looked = clock()
                await self._keep_alive()
            if clock() - checked >= CHECK_S:
                checked = clock()
                await self._check_rights()
            await asyncio.sleep(min(LONGEST_TICK_S, took * (1 / SENDING_SHARE - 1)))

    async def listen(
        self,
        send: Send,
        gone: asyncio.Future[None],
        *,
        after: int | None,
        user_id: int | None,
        right: Right | None,
    ) -> None:
        """Send the events after a place in the log, of one author or of all, and heartbeats.

        Until `gone` is done, the server stops, or the right to read ends.
        """
        place = self._events.newest if after is None else after
        listener = Listener(send, place, user_id, right)
        self._listeners[listener] = None
        try:
            await listener.send(WELCOME)
            if after is not None and not await self._events.is_kept(after):
                await self._reset(listener)
            await self._catch_up(listener)
            while not (self._is_ending or listener.is_over):
                await listener.stay(gone)
                if gone.done():
                    return
                await self._catch_up(listener)
            await listener.send(BYE if self._is_ending else b"", is_last=True)
        except OSError:
            return  # The client takes nothing, or its connection is broken.
        finally:
            del self._listeners[listener]
            listener.close()

    async def _catch_up(self, listener: Listener) -> None:
        """Send what the listener lacks, until it is level with the others, or over."""
        events = self._events
        await listener.send(b"")
        while listener.place < events.newest and not (self._is_ending or listener.is_over):
            if listener.place < events.forgotten and not await events.is_kept(listener.place):
                # The log was cut while this client was slow.
                await self._reset(listener)
                continue
            newest = events.newest
            entries = await events.after(listener.place)
            listener.place = entries[-1].id if entries else newest
            await listener.send(joined(entries, listener.user_id))

    async def _reset(self, listener: Listener) -> None:
        listener.place = self._events.newest
        await listener.send(RESET)

    async def _tell(self) -> None:
        """Send to all listeners that are level what they do not have yet."""
        events = self._events
        newest = events.newest
        messages: dict[tuple[int, int | None], Message | None] = {}

        def message_for(listener: Listener) -> Message | None:
            if listener.place >= newest:
                return None
            if listener.place < events.forgotten:
                listener.wake()
                return None
            key = listener.place, listener.user_id
            listener.place = newest
            if key not in messages:
                data = joined(events.remembered(key[0]), key[1])
                messages[key] = body_message(data) if data else None
            return messages[key]

        await self._push(message_for)

    async def _keep_alive(self) -> None:
        """Send a comment to those to whom nothing was sent for long."""
        heartbeat = body_message(HEARTBEAT)
        before = asyncio.get_running_loop().time() - HEARTBEAT_S
        await self._push(lambda listener: heartbeat if listener.sent <= before else None)

    async def _push(self, message_for: Callable[[Listener], Message | None]) -> None:
        clock = asyncio.get_running_loop().time
        pushed = 0
        for listener in list(self._listeners):
            if not listener.is_level or (message := message_for(listener)) is None:
                continue
            listener.sent = clock()
            listener.push(message)
            pushed += 1
            if pushed % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _check_rights(self) -> None:
        """End the streams whose right to read has ended."""
        rights = {listener.right for listener in self._listeners if listener.right is not None}
        if not rights:
            return
        try:
            async with self._db.read() as session:
                ended = await ended_rights(session, rights)
        except Exception:
            logger.exception("rights to listen could not be checked; it is tried again")
            return
        for listener in self._listeners:
            if listener.right in ended:
                listener.is_over = True
                listener.wake()
