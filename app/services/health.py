"""Whether this process can answer, and how far derived data is behind the posts."""

import asyncio
from collections.abc import Iterable
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.feed import Feed
from app.db.migrate import is_compatible
from app.errors import AppError, UnavailableError
from app.models import BackgroundSnapshot, Profile, User

ANSWER_S: Final = 3.0
"""A database that needs longer for one row is not ready."""
LATER: Final = {"Retry-After": "30"}
_FOUND: Final = text("SELECT version_num FROM alembic_version")


async def check_ready(
    db: Database, feed: Feed, tasks: Iterable["asyncio.Task[None]"], *, revision: str
) -> None:
    """Check that all is well. Raises UnavailableError with the reason."""
    for task in tasks:
        if task.done():
            name = task.get_name()
            raise UnavailableError(
                "A background task has stopped: {name}", headers=LATER, name=name
            )
    if not feed.is_followed:
        raise UnavailableError("The log of changes cannot be followed at the moment")
    found = await _revision(db)
    if found != revision and not (found and is_compatible(found)):
        raise UnavailableError(
            "The database is at revision {found}, and this program is made for {revision}",
            headers=LATER,
            found=found,
            revision=revision,
        )


async def _revision(db: Database) -> str | None:
    try:
        async with asyncio.timeout(ANSWER_S), db.read() as session:
            found: str | None = await session.scalar(_FOUND)
            return found
    except AppError as error:
        raise UnavailableError(error.detail) from error
    except TimeoutError as error:
        raise UnavailableError("The database does not answer in time") from error
    except SQLAlchemyError as error:
        raise UnavailableError(
            "The database does not hold this program's tables", headers=LATER
        ) from error


async def measure_lag(session: AsyncSession) -> dict[str, int]:
    """Return how many posts each kind of derived data lacks; readers of profiles add these."""
    stored = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    posts = await session.scalar(stored) or 0
    folded = await session.scalar(select(func.sum(Profile.posts))) or 0
    newest = select(BackgroundSnapshot.posts).order_by(BackgroundSnapshot.version.desc()).limit(1)
    background = await session.scalar(newest) or 0
    return {"profiles": max(0, posts - folded), "background": max(0, posts - background)}
