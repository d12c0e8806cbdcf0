"""Making model cards in the background, each once for all workers; the posts behind a card."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.features import RECIPE
from app.db.engine import Database
from app.db.lease import Grant, Lease, LeaseLostError
from app.errors import AppError, overloaded
from app.services.compare.card import Card, HeldOutAnswer, MeasuredCard, measure
from app.services.compare.card_posts import read_posts
from app.services.compare.card_stored import CardKey, StoredCard, find_card, store_card
from app.services.compare.contenders import (
    Contender,
    compared_users,
    contenders_by_key,
    state_of_all,
)
from app.services.compare.judging import MODEL_NAME
from app.services.compare.materials import Models, load_authors
from app.services.posts.tweets import Post, find_posts

MOST_WAITING: Final = 16
"""Cards that may wait in a process; a request for one more is refused."""
RETRY_AFTER_S: Final = 1
REST: Final = timedelta(minutes=1)
"""A card is made again at most this often while posts arrive; until then the last one is shown."""
MOST_AUTHORS: Final = 50
"""Of more authors, those with the most posts are measured."""

logger = logging.getLogger(__name__)


async def card_key(session: AsyncSession, usernames: Sequence[str]) -> CardKey:
    """Return the key of the card of the authors named, or of all, as they are now.

    All authors keep one card, whoever joins them. Raises NotFoundError and InvalidInputError.
    """
    if not usernames:
        state = await state_of_all(session)
        return CardKey(_digest([FORMAT, MODEL_NAME, RECIPE, "all"]), _digest(state), state[1])
    users = await compared_users(session, usernames)
    states = sorted((user.id, user.tweet_count, user.deletion_count) for user in users)
    user_ids = [user_id for user_id, _, _ in states]
    return CardKey(
        _digest([FORMAT, MODEL_NAME, RECIPE, user_ids]),
        _digest(states),
        sum(tweets for _, tweets, _ in states),
    )


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


FORMAT: Final = _digest(msgspec.json.schema(tuple[Card, list[HeldOutAnswer]]))
"""Of stored cards; one of another format is made again."""


def largest(users: Sequence[Contender]) -> list[Contender]:
    """Return the authors who are measured, in the order given."""
    order = sorted(range(len(users)), key=lambda i: (-users[i].tweet_count, i))
    return [users[i] for i in sorted(order[:MOST_AUTHORS])]


class CardMaker:
    """Makes one card after the other; of all workers, one makes a card."""

    def __init__(self, db: Database, models: Models, *, rest: timedelta = REST) -> None:
        self._db = db
        self._models = models
        self._rest = rest
        self._queue: asyncio.Queue[tuple[str, Sequence[str]]] = asyncio.Queue(MOST_WAITING)
        """The authors' digest and their names; no names stand for all authors with posts."""
        self._waiting: set[str] = set()
        """The digests in the queue; a card is made of the posts at the time of its turn."""

    async def find_or_ask(self, usernames: Sequence[str], *, is_aside: bool = False) -> Card | None:
        """Return the newest card of the authors named, or of all; None while the first is made.

        A new one is asked for where posts have come. Raises NotFoundError and InvalidInputError as
        a comparison does, and UnavailableError if none may wait any more, except with `is_aside`.
        """
        found = await self._find(usernames, is_aside=is_aside)
        return found[0] if found else None

    async def find_answers_or_ask(self, usernames: Sequence[str]) -> MeasuredCard | None:
        """Return the card with the answers that it sums up, as `find_or_ask` does."""
        found = await self._find(usernames)
        if found is None:
            return None
        card, answers = found
        return MeasuredCard(card, msgspec.json.decode(answers, type=list[HeldOutAnswer]))

    async def _find(
        self, usernames: Sequence[str], *, is_aside: bool = False
    ) -> tuple[Card, bytes] | None:
        async with self._db.read() as session:
            key = await card_key(session, usernames)
            stored = await find_card(session, key, rest=self._rest)
        if stored is None or stored.is_due:
            is_waiting = self._ask(key, usernames)
            if stored is None and not is_waiting and not is_aside:
                raise overloaded()
        if stored is None:
            return None
        card = msgspec.json.decode(stored.card, type=Card)
        newer = max(0, key.tweets - card.tweets)
        return msgspec.structs.replace(card, tweets_since=newer), stored.answers

    def _ask(self, key: CardKey, usernames: Sequence[str]) -> bool:
        """Queue the card, unless it waits already; return whether it waits."""
        if key.authors in self._waiting:
            return True
        try:
            self._queue.put_nowait((key.authors, tuple(usernames)))
        except asyncio.QueueFull:
            return False
        self._waiting.add(key.authors)
        return True

    async def run(self) -> None:
        """Make the cards of the queue until cancelled."""
        while True:
            authors, usernames = await self._queue.get()
            # At most 16 leases: a row for each card that was ever made would be too many.
            lease = Lease(self._db, f"card {authors[0]}")
            try:
                async with lease.waited_for() as grant:
                    await self._make(grant, usernames)
            except AppError as error:
                # An author was deleted meanwhile; the next request gets this error.
                logger.info("a model card could not be made: %s", error.detail)
            except LeaseLostError:
                logger.warning("another worker has taken over a model card")
            except Exception:
                logger.exception("a model card could not be made")
            finally:
                self._waiting.discard(authors)

    async def _make(self, grant: Grant, usernames: Sequence[str]) -> None:
        async with grant.read() as session:
            key = await card_key(session, usernames)
            stored = await find_card(session, key, rest=self._rest)
            if stored is not None and not stored.is_due:
                return
            users = await compared_users(session, usernames)
            material = await load_authors(
                session, self._models, largest(users), is_named=bool(usernames)
            )
            posts = await read_posts(session, material)
        made = await measure(material, posts)
        card = msgspec.structs.replace(
            made.card, left_out=len(users) - len(material.users), tweets=key.tweets
        )
        async with grant.write() as session:
            found = await contenders_by_key(session, {user.username_key for user in material.users})
            after = {(user.id, user.deletion_count) for user in found.values()}
            if any((user.id, user.deletion_count) not in after for user in material.users):
                return  # The card would keep words of a deleted post.
            stored = StoredCard(msgspec.json.encode(card), msgspec.json.encode(made.answers))
            await store_card(session, key, [user.id for user in material.users], stored)


@dataclass(frozen=True, slots=True)
class HeldOutPost:
    """A post that was held out, and the answer for it."""

    post: Post
    taken_for: str
    claimed: float
    is_right: bool


def select_answers(
    made: MeasuredCard, *, written_by: str = "", taken_for: str = "", tenth: int | None = None
) -> list[HeldOutAnswer]:
    """Return the answers of these authors and of this bin, those for the newest posts first."""
    names = [author.username.casefold() for author in made.card.authors]
    author, said = written_by.casefold(), taken_for.casefold()
    return [
        answer
        for answer in made.answers
        if (not author or names[answer.author] == author)
        and (not said or names[answer.taken_for] == said)
        and (tenth is None or answer.tenth == tenth)
    ]


async def read_held_out(
    session: AsyncSession, made: MeasuredCard, answers: Sequence[HeldOutAnswer]
) -> list[HeldOutPost]:
    """Return the posts of these answers, except those deleted since."""
    posts = await find_posts(session, [answer.tweet_id for answer in answers])
    return [
        HeldOutPost(
            posts[answer.tweet_id],
            made.card.authors[answer.taken_for].username,
            answer.claimed,
            answer.author == answer.taken_for,
        )
        for answer in answers
        if answer.tweet_id in posts
    ]
