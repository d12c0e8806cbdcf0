"""The live stream: events of the log as others may see them, encoded once for all who listen.

A listener is only a place in the log, so one that is slow, or comes again, misses nothing and gets
nothing twice: what is no longer in memory is read from the log.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.feed import Change
from app.errors import UnavailableError
from app.models import Event, User
from app.services.tweets import find_post
from app.services.users import find_author

HEARTBEAT_S: Final = 14.0
"""A comment after so long without an event; proxies close what is silent."""
CHECK_S: Final = 5.0
REMEMBERED: Final = 2_000
PAGE: Final = 200
CLIENT_COST_S: Final = 25e-6
"""CPU that one event costs for one client."""
LONGEST_TICK_S: Final = 0.5
HEARTBEAT: Final = b": still here\n\n"
RESET: Final = b"event: reset\ndata: {}\n\n"
BYE: Final = b"event: bye\ndata: {}\n\n"
SHOWN_KINDS: Final = frozenset(
    {
        "tweet.created",
        "tweet.deleted",
        "tweets.imported",
        "user.created",
        "user.updated",
        "user.deleted",
    }
)

logger = logging.getLogger(__name__)


class Entry(NamedTuple):
    """An event as it is sent; empty where there is nothing to show."""

    id: int
    user_id: int
    tweet_id: int | None
    data: bytes


class Live:
    """What one process's listeners share."""

    def __init__(self, db: Database, *, newest: int, most_clients: int) -> None:
        self._db = db
        self._most_clients = most_clients
        self.clients = 0
        """Streams that are open."""
        self._waiting: list[Change] = []
        self._entries: deque[Entry] = deque(maxlen=REMEMBERED)
        self._forgotten = newest
        """Events up to this one are not in memory."""
        self._newest = newest
        self._work = asyncio.Event()
        self._news = asyncio.Event()
        self.is_ending = False

    def hear(self, changes: Sequence[Change]) -> None:
        """Take events of the feed."""
        self._waiting.extend(changes)
        self._work.set()

    def end(self) -> None:
        """Let all streams end: the server stops."""
        self.is_ending = True
        self._tell()

    async def run(self) -> None:
        """Encode what the feed brings, in its order, until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            changes, self._waiting = self._waiting, []
            for start in range(0, len(changes), PAGE):
                await self._take(changes[start : start + PAGE])
            await asyncio.sleep(self._tick())

    async def _take(self, changes: Sequence[Change]) -> None:
        try:
            if self.clients:
                async with self._db.read() as session:
                    self._remember([await _entry(session, change) for change in changes])
            else:
                self._forget()
        except Exception:
            logger.exception("events could not be encoded; listeners read them from the log")
            self._forget()
        if not self._entries:
            self._forgotten = changes[-1].id
        self._newest = changes[-1].id
        self._forget_deleted(changes)
        self._tell()

    async def stream(
        self, after: int | None, *, user_id: int | None, may_go_on: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[bytes]:
        """Yield the events after a place in the log, of one author or of all, and heartbeats.

        `may_go_on` is asked every 5 s; the stream ends when the right to it has ended.
        """
        self.clients += 1
        try:
            place = self._newest if after is None else after
            yield b": welcome\n\n"
            if after is not None and not await self._is_kept(after):
                place = self._newest
                yield RESET
            clock = asyncio.get_running_loop().time
            sent = checked = clock()
            while not self.is_ending:
                if clock() - checked >= CHECK_S:
                    checked = clock()
                    if not await may_go_on():
                        return
                news = self._news
                if place < self._forgotten and not await self._is_kept(place):
                    # The log was cut while this client was slow.
                    place = self._newest
                    yield RESET
                entries = await self._after(place)
                data = _joined(entries, user_id)
                if entries:
                    place = entries[-1].id
                elif clock() - sent >= HEARTBEAT_S:
                    data = HEARTBEAT
                if data:
                    sent = clock()
                    yield data
                elif not entries:
                    with contextlib.suppress(TimeoutError):
                        left = sent + HEARTBEAT_S - clock()
                        await asyncio.wait_for(news.wait(), max(0.0, min(CHECK_S, left)))
            yield BYE
        finally:
            self.clients -= 1

    def admit(self) -> None:
        """Raise UnavailableError if there are as many listeners as the settings allow.

        A listener counts from the first byte of its stream, since one that leaves before is
        never heard of again; so some of a burst may come in beyond the limit.
        """
        if self.clients >= self._most_clients:
            raise UnavailableError(
                "There are too many live streams; try again soon", headers={"Retry-After": "5"}
            )

    async def _after(self, place: int) -> list[Entry]:
        if place >= self._newest:
            return []
        if place >= self._forgotten:
            return [entry for entry in self._entries if entry.id > place]
        async with self._db.read() as session:
            query = (
                select(Event.id, Event.kind, Event.user_id, Event.tweet_id, Event.count)
                .where(Event.id > place, Event.id <= self._newest)
                .order_by(Event.id)
                .limit(PAGE)
            )
            changes = [Change(*row) for row in await session.execute(query)]
            return [await _entry(session, change) for change in changes]

    async def _is_kept(self, place: int) -> bool:
        """Return whether the log still has everything after the place, and has been there."""
        async with self._db.read() as session:
            query = select(func.min(Event.id), func.max(Event.id))
            oldest, newest = (await session.execute(query)).one()
        return place <= (newest or 0) and (oldest is None or place >= oldest - 1)

    def _forget(self) -> None:
        self._entries.clear()

    def _remember(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if len(self._entries) == REMEMBERED:
                self._forgotten = self._entries[0].id
            self._entries.append(entry)

    def _forget_deleted(self, changes: Sequence[Change]) -> None:
        """Take what was deleted out of what is remembered: deletions leave nothing behind."""
        users = {change.user_id for change in changes if change.kind == "user.deleted"}
        tweets = {change.tweet_id for change in changes if change.kind == "tweet.deleted"}
        if users or tweets:
            for index, entry in enumerate(self._entries):
                is_deletion = b"deleted\n" in entry.data[:60]
                is_gone = entry.user_id in users or entry.tweet_id in tweets - {None}
                if is_gone and not is_deletion:
                    self._entries[index] = entry._replace(data=b"")

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _tick(self) -> float:
        return min(LONGEST_TICK_S, self.clients * CLIENT_COST_S)


def _joined(entries: Sequence[Entry], user_id: int | None) -> bytes:
    return b"".join(entry.data for entry in entries if user_id is None or entry.user_id == user_id)


async def _entry(session: AsyncSession, change: Change) -> Entry:
    data = await _data(session, change) if change.kind in SHOWN_KINDS else None
    encoded = b""
    if data is not None:
        body = msgspec.json.encode(data)
        encoded = b"id: %d\nevent: %s\ndata: %s\n\n" % (change.id, change.kind.encode(), body)
    return Entry(change.id, change.user_id, change.tweet_id, encoded)


async def _data(session: AsyncSession, change: Change) -> object | None:
    """Return what the event shows, None where what it is about is gone."""
    if change.kind == "tweet.created":
        return await find_post(session, change.tweet_id or 0)
    if change.kind in {"user.created", "user.updated"}:
        return await find_author(session, change.user_id)
    if change.kind == "tweets.imported":
        author = await session.get(User, change.user_id)
        if author is None or author.deleted_at is not None:
            return None
        return {"username": author.username, "count": change.count}
    if change.kind == "tweet.deleted":
        return {"id": change.tweet_id}
    return {"id": change.user_id}
