"""The sample authors, of invented places: posts to try the program with, and texts to ask about."""

from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import Sessions
from app.formats.registry import open_archive
from app.formats.source.file import Source
from app.memo import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.imports.report import ImportReport
from app.services.imports.storing import import_archive, renew_derived
from app.services.posts.deletion import delete_user

SAMPLE_FILES: Final = sorted((Path(__file__).parents[2] / "sample").glob("*.jsonl"))
"""A file of each author."""
_FIRST_POSTS: Final = [
    msgspec.json.decode(path.read_bytes().splitlines()[0]) for path in SAMPLE_FILES
]
_KEYS: Final = [username_key(post["username"]) for post in _FIRST_POSTS]
_IDS: Final = [post["source_id"] for post in _FIRST_POSTS]
"""What tells each author from somebody else of that name."""


async def load_samples(db: Sessions) -> ImportReport:
    """Store the sample posts; stored ones stay as they are."""
    total = ImportReport()
    for path in SAMPLE_FILES:
        with Source(path) as source:
            archive = open_archive(source, format="jsonl")
            await import_archive(db, archive, username=None, report=total)
    await renew_derived(db)
    return total


async def list_samples(session: AsyncSession) -> list[str]:
    """Return the names of the sample authors that are stored."""
    depends_on(EVERYTHING)
    stored = (
        select(User.username)
        .join(Tweet, Tweet.user_id == User.id)
        .where(User.username_key.in_(_KEYS), User.deleted_at.is_(None), Tweet.source_id.in_(_IDS))
    )
    return list(await session.scalars(stored.order_by(User.username_key)))


async def delete_samples(session: AsyncSession) -> None:
    """Delete the sample authors with all their posts."""
    for name in await list_samples(session):
        await delete_user(session, name)
