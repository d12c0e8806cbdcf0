"""Making model cards in the background: each once for all workers, few at a time."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from app.compute.features import RECIPE
from app.db.engine import Database
from app.db.lease import Grant, Lease, LeaseLostError
from app.errors import AppError, overloaded
from app.services.compare.candidates import compared_users
from app.services.compare.card import Card, HeldOutAnswer, MeasuredCard, largest, measure
from app.services.compare.card_posts import read_posts
from app.services.compare.card_stored import CardKey, StoredCard, find_card, store_card
from app.services.compare.judging import MODEL_NAME
from app.services.compare.materials import Models, load_authors
from app.services.posts.users import Contender

MOST_WAITING: Final = 16
"""Cards that may wait in a process; a request for one more is refused."""
RETRY_AFTER_S: Final = 1
REST: Final = timedelta(seconds=15)
"""A card stays valid this long while posts arrive; otherwise a stream of posts would keep any
card from being finished."""
FORMAT: Final = 3
"""Of stored cards; a card of another format is made again."""

logger = logging.getLogger(__name__)


def card_key(users: Sequence[Contender]) -> CardKey:
    """Return the key of the card of these authors as they are now."""
    states = sorted((user.id, user.tweet_count, user.deletion_count) for user in users)
    user_ids = [user_id for user_id, _, _ in states]
    return CardKey(_digest([FORMAT, MODEL_NAME, RECIPE, user_ids]), _digest(states))


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


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

    async def find(self, usernames: Sequence[str]) -> Card | None:
        """Return the card of the authors named, or of all, if there is one."""
        return _card(await self._find(usernames, asks=False))

    async def find_or_ask(self, usernames: Sequence[str]) -> Card | None:
        """Return the card of the authors named, or of all; None while it is being made.

        Raises NotFoundError and InvalidInputError as a comparison does, and UnavailableError.
        """
        return _card(await self._find(usernames))

    async def find_answers_or_ask(self, usernames: Sequence[str]) -> MeasuredCard | None:
        """Return the card with the answers that it sums up, as `find_or_ask` does."""
        stored = await self._find(usernames)
        if (card := _card(stored)) is None or stored is None:
            return None
        return MeasuredCard(card, msgspec.json.decode(stored.answers, type=list[HeldOutAnswer]))

    async def _find(self, usernames: Sequence[str], *, asks: bool = True) -> StoredCard | None:
        async with self._db.read() as session:
            key = card_key(await compared_users(session, usernames))
            stored = await find_card(session, key, rest=self._rest)
        if stored is None and asks:
            self._ask(key, usernames)
        return stored

    def _ask(self, key: CardKey, usernames: Sequence[str]) -> None:
        """Queue the card, unless it waits already. Raises UnavailableError if many wait."""
        if key.authors in self._waiting:
            return
        try:
            self._queue.put_nowait((key.authors, tuple(usernames)))
        except asyncio.QueueFull:
            raise overloaded() from None
        self._waiting.add(key.authors)

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
            users = await compared_users(session, usernames)
            if await find_card(session, card_key(users), rest=self._rest) is not None:
                return
            material = await load_authors(
                session, self._models, largest(users), is_named=bool(usernames)
            )
            posts = await read_posts(session, material)
        made = await measure(material, posts, left_out=len(users) - len(material.users))
        async with grant.write() as session:
            after = {
                user.id: user.deletion_count for user in await compared_users(session, usernames)
            }
            if any(after.get(user.id) != user.deletion_count for user in users):
                return  # The card would keep words of a deleted post.
            stored = StoredCard(msgspec.json.encode(made.card), msgspec.json.encode(made.answers))
            await store_card(session, card_key(users), [user.id for user in users], stored)


def _card(stored: StoredCard | None) -> Card | None:
    return msgspec.json.decode(stored.card, type=Card) if stored else None
