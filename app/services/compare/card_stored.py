"""The rows of model cards: each goes as soon as something of its authors is deleted."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, delete, select
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


async def find_card(session: AsyncSession, key: CardKey, *, rest: timedelta) -> bytes | None:
    """Return the card, JSON, if it is of just these posts or was made within `rest`."""
    return await session.scalar(select(ModelCard.card).where(*_is_valid(session, key, rest)))


async def find_card_and_answers(
    session: AsyncSession, key: CardKey, *, rest: timedelta
) -> tuple[bytes, bytes] | None:
    """Return the card with the answers that it sums up, both JSON."""
    query = select(ModelCard.card, ModelCard.answers).where(*_is_valid(session, key, rest))
    row = (await session.execute(query)).first()
    return None if row is None else (row.card, row.answers)


def _is_valid(
    session: AsyncSession, key: CardKey, rest: timedelta
) -> tuple[ColumnElement[bool], ...]:
    is_recent = ModelCard.made_at > backend_of(session).shared_time(rest)
    is_current = (ModelCard.posts == key.posts) | is_recent
    return ModelCard.authors == key.authors, ModelCard.card.is_not(None), is_current


async def store_card(
    session: AsyncSession, key: CardKey, user_ids: Sequence[int], card: bytes, answers: bytes
) -> None:
    """Store a card in place of an earlier one, and keep the newest cards of all."""
    values = {
        "posts": key.posts,
        "user_ids": f",{','.join(map(str, user_ids))},",
        "made_at": backend_of(session).shared_time(),
        "card": card,
        "answers": answers,
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
