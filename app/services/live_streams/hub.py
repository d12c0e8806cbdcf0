"""The live stream's clients, and how events of the log reach them.

A client is a position in the log. One task sends new events to clients that have everything before;
others catch up by themselves. No client misses an event or gets it twice, and none waits in memory.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.feed import SITE_PRIVATE, STREAM_RESET, Change
from app.errors import UnavailableError
from app.models import Event
from app.services.access.rights import VISITOR, Right
from app.services.live_streams.streaming import HEARTBEAT, Clients, ClientStream, StreamHub
from app.services.posts.tweets import Post, find_posts
from app.services.posts.users import Author, find_authors

PAGE: Final = 200
MOST_BYTES: Final = 128 * 1024
"""Bytes after which a page ends: a client that reads nothing holds them in memory."""
SLICE: Final = 50
"""Events whose posts are read together: a page of long posts would be 20 MB."""
MOST_PAGES: Final = 20
FURTHEST: Final = 10_000
"""Events that a client may miss: 4 MB, 0.2 s, or 8 minutes of 20 posts a second."""
REPLAY_WAIT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class LogPage:
    """The events between two positions of the log."""

    start: int
    end: int
    events: list[tuple[int, int, bytes]]
    _parts: dict[tuple[int, int | None], bytes] = field(default_factory=dict)

    def after(self, position: int, user_id: int | None) -> bytes:
        key = position, user_id
        part = self._parts.get(key)
        if part is None:
            if len(self._parts) >= 20:
                self._parts.clear()
            part = self._parts[key] = b"".join(
                data
                for number, author_id, data in self.events
                if number > position and user_id in {None, author_id}
            )
        return part


class LogPages:
    """Reads the log up to the feed's position, once for clients at a position."""

    def __init__(self, db: Database, newest: int) -> None:
        self._db = db
        self._at_end = asyncio.Lock()
        self._from_back = asyncio.Semaphore(2)  # Of eight connections to the database.
        self._pages: list[LogPage] = []
        self.newest = newest

    def advance(self, newest: int) -> None:
        """Advance to this event and drop all pages, whose events may have been deleted."""
        self._pages.clear()
        self.newest = newest

    async def newest_page(self, position: int) -> LogPage:
        """Return the page after up-to-date clients' last event. Raises LookupError if lost."""
        async with self._at_end:
            return self._ready(position) or await self._read(position, start=position)

    async def after(self, position: int, user_id: int | None) -> tuple[bytes, int]:
        """Return an author's or all events after a position, and the new position.

        Raises LookupError if the log lost some, UnavailableError if too many clients start far
        back.
        """
        page = self._ready(position)
        if page is None and position >= self.newest - PAGE:
            async with self._at_end:
                # The whole page, for clients at all of its positions.
                start = max(0, min(position, self.newest - PAGE))
                page = self._ready(position)
                if page is None and self._ready(start) is None:
                    page = await self._read(position, start=start)
                if page is None or page.end <= position < self.newest:  # Long posts end it before.
                    page = await self._read(position, start=position)
        elif page is None:
            page = await self._replay(position, user_id)
        return page.after(position, user_id), max(position, page.end)

    async def _replay(self, position: int, user_id: int | None) -> LogPage:
        try:
            async with asyncio.timeout(REPLAY_WAIT_S):
                await self._from_back.acquire()
        except TimeoutError:
            raise UnavailableError(
                "Too many clients are catching up on old events; try again soon", retry_after_s=5
            ) from None
        try:
            return self._ready(position) or await self._read(
                position, start=position, user_id=user_id
            )
        finally:
            self._from_back.release()

    def _ready(self, position: int) -> LogPage | None:
        return next((page for page in self._pages if page.start <= position < page.end), None)

    async def _read(self, position: int, *, start: int, user_id: int | None = None) -> LogPage:
        newest = self.newest
        async with self._db.read() as session:
            ends = select(func.min(Event.id), func.max(Event.id))
            oldest, last = (await session.execute(ends)).one()
            if not (0 <= position <= (last or 0)) or position < (oldest or 0) - 1:
                raise LookupError(position)
            start = max(start, (oldest or 0) - 1)
            query = (
                select(Event.id, Event.kind, Event.user_id, Event.tweet_id, Event.count)
                .where(Event.id > start, Event.id <= newest)
                .order_by(Event.id)
                .limit(PAGE)
            )
            if user_id is not None:
                query = query.where(Event.user_id == user_id)
            changes = [Change(*row) for row in await session.execute(query)]
            events = await _encoded(session, changes)
        is_cut = len(changes) == PAGE or len(events) < len(changes)
        end = events[-1][0] if is_cut else max(start, newest)
        page = LogPage(start, end, events)
        if user_id is None and newest == self.newest and end > start:
            if len(self._pages) >= MOST_PAGES:
                del self._pages[0]
            self._pages.append(page)
        return page


