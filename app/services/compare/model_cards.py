"""Making model cards when they are asked for; the newest of each set of authors is kept."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.features import RECIPE
from app.compute.text import guess_language
from app.db.backend import backend_of
from app.db.batch import Batch
from app.db.engine import Database
from app.models import ModelCard, User
from app.services.compare.answering import MODEL_NAME
from app.services.compare.contenders import compared_users, contenders_by_key, state_of_all
from app.services.compare.habits import newest_own, newest_units
from app.services.compare.material import Material, Models, check_words, load_authors, with_habits
from app.services.compare.model_card import Card, StrangerPosts, measure

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
MOST_KEPT: Final = 200
"""Stored cards."""
MOST_WAITING: Final = 16
TIMEOUT_S: Final = 25


def _digest(value: object) -> str:
    """Return the SHA-256 of a value's JSON."""
    return sha256(msgspec.json.encode(value)).hexdigest()


FORMAT: Final = _digest(msgspec.json.schema(Card))
"""Of stored cards; one of another format is made again."""


class CardKey(msgspec.Struct, frozen=True):
    """The authors of a card, and the state of their posts."""

    authors: str
    """Digest of their ids and of how cards are made."""
    posts: str
    """Digest of the state of their posts."""
    tweets: int
    """How many posts they have."""


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
        query = select(ModelCard.card, ModelCard.posts).where(ModelCard.authors == key.authors)
        row = (await session.execute(query)).first()
        if row is None:
            return key, None, True
        card = msgspec.json.decode(row.card, type=Card)
        is_due = row.posts != key.posts and now() - card.made_at >= self._rest
        since = max(0, key.tweets - card.tweets)
        return key, msgspec.structs.replace(card, tweets_since=since), is_due

    async def _make(self, requested: Sequence[tuple[str, ...]]) -> list[Card]:
        (usernames,) = requested
        async with self._db.read() as session:
            key, stored, is_due = await self._find(session, usernames)
            if stored is not None and not is_due:  # Made while this one waited.
                return [stored]
            users = await compared_users(session, usernames)
            largest = sorted(users, key=lambda user: -user.tweet_count)[:MOST_AUTHORS]
            measured = [user for user in users if user in largest]
            is_named = bool(usernames)
            material = await load_authors(session, self._models, measured, is_named=is_named)
            check_words(material.profiles)
            material = await with_habits(session, self._models, material)
            each = max(4, min(MOST_HELD_OUT, MOST_ASKED // min(len(users), MOST_AUTHORS)))
            newest = [
                await newest_units(session, user.id, min(each, user.tweet_count // 4))
                for user in material.users
            ]
            strangers = await _strangers(session, material, newest)
        card = await asyncio.to_thread(measure, material, newest, strangers)
        left_out = len(users) - len(measured)
        card = msgspec.structs.replace(card, left_out=left_out, tweets=key.tweets)
        async with self._db.write() as session:
            found = await contenders_by_key(session, {user.username_key for user in measured})
            after = {(user.id, user.deletion_count) for user in found.values()}
            # The card must not count a post that has been deleted meanwhile.
            if after.issuperset((user.id, user.deletion_count) for user in measured):
                await _store(session, key, [user.id for user in measured], card)
        return [card]


async def card_key(session: AsyncSession, usernames: Sequence[str]) -> CardKey:
    """Return the key of the card of the authors named, or of all, as they are now.

    All authors keep one card, whoever joins them. Raises NotFoundError and InvalidInputError.
    """
    if not usernames:
        state = await state_of_all(session)
        return CardKey(_digest([FORMAT, MODEL_NAME, RECIPE, "all"]), _digest(state), state[1])
    users = await compared_users(session, usernames)
    states = sorted((user.id, user.tweet_count, user.deletion_count) for user in users)
    return CardKey(
        _digest([FORMAT, MODEL_NAME, RECIPE, [user_id for user_id, _, _ in states]]),
        _digest(states),
        sum(tweets for _, tweets, _ in states),
    )


async def _strangers(
    session: AsyncSession, material: Material, newest: Sequence[Sequence[Sequence[str]]]
) -> list[StrangerPosts]:
    """Return posts of that language by others, and where there are few, by those compared."""
    texts = [text for own in newest for unit in own for text in unit]
    is_korean = 2 * sum(guess_language(text) == "ko" for text in texts) > len(texts)
    compared = [user.id for user in material.users]
    members = [member for member, _, _ in material.fitted.population.members]
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


async def _store(session: AsyncSession, key: CardKey, user_ids: Sequence[int], card: Card) -> None:
    """Store a card in place of an earlier one, and keep the newest cards of all."""
    values = {
        "posts": key.posts,
        "user_ids": f",{','.join(map(str, user_ids))},",
        "made_at": now(),
        "card": msgspec.json.encode(card),
    }
    await session.execute(
        backend_of(session)
        .insert(ModelCard)
        .values(authors=key.authors, **values)
        .on_conflict_do_update(
            index_elements=[ModelCard.authors],
            set_={getattr(ModelCard, name): value for name, value in values.items()},
        )
    )
    newest = select(ModelCard.authors).order_by(ModelCard.made_at.desc(), ModelCard.authors)
    kept = set(await session.scalars(newest.limit(MOST_KEPT)))
    await session.execute(delete(ModelCard).where(ModelCard.authors.not_in(kept)))


async def forget_cards(session: AsyncSession, user_id: int) -> None:
    """Remove the cards that an author is in, since something of theirs is deleted."""
    await session.execute(delete(ModelCard).where(ModelCard.user_ids.contains(f",{user_id},")))
