"""The live stream: its clients, and how events of the log reach all of them.

A client is a position in the log and a task that sends what comes after it. So a slow client, and
one that reconnects, misses no event and gets none twice, and nothing waits for it in memory.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import wait_until_set
from app.db.engine import Database
from app.db.feed import Change
from app.errors import UnavailableError
from app.models import Event
from app.services.access.rights import Right, ended_rights
from app.services.posts.tweets import find_posts
from app.services.posts.users import find_author

PAGE: Final = 200
MOST_PAGES: Final = 20
"""Pages that are kept for other clients at the same position."""
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
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when something may have come."""
    is_due: bool = False
    """Whether it is to get a heartbeat."""
    is_over: bool = False
    """Whether its right has ended."""


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
        self._log = LogPages(db, newest)
        self._db = db
        self._on_clients = on_clients
        self._most_clients = most_clients
        self._clients: dict[Client, None] = {}
        self._work = asyncio.Event()
        self.is_ending = False
        """Whether the server is stopping."""

    def publish(self, changes: Sequence[Change]) -> None:
        """Note events of the feed for the clients."""
        self._log.advance(changes[-1].id)
        self._work.set()

    def reset(self, newest: int) -> None:
        """Begin again after this event: the log no longer holds what was sent."""
        for client in self._clients:
            client.place = NOWHERE
        self._log.advance(newest)
        self._work.set()

    def end(self) -> None:
        """End all streams, since the server stops."""
        self.is_ending = True
        for client in self._clients:
            client.woken.set()

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
                "There are too many live streams; try again soon", retry_after_s=5
            )
        client = Client(self._log.newest if after is None else after, user_id, right)
        self._clients[client] = None
        self._on_clients(len(self._clients))
        task.add_done_callback(lambda _: self._drop(client))
        return self._stream(client)

    def _drop(self, client: Client) -> None:
        del self._clients[client]
        self._on_clients(len(self._clients))

    async def _stream(self, client: Client) -> AsyncGenerator[bytes, None]:
        # A position may be one that the log never had, or no longer has.
        data = WELCOME + await self._read(client)
        while data:
            # While a message is sent, the task that serves the client stands at this `yield`; the
            # timeout cancels that task where the client reads nothing.
            async with asyncio.timeout(READER_TIMEOUT_S):
                yield data
            data = await self._next(client)
        if self.is_ending:
            yield BYE

    async def _next(self, client: Client) -> bytes:
        """Return what the client gets next, once there is something; nothing at the end."""
        while not (self.is_ending or client.is_over):
            client.woken.clear()
            if client.place < self._log.newest:
                if data := await self._read(client):
                    return data
            elif client.is_due:
                client.is_due = False
                return HEARTBEAT
            else:
                await client.woken.wait()
        return b""

    async def _read(self, client: Client) -> bytes:
        try:
            data, client.place = await self._log.after(client.place, client.user_id)
        except LookupError:
            client.place = self._log.newest
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
                ended = await self._ended_rights()
                for client in self._clients:
                    client.is_due, client.is_over = True, client.right in ended
            for count, client in enumerate(list(self._clients), start=1):
                client.woken.set()
                if count % AT_ONCE == 0:
                    await asyncio.sleep(0)
            took = clock() - began
            await asyncio.sleep(min(LONGEST_TICK_S, took * (1 / SENDING_SHARE - 1)))

    async def _ended_rights(self) -> set[Right]:
        rights = {client.right for client in self._clients if client.right is not None}
        try:
            async with self._db.read() as session:
                return await ended_rights(session, rights) if rights else set()
        except Exception:
            logger.exception("rights to listen could not be checked; the next check follows")
            return set()


class LogPages:
    """Pages of the log as clients get them, as far as the feed has come.

    Each is read and encoded once for all clients at its position.
    """

    def __init__(self, db: Database, newest: int) -> None:
        self._db = db
        self._reading = asyncio.Lock()
        self._pages: dict[int, tuple[list[tuple[int, bytes]], int]] = {}
        """By position: each event's author and bytes, and the position after them."""
        self.newest = newest

    def advance(self, newest: int) -> None:
        """Go on to this event. What was read before may have been deleted."""
        self._pages.clear()
        self.newest = newest

    async def after(self, place: int, user_id: int | None) -> tuple[bytes, int]:
        """Return the next events after a position, of one author or of all, and the new position.

        Raises LookupError if the log never was there, or no longer has all of them.
        """
        page = self._pages.get(place)
        if page is None:
            async with self._reading:  # The first client reads for all that are at this position.
                page = self._pages.get(place) or await self._read(place, self.newest)
        events, end = page
        return b"".join(data for of, data in events if user_id is None or of == user_id), end

    async def _read(self, place: int, newest: int) -> tuple[list[tuple[int, bytes]], int]:
        async with self._db.read() as session:
            ends = select(func.min(Event.id), func.max(Event.id))
            oldest, last = (await session.execute(ends)).one()
            if not (0 <= place <= (last or 0)) or place < (oldest or 0) - 1:
                raise LookupError(place)
            query = (
                select(Event.id, Event.kind, Event.user_id, Event.tweet_id, Event.count)
                .where(Event.id > place, Event.id <= newest)
                .order_by(Event.id)
                .limit(PAGE)
            )
            changes = [Change(*row) for row in await session.execute(query)]
            events = [(change.user_id, await _encoded(session, change)) for change in changes]
        page = events, changes[-1].id if len(changes) == PAGE else max(place, newest)
        if newest == self.newest:
            if len(self._pages) >= MOST_PAGES:
                del self._pages[next(iter(self._pages))]
            self._pages[place] = page
        return page


async def _encoded(session: AsyncSession, change: Change) -> bytes:
    """Return the event as it is sent; nothing if its subject is gone, or for no one to see."""
    data: object = None
    match change.kind:
        case "tweet.created" | "tweet.updated":
            posts = await find_posts(session, [change.tweet_id or 0])
            data = next(iter(posts.values()), None)
        case "tweet.deleted":
            data = {"id": change.tweet_id}
        case "tweets.imported":
            if author := await find_author(session, change.user_id):
                data = {"username": author.username, "count": change.count}
        case "user.created" | "user.updated":
            data = await find_author(session, change.user_id)
        case "user.deleted":
            data = {"id": change.user_id}
    if data is None:
        return b""
    body = msgspec.json.encode(data)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (change.id, change.kind.encode(), body)
