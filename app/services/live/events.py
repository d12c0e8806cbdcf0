"""The newest events of the log in public form, encoded once for all clients."""

import logging
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.feed import Change
from app.models import Event, User
from app.services.posts.tweets import find_post
from app.services.posts.users import find_author

MOST_IN_MEMORY: Final = 2_000
"""Events; older ones are read from the log."""
PAGE: Final = 200
SHOWN_KINDS: Final = frozenset(
    {
        "tweet.created",
        "tweet.updated",
        "tweet.deleted",
        "tweets.imported",
        "user.created",
        "user.updated",
        "user.deleted",
    }
)

logger = logging.getLogger(__name__)


class LiveEvent(NamedTuple):
    """An event as it is sent; without data if it shows nothing."""

    id: int
    user_id: int
    tweet_id: int | None
    data: bytes


class LiveEvents:
    """The end of the log in one process's memory; earlier events are read from the database."""

    def __init__(self, db: Database, *, newest: int) -> None:
        self._db = db
        self._entries: deque[LiveEvent] = deque()
        self._chunks: dict[tuple[int, int | None], bytes] = {}
        """What is sent to clients at the same place, of one author or of all."""
        self.begin_after(newest)

    def begin_after(self, newest: int) -> None:
        """Begin after this event, with nothing in memory."""
        self._entries.clear()
        self._chunks.clear()
        self.newest = newest
        self.evicted = newest
        """Events up to this one are not in memory."""

    async def append(self, changes: Sequence[Change], *, has_clients: bool) -> None:
        """Advance to the last of the changes; encode them if there are clients."""
        try:
            if has_clients:
                async with self._db.read() as session:
                    entries = [await _entry(session, change) for change in changes]
                self._entries.extend(entries)
                while len(self._entries) > MOST_IN_MEMORY:
                    self.evicted = self._entries.popleft().id
            else:
                self._entries.clear()
        except Exception:
            logger.exception("events could not be encoded; clients read them from the log")
            self._entries.clear()
        self.newest = changes[-1].id
        if not self._entries:
            self.evicted = self.newest
        self._redact_deleted(changes)
        self._chunks.clear()

    async def after(self, place: int, user_id: int | None) -> tuple[bytes, int]:
        """Return the next events after a position, of one author or of all, and the new position.

        Raises LookupError if the log no longer has all of them.
        """
        if place >= self.evicted:
            if (place, user_id) not in self._chunks:
                newer = [entry for entry in self._entries if entry.id > place]
                self._chunks[place, user_id] = _joined(newer, user_id)
            return self._chunks[place, user_id], self.newest
        if not await self.is_complete_after(place):
            raise LookupError("the log was shortened")
        async with self._db.read() as session:
            newest = self.newest
            query = (
                select(Event.id, Event.kind, Event.user_id, Event.tweet_id, Event.count)
                .where(Event.id > place, Event.id <= newest)
                .order_by(Event.id)
                .limit(PAGE)
            )
            changes = [Change(*row) for row in await session.execute(query)]
            entries = [await _entry(session, change) for change in changes]
        return _joined(entries, user_id), entries[-1].id if entries else newest

    async def is_complete_after(self, place: int) -> bool:
        """Return whether the log has reached this position and still has every event after it."""
        async with self._db.read() as session:
            query = select(func.min(Event.id), func.max(Event.id))
            oldest, newest = (await session.execute(query)).one()
        return 0 <= place <= (newest or 0) and (oldest is None or place >= oldest - 1)

    def _redact_deleted(self, changes: Sequence[Change]) -> None:
        users = {change.user_id for change in changes if change.kind == "user.deleted"}
        tweets = {change.tweet_id for change in changes if change.kind == "tweet.deleted"}
        if users or tweets:
            for index, entry in enumerate(self._entries):
                is_deletion = b"deleted\n" in entry.data[:60]
                is_gone = entry.user_id in users or entry.tweet_id in tweets - {None}
                if is_gone and not is_deletion:
                    self._entries[index] = entry._replace(data=b"")


def _joined(entries: Sequence[LiveEvent], user_id: int | None) -> bytes:
    return b"".join(entry.data for entry in entries if user_id is None or entry.user_id == user_id)


async def _entry(session: AsyncSession, change: Change) -> LiveEvent:
    data = await _data(session, change) if change.kind in SHOWN_KINDS else None
    encoded = b""
    if data is not None:
        body = msgspec.json.encode(data)
        encoded = b"id: %d\nevent: %s\ndata: %s\n\n" % (change.id, change.kind.encode(), body)
    return LiveEvent(change.id, change.user_id, change.tweet_id, encoded)


async def _data(session: AsyncSession, change: Change) -> object | None:
    """Return the public data of the event, None if its subject is gone."""
    if change.kind in {"tweet.created", "tweet.updated"}:
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
