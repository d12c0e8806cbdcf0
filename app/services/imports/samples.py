"""The sample authors, of invented places: posts to try the program with, and texts to ask about."""

from functools import cache
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

SAMPLES_FOLDER: Final = Path(__file__).parents[2] / "sample"


@cache
def _first_posts() -> dict[str, str]:
    """Return the authors, and the `source_id` that tells each from somebody else of that name."""
    lines = (path.read_bytes().partition(b"\n")[0] for path in SAMPLES_FOLDER.glob("*.jsonl"))
    posts = map(msgspec.json.decode, lines)
    return {username_key(post["username"]): post["source_id"] for post in posts}


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
            User.username_key.in_(_first_posts().keys()),
            User.deleted_at.is_(None),
            Tweet.source_id.in_(_first_posts().values()),
        )
    )
    return list(await session.scalars(stored.order_by(User.username_key)))


async def delete_samples(session: AsyncSession) -> None:
    """Delete the sample authors with all their posts."""
    for name in await list_samples(session):
        await delete_user(session, name)
