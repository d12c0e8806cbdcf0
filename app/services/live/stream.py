"""The live stream: its listeners, and how events reach all of them.

A listener is a position in the log, not a queue. So a slow listener, and one that reconnects,
misses no event and gets none twice. One task sends to all listeners that are level with the end of
the log, without waking a task for each. A listener that is behind, or whose connection is full,
continues in its own task until it is level again.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from app.clock import wait_until_set
from app.db.engine import Database
from app.db.feed import Change
from app.errors import UnavailableError
from app.services.access.rights import Right, ended_rights
from app.services.live.events import PAGE, LiveEvents, joined
from app.services.live.listener import Listener, Message, Send, body_message

HEARTBEAT_S: Final = 13.0
"""Seconds without an event after which a comment is sent; proxies close silent connections."""
SWEEP_S: Final = 1.0
"""Seconds between heartbeat sweeps."""
CHECK_S: Final = 3.0
"""Seconds between checks of the rights to read."""
AT_ONCE: Final = 100
"""Listeners that are sent to before other work gets the processor."""
SENDING_SHARE: Final = 0.4
"""The largest part of a worker's time; beyond it, more events are sent together."""
LONGEST_TICK_S: Final = 0.4
"""The longest time for which events are held back."""
NOWHERE: Final = -1
"""The position of a listener whose log is gone; it is sent a reset."""
HEARTBEAT: Final = b": still here\n\n"
WELCOME: Final = b": welcome\n\n"
RESET: Final = b"event: reset\ndata: {}\n\n"
BYE: Final = b"event: bye\ndata: {}\n\n"

logger = logging.getLogger(__name__)


class Live:
    """The listeners of one process."""

    def __init__(self, db: Database, *, newest: int, most_clients: int) -> None:
        self._db = db
        self._most_clients = most_clients
        self._admitted = 0
        self._events = LiveEvents(db, newest=newest)
        self._listeners: dict[Listener, None] = {}
        self._waiting: list[Change] = []
        self._work = asyncio.Event()
        self._is_ending = False
        self._reset_to: int | None = None

    @property
    def clients(self) -> int:
        """The number of open streams."""
        return len(self._listeners)

    @property
    def is_ending(self) -> bool:
        """Whether the server is stopping."""
        return self._is_ending

    def publish(self, changes: Sequence[Change]) -> None:
        """Queue events of the feed for the listeners."""
        self._waiting.extend(changes)
        self._work.set()

    def reset(self, newest: int) -> None:
        """Begin again after this event: the log no longer holds what was sent."""
        self._waiting = []
        self._reset_to = newest
        self._work.set()

    def end(self) -> None:
        """End all streams, since the server stops."""
        self._is_ending = True
        for listener in self._listeners:
            listener.wake()

    def admit(self) -> None:
        """Count a client, until it leaves. Raises UnavailableError if there are enough of them."""
        if self._admitted >= self._most_clients:
            raise UnavailableError(
                "There are too many live streams; try again soon", headers={"Retry-After": "5"}
            )
        self._admitted += 1

    def leave(self) -> None:
        """Give up the place of an admitted client."""
        self._admitted -= 1

    async def run(self) -> None:
        """Send the events of the feed in their order, and heartbeats, until cancelled."""
        clock = asyncio.get_running_loop().time
        swept = checked = clock()
        while True:
            await wait_until_set(self._work, at_most_s=max(0.0, swept + SWEEP_S - clock()))
            self._work.clear()
            began = clock()
            changes, self._waiting = self._waiting, []
            if self._reset_to is not None:
                self._events.begin_after(self._reset_to)
                self._reset_to = None
                for listener in self._listeners:
                    listener.place = NOWHERE
                    listener.wake()
            for start in range(0, len(changes), PAGE):
                await self._events.append(
                    changes[start : start + PAGE], has_listeners=bool(self._listeners)
                )
                await self._send_new()
            took = clock() - began
            if clock() - swept >= SWEEP_S:
                swept = clock()
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
        """Send the events after a position in the log, of one author or of all, and heartbeats.

        Returns when `gone` is done, the server stops, or the right to read ends.
        """
        place = self._events.newest if after is None else after
        listener = Listener(send, place, user_id, right)
        self._listeners[listener] = None
        try:
            await listener.send(WELCOME)
            if after is not None and not await self._events.is_complete_after(after):
                await self._reset(listener)
            await self._catch_up(listener)
            while not (self._is_ending or listener.is_over):
                await listener.stay(gone)
                if gone.done():
                    return
                await self._catch_up(listener)
            await listener.send(BYE if self._is_ending else b"", is_last=True)
        except OSError:
            return  # The client reads nothing, or its connection is broken.
        finally:
            del self._listeners[listener]
            listener.close()

    async def _catch_up(self, listener: Listener) -> None:
        """Send the events that the listener lacks, until it is level or over."""
        events = self._events
        await listener.send(b"")
        while listener.place < events.newest and not (self._is_ending or listener.is_over):
            if listener.place < events.evicted and not await events.is_complete_after(
                listener.place
            ):
                # The log was shortened while this client was slow.
                await self._reset(listener)
                continue
            newest = events.newest
            entries = await events.after(listener.place)
            listener.place = entries[-1].id if entries else newest
            await listener.send(joined(entries, listener.user_id))

    async def _reset(self, listener: Listener) -> None:
        listener.place = self._events.newest
        await listener.send(RESET)

    async def _send_new(self) -> None:
        events = self._events
        newest = events.newest
        messages: dict[tuple[int, int | None], Message | None] = {}

        def message_for(listener: Listener) -> Message | None:
            if listener.place >= newest:
                return None
            if listener.place < events.evicted:
                listener.wake()
                return None
            key = listener.place, listener.user_id
            listener.place = newest
            if key not in messages:
                data = joined(events.in_memory(key[0]), key[1])
                messages[key] = body_message(data) if data else None
            return messages[key]

        await self._push(message_for)

    async def _keep_alive(self) -> None:
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
        rights = {listener.right for listener in self._listeners if listener.right is not None}
        if not rights:
            return
        try:
            async with self._db.read() as session:
                ended = await ended_rights(session, rights)
        except Exception:
            logger.exception("rights to listen could not be checked; the next check follows")
            return
        for listener in self._listeners:
            if listener.right in ended:
                listener.is_over = True
                listener.wake()
