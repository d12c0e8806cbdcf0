"""The writer: stores posts that arrive together in one transaction (group commit)."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.errors import AppError
from app.services.access.rights import Right, ended_right_error, ended_rights
from app.services.event_log import newest_event
from app.services.posts.adding import Arrival, add_arrivals
from app.services.posts.new_tweet import NewTweet
from app.services.posts.tweets import Post, find_posts
from app.services.posts.users import ids_by_key, unknown_user

MOST_POSTS: Final = 500
"""Posts in one transaction."""
MOST_WAITING: Final = 5_000
"""Posts waiting for the next one; more are refused."""
TIMEOUT_S: Final = 40

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class PostRequest:
    """A post that a request sends."""

    username: str
    post: NewTweet
    right: Right | None = None
    """The right of the sender; if it has ended, nothing is stored."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a request: 201 for a new post, 200 for a known one."""

    status: int
    post: Post
    event_id: int


class PostWriter:
    """Stores single posts; each is acknowledged after its commit."""

    def __init__(self, db: Database, *, on_batch: Callable[[int], None] = lambda _: None) -> None:
        self._db = db
        self._on_batch = on_batch
        self.add: Batch[PostRequest, Receipt] = Batch(
            self._run, max_size=MOST_POSTS, max_waiting=MOST_WAITING, timeout_s=TIMEOUT_S
        )
        """Store a post. Raises NotFoundError, and UnauthorizedError once the right has ended."""

    async def close(self) -> None:
        await self.add.close()

    async def _run(self, requests: Sequence[PostRequest]) -> Sequence[Receipt | Exception]:
        self._on_batch(len(requests))
        try:
            async with self._db.write() as session:
                return await _store(session, requests)
        except AppError:
            raise
        except Exception:
            if len(requests) == 1:
                raise
            logger.warning("%d posts could not be stored together", len(requests), exc_info=True)
        results: list[Receipt | Exception] = []
        async with self._db.write() as session:
            for request in requests:
                try:
                    async with session.begin_nested():
                        results += await _store(session, [request])
                except Exception as error:
                    results.append(error)
        return results


async def _store(
    session: AsyncSession, requests: Sequence[PostRequest]
) -> list[Receipt | AppError]:
    """Store the posts together; those without an author or a right are left out."""
    users = await ids_by_key(session, {username_key(each.username) for each in requests})
    rights = {each.right for each in requests if each.right is not None}
    ended = await ended_rights(session, rights)
    settled: dict[PostRequest, Receipt | AppError] = {}
    for each in requests:
        if each.right in ended:
            settled[each] = ended_right_error()
        elif username_key(each.username) not in users:
            settled[each] = unknown_user(each.username)
    new = [each for each in requests if each not in settled]
    arrivals = [Arrival(users[username_key(each.username)], each.post) for each in new]
    added = await add_arrivals(session, arrivals, default_time=now())
    posts = await find_posts(session, added.ids)
    newest = 0 if all(added.event_ids) else await newest_event(session)
    outcomes = zip(added.ids, added.is_new, added.event_ids, strict=True)
    for each, (tweet_id, is_new, event_id) in zip(new, outcomes, strict=True):
        status = 201 if is_new else 200
        settled[each] = Receipt(status, posts[tweet_id], event_id or newest)
    return [settled[each] for each in requests]
