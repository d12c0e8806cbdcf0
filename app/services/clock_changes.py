"""Times ahead count as of now, after the clock was set back.

Otherwise sessions, links, failures, games and visits would last longer by that time.
"""

import logging
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.db.backend import Sessions
from app.models import (
    Game,
    ImportJob,
    Invitation,
    LiveSource,
    LoginFailure,
    LoginSession,
    SetupLink,
    WrongCode,
)
from app.models.work import LONGEST_PAUSE
from app.runtime.clock import now
from app.services.access.operators import LINK_LIFETIME

NOW: Final = timedelta(0)
VISITS: Final = (LiveSource.added_at, LiveSource.visited_at, LiveSource.posts_at)
FURTHEST: Final[tuple[tuple[InstrumentedAttribute[object], timedelta], ...]] = (
    *((column, NOW) for column in VISITS),
    (LiveSource.success_at, NOW),
    (LiveSource.not_before, LONGEST_PAUSE),
    (LoginSession.created_at, NOW),
    (LoginFailure.failed_at, NOW),
    (SetupLink.created_at, NOW),
    (Invitation.created_at, NOW),
    (Invitation.expires_at, LINK_LIFETIME),
    (ImportJob.created_at, NOW),
    (Game.created_at, NOW),
    (Game.ended_at, NOW),
    (WrongCode.sent_at, NOW),
)
"""Limit of each time, from now."""

logger = logging.getLogger(__name__)


def _is_ahead(column: InstrumentedAttribute[object], furthest: timedelta) -> ColumnElement[bool]:
    return column > now() + furthest + timedelta(minutes=1)  # Of clocks of machines.


async def has_times_ahead(session: AsyncSession) -> bool:
    """Return whether a time is ahead of every clock that was never set back."""
    ahead = (exists(select(1).where(_is_ahead(*limit))) for limit in FURTHEST)
    return bool(await session.scalar(select(or_(*ahead))))


async def bring_times_back(db: Sessions) -> None:
    """Set such times to their latest possible value; their sources become due."""
    async with db.write() as session:
        is_due = or_(*(_is_ahead(column, NOW) for column in VISITS))
        await session.execute(update(LiveSource).where(is_due).values(next_visit_at=now()))
        for column, furthest in FURTHEST:
            late = update(column.class_).where(_is_ahead(column, furthest))
            await session.execute(late.values({column.key: now() + furthest}))
    logger.warning("the clock was set back: what it had dated later counts as of now")
