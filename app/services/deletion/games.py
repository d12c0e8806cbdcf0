"""Removal of expired games, even on a site without games."""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.db.result_cache import DERIVED
from app.models import Game, WrongCode
from app.runtime.clock import now
from app.services.event_log import NewEvent, append_events

KEPT_AFTER_END: Final = timedelta(hours=24)
KEPT: Final = timedelta(hours=48)
"""Time after the game was created, even before its end."""
WRONG_CODES_KEPT: Final = timedelta(minutes=10)


async def has_old_games(session: AsyncSession) -> bool:
    old = select(Game.id).where(_is_old()), select(WrongCode.id).where(_is_old_code())
    return any([await session.scalar(query.limit(1)) is not None for query in old])


async def remove_old_games(db: Sessions) -> None:
    async with db.write() as session:
        await session.execute(delete(Game).where(_is_old()))
        await session.execute(delete(WrongCode).where(_is_old_code()))
        await tell_of_change(session)


def _is_old() -> ColumnElement[bool]:
    return or_(Game.ended_at <= now() - KEPT_AFTER_END, Game.created_at <= now() - KEPT)


def _is_old_code() -> ColumnElement[bool]:
    return WrongCode.sent_at <= now() - WRONG_CODES_KEPT


async def tell_of_change(session: AsyncSession) -> None:
    await session.flush()
    await append_events(session, [NewEvent("game.changed", DERIVED, posts=0)])
