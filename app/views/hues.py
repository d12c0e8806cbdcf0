"""The colours of authors: each author keeps one for good, on every page and in every figure."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.services.posts.users import ids_by_key

HUES: Final = 24
"""As many as style.css declares; ids that follow each other have the most different ones."""


def hue_of(user_id: int) -> str:
    """Return the class of an author's colour."""
    return f"author-{(user_id - 1) % HUES + 1}"


async def hues_of(session: AsyncSession, usernames: Iterable[str]) -> dict[str, str]:
    """Return the classes of these authors' colours, by name."""
    keys = {name: username_key(name) for name in usernames}
    ids = await ids_by_key(session, set(keys.values()))
    return {name: hue_of(ids[key]) for name, key in keys.items() if key in ids}