async def _encoded(
    session: AsyncSession, changes: Sequence[Change]
) -> list[tuple[int, int, bytes]]:
    """Return number, author and bytes of the first events, up to a page's size; irrelevant events
    are empty.
    """
    of_posts = {"tweet.created", "tweet.updated"}
    of_authors = {"tweets.imported", "user.created", "user.updated"}
    author_ids = {change.user_id for change in changes if change.kind in of_authors}
    authors = await find_authors(session, author_ids) if author_ids else {}
    events: list[tuple[int, int, bytes]] = []
    size = 0
    for start in range(0, len(changes), SLICE):
        part = changes[start : start + SLICE]
        post_ids = [change.tweet_id or 0 for change in part if change.kind in of_posts]
        posts = await find_posts(session, post_ids)
        for change in part:
            content, data = _content_of(change, posts, authors), b""
            if content is not None:
                body = msgspec.json.encode(content)
                event = change.id, change.kind.encode(), body
                data = b"id: %d\nevent: %s\ndata: %s\n\n" % event
            events.append((change.id, change.user_id, data))
            size += len(data)
            if size > MOST_BYTES:
                return events
    return events


def _content_of(
    change: Change, posts: Mapping[int, Post], authors: Mapping[int, Author]
) -> Post | Author | dict[str, object] | None:
    match change.kind:
        case "tweet.created" | "tweet.updated":
            return posts.get(change.tweet_id or 0)
        case "tweet.deleted":
            return {"id": change.tweet_id}
        case "tweets.imported":
            author = authors.get(change.user_id)
            return author and {"username": author.username, "count": change.count}
        case "user.created" | "user.updated":
            return authors.get(change.user_id)
        case "user.deleted":
            return {"id": change.user_id}
    return None


RESET: Final = b"id: %d\nevent: reset\ndata: {}\n\n"
READY: Final = b"id: %d\nevent: ready\ndata: {}\n\n"
"""First event: the place of the stream.

It has data and a name: some clients pass an `id` without data on as an event, others forget it.
"""

logger = logging.getLogger(__name__)


class LiveStream(ClientStream):
    __slots__ = ("first", "position", "user_id")

    def __init__(
        self,
        live: "LiveHub",
        position: int,
        user_id: int | None,
        right: Right | None,
        holder: Right | None,
    ) -> None:
        super().__init__(live, right, holder)
        self.first = b""
        self.position = position
        self.user_id = user_id

    def push_page(self, page: LogPage | None, end: int) -> None:
        """Send the client's events up to `end` without waiting, else wake the stream.

        page: the newest events, if read.
        """
        if self.position >= end:
            data = HEARTBEAT if self.is_due else b""
        elif page is not None and page.start <= self.position:
            data = page.after(self.position, self.user_id)
        else:
            self.wake()
            return
        if not data or self.push(data):
            self.position = max(self.position, end)
            self.is_due = self.is_due and not data
        else:
            self.wake()


class LiveHub(StreamHub[LiveStream]):
    def __init__(self, db: Database, clients: Clients, *, newest: int) -> None:
        super().__init__(db, clients)
        self._log = LogPages(db, newest)
        self._sent = newest
        """Last event sent to clients that are not behind."""

    def publish(self, changes: Sequence[Change]) -> None:
        self._log.advance(changes[-1].id)
        self._work.set()
        if any(change.kind == STREAM_RESET for change in changes):
            self.reset(changes[-1].id)
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
            if not stream.first.startswith(RESET % stream.position):
                place = after if stream.first and after is not None else stream.position
                stream.first = READY % max(0, place) + stream.first
        except BaseException:
            stream.close()
            raise
        return stream

    def _first(self, stream: LiveStream) -> bytes:
        data, stream.first = b": welcome\n" + stream.first, b""
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
