"""The rows of model cards: each goes as soon as something of its authors is deleted."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import ModelCard


async def find_card(
    session: AsyncSession, *, authors: str, posts: str, after: datetime
) -> bytes | None:
    """Return the card of these authors, JSON, if it is of just these posts or made after a time."""
    return await session.scalar(select(ModelCard.card).where(*_holds(authors, posts, after)))


async def find_card_and_answers(
    session: AsyncSession, *, authors: str, posts: str, after: datetime
) -> tuple[bytes, bytes] | None:
    """Return the card with the answers that it sums up, both JSON."""
    query = select(ModelCard.card, ModelCard.answers).where(*_holds(authors, posts, after))
    row = (await session.execute(query)).first()
    return None if row is None or row.card is None else (row.card, row.answers)


def _holds(authors: str, posts: str, after: datetime) -> tuple[ColumnElement[bool], ...]:
    is_recent = (ModelCard.posts == posts) | (ModelCard.asked_at > after)
    return ModelCard.authors == authors, is_recent


async def forget_cards(session: AsyncSession, user_id: int) -> None:
    """Remove the cards that hold words of an author of whom something is being deleted."""
    await session.execute(delete(ModelCard).where(ModelCard.user_ids.contains(f",{user_id},")))
