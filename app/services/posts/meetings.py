"""Which imports, sources and requests have sent a post after the import that brought it first."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED, is_among
from app.models import ImportJob, Tweet

_OF_OTHERS: Final = 0
"""Stands for sources and requests, which are never undone."""
_MOST_CHARACTERS: Final = 190


async def note_met(session: AsyncSession, post_ids: Collection[int], import_id: int | None) -> None:
    """Note that something else than the import that brought these posts has sent them, too."""
    if not post_ids:
        return
    is_of_other = Tweet.import_id.is_not(None), Tweet.import_id.is_distinct_from(import_id)
    number = import_id or _OF_OTHERS
    before = func.coalesce(Tweet.met_by, ",")
    # So many imports are not all undone.
    is_full = func.length(before) > _MOST_CHARACTERS
    after = case((is_full, f",{_OF_OTHERS},"), else_=before.concat(f"{number},"))
    is_news = and_(not_(_is_met_by(number)), not_(_is_met_by(_OF_OTHERS)))
    met = update(Tweet).where(
        is_among(session, Tweet.id, post_ids), *is_of_other, or_(Tweet.met_by.is_(None), is_news)
    )
    await session.execute(met.values(met_by=after), execution_options=UNTRACKED)


def is_sent_by(*import_ids: int) -> ColumnElement[bool]:
    """Return the condition on posts that any of these imports brought or met."""
    return or_(Tweet.import_id.in_(import_ids), *map(_is_met_by, sorted(import_ids)))


def _is_met_by(number: int) -> ColumnElement[bool]:
    return Tweet.met_by.contains(f",{number},")


async def is_of_undone(session: AsyncSession, import_ids: Collection[int]) -> ColumnElement[bool]:
    """Return the condition on posts that nothing has sent but these and undone imports, one of
    these among them.
    """
    is_undone = or_(ImportJob.undo.in_(("running", "done")), ImportJob.id.in_(import_ids))
    undone = set(await session.scalars(select(ImportJob.id).where(is_undone)))
    is_brought = Tweet.import_id.in_(undone)
    values = await session.scalars(select(Tweet.met_by).where(is_brought).distinct())
    freed = [value for value in values if value and _numbers(value) <= undone]
    is_free = or_(Tweet.met_by.is_(None), Tweet.met_by.in_(freed))
    return and_(is_brought, is_free, is_sent_by(*import_ids))


def _numbers(met_by: str) -> set[int]:
    return {int(number) for number in met_by.split(",") if number}
