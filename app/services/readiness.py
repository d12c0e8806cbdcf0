"""Whether this process can answer as it should, and why not."""

import asyncio
from collections.abc import Iterable
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db.engine import Database
from app.db.feed import Feed
from app.errors import AppError, UnavailableError

ANSWER_S: Final = 3.0
"""A database that needs longer for one row is not ready."""
SOON: Final = {"Retry-After": "1"}
LATER: Final = {"Retry-After": "30"}
_FOUND: Final = text("SELECT version_num FROM alembic_version")


async def check_ready(
    db: Database, feed: Feed, tasks: Iterable["asyncio.Task[None]"], *, revision: str
) -> None:
    """Return where all is well. Raises UnavailableError with the reason."""
    for task in tasks:
        if task.done():
            name = task.get_name()
            raise UnavailableError(
                "A background task has stopped: {name}", headers=LATER, name=name
            )
    if not feed.is_followed:
        raise UnavailableError("The log of changes cannot be followed at the moment", headers=SOON)
    found = await _revision(db)
    if found != revision:
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
        raise UnavailableError(error.detail, headers=SOON) from error
    except TimeoutError as error:
        raise UnavailableError("The database does not answer in time", headers=SOON) from error
    except SQLAlchemyError as error:
        raise UnavailableError(
            "The database does not hold this program's tables", headers=LATER
        ) from error
