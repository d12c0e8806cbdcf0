"""Making model cards when they are asked for; the newest of each set of authors is kept."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.features import RECIPE
from app.compute.text import guess_language
from app.db.batch import Batch
from app.db.engine import Database
from app.models import User
from app.services.compare.calibration import in_units, newest_own
from app.services.compare.card import Card, StrangerPosts, measure
from app.services.compare.card_stored import CardKey, digest, find_card, store_card
from app.services.compare.contenders import (
    Contender,
    compared_users,
    contenders_by_key,
    state_of_all,
)
from app.services.compare.judging import MODEL_NAME
from app.services.compare.material import Material, Models
from app.services.compare.materials import load_authors

REST: Final = timedelta(minutes=1)
"""A card is made again at most this often while posts arrive; until then the last one is shown."""
MOST_AUTHORS: Final = 50
"""Of more authors, those with the most posts are measured."""
MOST_HELD_OUT: Final = 100
"""Posts of an author; at most a quarter of all, and fewer among many authors."""
MOST_ASKED: Final = 1_000
MOST_STRANGERS: Final = 30
STRANGER_POSTS: Final = 10
"""Of each."""
MOST_WAITING: Final = 16
TIMEOUT_S: Final = 25


class Cards:
    """Finds and makes model cards, in each process one after the other."""

    def __init__(self, db: Database, models: Models, *, rest: timedelta = REST) -> None:
        self._db = db
        self._models = models
        self._rest = rest
        self._making: Batch[tuple[str, ...], Card] = Batch(
            self._make, max_size=1, max_waiting=MOST_WAITING, timeout_s=TIMEOUT_S
        )

    async def close(self) -> None:
        await self._making.close()

    async def find(self, usernames: Sequence[str]) -> Card | None:
        """Return the card of the authors named, or of all, that was made last, if there is one.

        Raises NotFoundError and InvalidInputError as a comparison does.
        """
        async with self._db.read() as session:
            return (await self._find(session, usernames))[1]

    async def get(self, usernames: Sequence[str]) -> Card:
        """Return the card of the authors named, or of all; it is made if posts have come.

        Raises NotFoundError, InvalidInputError, and UnavailableError while many are being made.
        """
        async with self._db.read() as session:
            _, card, is_due = await self._find(session, usernames)
        return await self._making(tuple(usernames)) if card is None or is_due else card

    async def _find(
        self, session: AsyncSession, usernames: Sequence[str]
    ) -> tuple[CardKey, Card | None, bool]:
        """Return the key of the authors, their card if there is one, and whether one is due."""
        key = await card_key(session, usernames)
        stored, is_due = await find_card(session, key, rest=self._rest) or (None, True)
        if stored is None:
            return key, None, True
        card = msgspec.json.decode(stored, type=Card)
        since = max(0, key.tweets - card.tweets)
        return key, msgspec.structs.replace(card, tweets_since=since), is_due

    async def _make(self, requested: Sequence[tuple[str, ...]]) -> list[Card]:
        (usernames,) = requested
        async with self._db.read() as session:
            key, stored, is_due = await self._find(session, usernames)
            if stored is not None and not is_due:  # Made while this one waited.
                return [stored]
            users = await compared_users(session, usernames)
            material = await load_authors(
                session, self._models, largest(users), is_named=bool(usernames)
            )
            newest = [await _units(session, user, len(users)) for user in material.users]
            strangers = await _strangers(session, material, newest)
        card = await asyncio.to_thread(measure, material, newest, strangers)
        card = msgspec.structs.replace(
            card, left_out=len(users) - len(material.users), tweets=key.tweets
        )
        async with self._db.write() as session:
            found = await contenders_by_key(session, {user.username_key for user in material.users})
            after = {(user.id, user.deletion_count) for user in found.values()}
            # The card must not count a post that has been deleted meanwhile.
            if all((user.id, user.deletion_count) in after for user in material.users):
                ids = [user.id for user in material.users]
                await store_card(session, key, ids, msgspec.json.encode(card))
        return [card]


async def card_key(session: AsyncSession, usernames: Sequence[str]) -> CardKey:
    """Return the key of the card of the authors named, or of all, as they are now.

    All authors keep one card, whoever joins them. Raises NotFoundError and InvalidInputError.
    """
    if not usernames:
        state = await state_of_all(session)
        return CardKey(digest([FORMAT, MODEL_NAME, RECIPE, "all"]), digest(state), state[1])
    users = await compared_users(session, usernames)
    states = sorted((user.id, user.tweet_count, user.deletion_count) for user in users)
    return CardKey(
        digest([FORMAT, MODEL_NAME, RECIPE, [user_id for user_id, _, _ in states]]),
        digest(states),
        sum(tweets for _, tweets, _ in states),
    )


FORMAT: Final = digest(msgspec.json.schema(Card))
"""Of stored cards; one of another format is made again."""


def largest(users: Sequence[Contender]) -> list[Contender]:
    """Return the authors who are measured, in the order given."""
    order = sorted(range(len(users)), key=lambda i: (-users[i].tweet_count, i))
    return [users[i] for i in sorted(order[:MOST_AUTHORS])]


async def _units(session: AsyncSession, user: Contender, authors: int) -> list[list[str]]:
    """Return the newest posts of an author to hold out, in units that are asked about as one."""
    each = max(4, min(MOST_HELD_OUT, MOST_ASKED // min(authors, MOST_AUTHORS)))
    newest = await newest_own(session, user.id, min(each, user.tweet_count // 4))
    units = await in_units(session, user.id, newest)
    return [[post.text for post in unit] for unit in units]


async def _strangers(
    session: AsyncSession, material: Material, newest: Sequence[Sequence[Sequence[str]]]
) -> list[StrangerPosts]:
    """Return posts of that language by others, and where there are few, by those compared."""
    texts = [text for own in newest for unit in own for text in unit]
    is_korean = 2 * sum(guess_language(text) == "ko" for text in texts) > len(texts)
    compared = [user.id for user in material.users]
    members = [member for member, _, _ in material.snapshot.fitted.population.members]
    here = await session.scalars(select(User.id).where(User.id.in_(members)))
    outside = sorted(set(here) - set(compared)) if material.is_named else []
    found: list[StrangerPosts] = []
    for user_id in [*outside, *(compared if len(compared) > 2 else [])]:
        own = await newest_own(session, user_id, STRANGER_POSTS)
        some = [post.text for post in own if (guess_language(post.text) == "ko") == is_korean]
        if some:
            found.append(StrangerPosts(user_id, some))
        if len(found) == MOST_STRANGERS:
            break
    return found
