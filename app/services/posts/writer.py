"""The writer: stores posts that arrive together in one transaction (group commit)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.formats.post import RoomReference
from app.services.event_log import newest_event
from app.services.posts.arrivals import Arrival, add_arrivals
from app.services.posts.new_tweet import NewTweet
from app.services.posts.tweets import Post, find_posts
from app.services.posts.users import ids_by_key, unknown_user
from app.services.rooms.recognition import RoomFinder, RoomSample

MOST_POSTS: Final = 500
"""Posts in one transaction."""
MOST_WAITING: Final = 5_000
"""Posts waiting for the next one; more are refused."""
TIMEOUT_S: Final = 40


@dataclass(frozen=True, slots=True, eq=False)
class PostRequest:
    """A post that a request sends."""

    username: str
    post: NewTweet


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a request: 201 for a new post, 200 for a known one."""

    status: int
    post: Post
    event_id: int


async def _in_room(session: AsyncSession, user_id: int, request: PostRequest) -> NewTweet:
    """Return the post of a request with the id of the room that it names."""
    post = request.post
    if post.room is None:
        return post
    sample = RoomSample({user_id: request.username})
    ids = await RoomFinder(trusts_ids=True).find(session, {post.room: sample})
    return structs.replace(post, room=RoomReference(id=ids[post.room], name=post.room.name))


class PostWriter:
    """Stores single posts; each is acknowledged after its commit."""

    def __init__(self, db: Database, *, on_batch: Callable[[int], None] = lambda _: None) -> None:
        self._db = db
        self._on_batch = on_batch
        self.add: Batch[PostRequest, Receipt] = Batch(
            self._run, max_size=MOST_POSTS, max_waiting=MOST_WAITING, timeout_s=TIMEOUT_S
        )
        """Store a post. Raises NotFoundError."""

    async def close(self) -> None:
        await self.add.close()

    async def _run(self, requests: Sequence[PostRequest]) -> Sequence[Receipt | Exception]:
        """Store the posts together; those without an author are left out."""
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
                    post = await _in_room(session, user_id, request)
                    arrivals[request] = Arrival(user_id, post)
            added = await add_arrivals(session, list(arrivals.values()), default_time=now())
            posts = await find_posts(session, [tweet_id for tweet_id, _, _ in added])
            is_told = all(event_id for _, _, event_id in added)
            newest = 0 if is_told else await newest_event(session)
        for request, (tweet_id, is_new, event_id) in zip(arrivals, added, strict=True):
            status = 201 if is_new else 200
            settled[request] = Receipt(status, posts[tweet_id], event_id or newest)
        return [settled[request] for request in requests]
