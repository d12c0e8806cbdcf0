"""Events of the log in public form, read and encoded once for all clients at a position."""

import asyncio
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.feed import Change
from app.models import Event, User
from app.services.posts.tweets import find_post
from app.services.posts.users import find_author

PAGE: Final = 200
MOST_PAGES: Final = 20
"""Pages that are kept for other clients at the same position."""
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


class LiveEvent(NamedTuple):
    """An event as it is sent; without data if it shows nothing."""

    user_id: int
    data: bytes


class LiveEvents:
    """Pages of the log, as far as the feed has come."""

    def __init__(self, db: Database, *, newest: int) -> None:
        self._db = db
        self._reading = asyncio.Lock()
        self._pages: dict[int, tuple[list[LiveEvent], int]] = {}
        """The events after a position, for clients that are there, and the position after them."""
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
        entries, end = page
        shown = [each.data for each in entries if user_id is None or each.user_id == user_id]
        return b"".join(shown), end

    async def _read(self, place: int, newest: int) -> tuple[list[LiveEvent], int]:
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
            entries = [await _entry(session, change) for change in changes]
        end = changes[-1].id if len(changes) == PAGE else max(place, newest)
        if newest == self.newest:
            if len(self._pages) >= MOST_PAGES:
                del self._pages[next(iter(self._pages))]
            self._pages[place] = entries, end
        return entries, end


async def _entry(session: AsyncSession, change: Change) -> LiveEvent:
    data = await _data(session, change) if change.kind in SHOWN_KINDS else None
    encoded = b""
    if data is not None:
        body = msgspec.json.encode(data)
        encoded = b"id: %d\nevent: %s\ndata: %s\n\n" % (change.id, change.kind.encode(), body)
    return LiveEvent(change.user_id, encoded)


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
