"""The sample authors, of invented places: posts to try the program with, and texts to ask about."""

from pathlib import Path
from typing import Final

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

SAMPLES_FOLDER: Final = Path(__file__).parents[2] / "sample"
FIRST_POSTS: Final = {
    "12번버스": "bus12-001",
    "no9_kettle_cafe": "kettle-001",
    "pier_street_museum": "museum-001",
    "saltmarsh_light": "light-001",
    "the_night_ferry": "ferry-001",
    "골목빵집": "bakery-001",
    "느티나무도서관": "library-001",
    "언덕천문대": "observatory-001",
}
"""The `source_id` that tells a sample author from somebody else of that name."""


async def load_samples(db: Sessions) -> ImportReport:
    """Store the sample posts; stored ones stay as they are."""
    total = ImportReport()
    for path in sorted(SAMPLES_FOLDER.glob("*.jsonl")):
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
        .where(
            User.username_key.in_([username_key(name) for name in FIRST_POSTS]),
            User.deleted_at.is_(None),
            Tweet.source_id.in_(FIRST_POSTS.values()),
        )
    )
    return list(await session.scalars(stored.order_by(User.username_key)))


async def delete_samples(session: AsyncSession) -> None:
    """Delete the sample authors with all their posts."""
    for name in await list_samples(session):
        await delete_user(session, name)
