"""The sample authors, of invented places: posts to try the program with, and texts to ask about."""

from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.memo import EVERYTHING, depends_on
from app.models import Tweet, User

SAMPLE_FILES: Final = sorted((Path(__file__).parents[2] / "sample").glob("*.jsonl"))
"""A file of each author."""
_FIRST_POSTS: Final = [
    msgspec.json.decode(path.read_bytes().splitlines()[0]) for path in SAMPLE_FILES
]
_KEYS: Final = [username_key(post["username"]) for post in _FIRST_POSTS]
_IDS: Final = [post["source_id"] for post in _FIRST_POSTS]
"""What tells each author from somebody else of that name."""

IS_SAMPLE: Final = and_(
    User.username_key.in_(_KEYS),
    User.deleted_at.is_(None),
    exists().where(Tweet.user_id == User.id, Tweet.source_id.in_(_IDS)),
)
"""Condition on an author."""


async def list_samples(session: AsyncSession) -> list[str]:
    """Return the names of the sample authors that are stored."""
    depends_on(EVERYTHING)
    names = select(User.username).where(IS_SAMPLE).order_by(User.username_key)
    return list(await session.scalars(names))


async def sample_ids(session: AsyncSession) -> list[int]:
    """Return the ids of the sample authors that are stored, rising."""
    return list(await session.scalars(select(User.id).where(IS_SAMPLE).order_by(User.id)))
