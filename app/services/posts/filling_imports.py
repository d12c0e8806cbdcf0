"""Imports that fill a chat, for those who delete it."""

from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import ImportJob
from app.runtime.clock import now

WAITING: Final = ("running", "interrupted")


class FilledRooms(msgspec.Struct):
    rooms: set[int] = set()


async def filling_jobs(session: AsyncSession, room_id: int) -> list[ImportJob]:
    """Return unended imports with stored messages of a chat."""
    jobs = await session.scalars(select(ImportJob).where(ImportJob.state.in_(WAITING)))
    return [
        job
        for job in jobs
        if job.stored and room_id in msgspec.json.decode(job.stored, type=FilledRooms).rooms
    ]


def mark_cancelled(job: ImportJob) -> None:
    """Let the import's process end it with what it stored."""
    job.state, job.finished_at = "cancelled", now()
