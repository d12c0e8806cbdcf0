"""The authors that a form offers."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from app.services.posts.users import Author, count_users, list_authors

CHOICES = 40
"""Authors offered as boxes to tick; with more of them, names are typed."""
IN_SIGHT = 12
"""Boxes that are seen at once."""


async def offered_authors(
    session: AsyncSession, chosen: Iterable[str] = ()
) -> tuple[list[Author], int]:
    """Return the authors that a form can offer, and how many there are in all.

    Of many, which are not all in sight, those who are chosen come first.
    """
    authors, _ = await list_authors(session, limit=CHOICES)
    if len(authors) > IN_SIGHT:
        names = {name.casefold() for name in chosen}
        authors.sort(key=lambda author: author.username.casefold() not in names)
    return authors, await count_users(session)
