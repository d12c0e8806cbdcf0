"""The rows of model cards: each goes as soon as something of its authors is deleted."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.models import ModelCard

MOST_KEPT: Final = 200


class CardKey(msgspec.Struct, frozen=True):
    """The authors of a card, and the state of their posts."""

    authors: str
    """Digest of their ids and of how cards are made."""
    posts: str
    """Digest of the state of their posts."""
    tweets: int
    """How many posts they have."""


def digest(value: object) -> str:
    """Return the SHA-256 of a value's JSON."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


async def find_card(
    session: AsyncSession, key: CardKey, *, rest: timedelta
) -> tuple[bytes, bool] | None:
    """Return the card of these authors as JSON, of whatever posts of theirs it was made.

    Also whether a new one is due: posts have come, and it is older than its rest.
    """
    is_old = ModelCard.made_at <= backend_of(session).shared_time(rest)
    is_due = ((ModelCard.posts != key.posts) & is_old).label("is_due")
    query = select(ModelCard.card, is_due).where(ModelCard.authors == key.authors)
    row = (await session.execute(query)).first()
    return (row.card, bool(row.is_due)) if row else None


async def store_card(
    session: AsyncSession, key: CardKey, user_ids: Sequence[int], card: bytes
) -> None:
    """Store a card in place of an earlier one, and keep the newest cards of all."""
    values = {
        "posts": key.posts,
        "user_ids": f",{','.join(map(str, user_ids))},",
        "made_at": backend_of(session).shared_time(),
        "card": card,
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
    """Remove the cards that hold words of an author, since something of theirs is deleted."""
    await session.execute(delete(ModelCard).where(ModelCard.user_ids.contains(f",{user_id},")))
