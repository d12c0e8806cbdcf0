"""The rows of model cards: each goes as soon as something of its authors is deleted."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import ModelCard


async def find_card(session: AsyncSession, *, authors: str, posts: str) -> bytes | None:
    """Return the card of these authors, JSON, if it was made of just these posts."""
    query = select(ModelCard.card).where(ModelCard.authors == authors, ModelCard.posts == posts)
    return await session.scalar(query)


async def find_card_and_answers(
    session: AsyncSession, *, authors: str, posts: str
) -> tuple[bytes, bytes] | None:
    """Return the card with the answers that it sums up, both JSON."""
    query = select(ModelCard.card, ModelCard.answers).where(
        ModelCard.authors == authors, ModelCard.posts == posts
    )
    row = (await session.execute(query)).first()
    return None if row is None or row.card is None else (row.card, row.answers)


async def forget_cards(session: AsyncSession, user_id: int) -> None:
    """Remove the cards that hold words of an author of whom something is being deleted."""
    await session.execute(delete(ModelCard).where(ModelCard.user_ids.contains(f",{user_id},")))
