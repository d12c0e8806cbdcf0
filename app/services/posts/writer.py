"""The writer: posts that arrive together are stored by one transaction (group commit)."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.errors import AppError, GoneError, NotFoundError
from app.services.access.rights import Right, ended_rights, right_has_ended
from app.services.clock import now
from app.services.events import newest_event
from app.services.idempotency import Replay, RequestKey, claim, complete, release
from app.services.posts.adding import Arrival, add_arrivals
from app.services.posts.new_tweet import NewTweet
from app.services.posts.tweets import Post, find_post, find_posts
from app.services.posts.users import ids_by_key

MOST_POSTS: Final = 500
MOST_WAITING: Final = 5_000
TIMEOUT_S: Final = 40

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sending:
    """A post that a request sends; with the same key it is the same request."""

    username: str = field(compare=False)
    post: NewTweet = field(compare=False)
    key: RequestKey | None = field(compare=False)
    right: Right | None = field(default=None, compare=False)
    """By which the post is sent; one that has ended stores nothing."""
    identity: object = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "identity", self.key or object())


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a request is answered: 201 for a new post, 200 for one that was known, or as before."""

    status: int
    post: Post
    event_id: int


class Writer:
    """Takes single posts; each is acknowledged after the commit that holds it."""

    def __init__(self, db: Database, *, on_batch: Callable[[int], None] = lambda _: None) -> None:
        self._db = db
        self._on_batch = on_batch
        self.add: Batch[Sending, Receipt] = Batch(
            self._run, max_size=MOST_POSTS, max_waiting=MOST_WAITING, timeout_s=TIMEOUT_S
        )
        """Stores a post. Raises NotFoundError, and what idempotency keys raise."""

    async def close(self) -> None:
        await self.add.close()

    async def _run(self, sendings: Sequence[Sending]) -> Sequence[Receipt | Exception]:
        self._on_batch(len(sendings))
        try:
            async with self._db.write() as session:
                return await _store(session, sendings)
        except AppError:
            raise
        except Exception:
            if len(sendings) == 1:
                raise
            logger.warning("%d posts could not be stored together", len(sendings), exc_info=True)
        results: list[Receipt | Exception] = []
        async with self._db.write() as session:
            for sending in sendings:
                try:
                    async with session.begin_nested():
                        results += await _store(session, [sending])
                except Exception as error:
                    results.append(error)
        return results


async def _store(session: AsyncSession, sendings: Sequence[Sending]) -> list[Receipt | AppError]:
    """Store the posts together; what is wrong, or was answered before, stands aside."""
    users = await ids_by_key(session, {username_key(each.username) for each in sendings})
    rights = {each.right for each in sendings if each.right is not None}
    ended = await ended_rights(session, rights)
    settled: dict[Sending, Receipt | AppError] = {}
    for each in sendings:
        if each.right in ended:
            settled[each] = right_has_ended()
        elif outcome := await _without_storing(session, each, users):
            settled[each] = outcome
    new = [each for each in sendings if each not in settled]
    arrivals = [Arrival(users[username_key(each.username)], each.post) for each in new]
    added = await add_arrivals(session, arrivals, default_time=now())
    posts = await find_posts(session, added.ids)
    newest = await newest_event(session)
    outcomes = zip(added.ids, added.is_new, added.event_ids, strict=True)
    for each, (tweet_id, is_new, event_id) in zip(new, outcomes, strict=True):
        receipt = Receipt(201 if is_new else 200, posts[tweet_id], event_id or newest)
        settled[each] = receipt
        if each.key is not None:
            replay = Replay(receipt.status, tweet_id, None, receipt.event_id)
            await complete(session, each.key, replay)
    return [settled[each] for each in sendings]


async def _without_storing(
    session: AsyncSession, sending: Sending, users: dict[str, int]
) -> Receipt | AppError | None:
    """Return how a request is answered that stores nothing, None for any other."""
    try:
        replay = await claim(session, sending.key) if sending.key else None
    except AppError as error:
        return error
    if replay is not None:
        post = await find_post(session, replay.resource_id or 0)
        if post is None:
            return GoneError("The post that this request made has been deleted since")
        return Receipt(replay.status, post, replay.event_id or 0)
    if username_key(sending.username) in users:
        return None
    if sending.key is not None:
        await release(session, sending.key)
    return NotFoundError("User '{username}' doesn't exist", username=sending.username)
