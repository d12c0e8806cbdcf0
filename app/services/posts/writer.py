"""Storing posts that arrive together in one transaction (group commit)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.runtime.clock import now
from app.services.event_log import newest_event
from app.services.posts.arrivals import Added, Arrival, add_arrivals, find_stored, keys_in_rooms
from app.services.posts.new_tweet import NewTweet
from app.services.posts.post_rooms import RoomMention, find_named
from app.services.posts.tweets import Post, find_posts
from app.services.posts.users import ids_by_key, unknown_user


@dataclass(frozen=True, slots=True, eq=False)
class PostRequest:
    username: str
    post: NewTweet


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a request: 201 for a new post, 200 for a known one."""

    status: int
    post: Post
    event_id: int


class PostWriter:
    """Stores single posts; acknowledges each after its commit."""

    def __init__(self, db: Database, *, on_batch: Callable[[int], None] = lambda _: None) -> None:
        self._db = db
        self._on_batch = on_batch
        self.add: Batch[PostRequest, Receipt] = Batch(
            self._run, max_size=500, max_waiting=5_000, timeout_s=40
        )
        """Stores a post. Raises NotFoundError."""

    async def close(self) -> None:
        await self.add.close()

    async def _run(self, requests: Sequence[PostRequest]) -> Sequence[Receipt | Exception]:
        self._on_batch(len(requests))
        settled: dict[PostRequest, Receipt | Exception] = {}
        arrivals: dict[PostRequest, Arrival] = {}
        async with self._db.write() as session:
            users = await ids_by_key(
                session, {username_key(request.username) for request in requests}
            )
            for request in requests:
                user_id = users.get(username_key(request.username))
                if user_id is None:
                    settled[request] = unknown_user(request.username)
                else:
                    arrivals[request] = Arrival(user_id, request.post)
            added = await _add(session, list(arrivals.values()))
            posts = await find_posts(session, [tweet_id for tweet_id, _, _ in added])
            is_told = all(event_id for _, _, event_id in added)
            newest = 0 if is_told else await newest_event(session)
        for request, (tweet_id, is_new, event_id) in zip(arrivals, added, strict=True):
            status = 201 if is_new else 200
            settled[request] = Receipt(status, posts[tweet_id], event_id or newest)
        return [settled[request] for request in requests]


async def _add(session: AsyncSession, arrivals: Sequence[Arrival]) -> list[Added]:
    rows = await find_stored(session, [arrival.key for arrival in arrivals])
    mentions = [
        RoomMention(arrival.key, arrival.post.room) for arrival in arrivals if arrival.post.room
    ]
    room_ids = iter(await find_named(session, mentions, keys_in_rooms(rows)))
    placed = [
        arrival._replace(room_id=next(room_ids)) if arrival.post.room else arrival
        for arrival in arrivals
    ]
    return await add_arrivals(session, placed, rows, default_time=now())
