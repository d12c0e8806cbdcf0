"""The authors that a form offers."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.services.users import Author, count_users, list_authors

CHOICES = 40
"""Authors offered as boxes to tick; with more of them, names are typed."""


async def offered_authors(session: AsyncSession) -> tuple[list[Author], int]:
    """Return the authors that a form can offer, and how many there are in all."""
    authors, _ = await list_authors(session, limit=CHOICES)
    return authors, await count_users(session)
