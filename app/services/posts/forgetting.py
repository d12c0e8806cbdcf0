"""Removing what still tells of the deleted when their rows are gone, for a vacuum."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.lease import Lease
from app.db.vector_file import VectorFile
from app.models import BackgroundSnapshot, IdempotencyRecord, ImportJob
from app.services.imports.jobs import ENDED
from app.services.imports.uploads import remove_upload
from app.services.maintenance import jobs

NOTHING: Final = b"[]"


async def forget_deleted(db: Database, data_dir: Path) -> None:
    """Remove the rows of the deleted, and what was counted and reported of their posts.

    Of imports that have ended, the counts stay; names of files and authors go, and the errors,
    which quote what was imported: nobody knows any more whose it was.
    """
    await _do(db, "deletion")
    async with db.write() as session:
        # An index entry of a deleted word stays in the index until its segments are merged.
        await db.backend.words.rebuild(session)
        spools = await _forget_imports(session)
        await _forget_errors(session)
    for spool in spools:
        remove_upload(data_dir, spool)
    await _do(db, "words")
    await _do(db, "background")
    async with db.write() as session:
        newest = select(func.max(BackgroundSnapshot.version)).scalar_subquery()
        older = BackgroundSnapshot.version < newest
        await session.execute(delete(BackgroundSnapshot).where(older))
    # Whatever serves maps the vectors anew, of the posts that are left.
    VectorFile(db.vector_folder).forget()


async def _do(db: Database, name: str) -> None:
    """Do a job of maintenance, after whoever began it when more was there."""
    (work,) = (job.do for job in jobs() if job.name == name)
    async with Lease(db, name).waited_for() as grant:
        await work(grant)


async def _forget_imports(session: AsyncSession) -> Sequence[str]:
    """Let ended imports name nobody; return the uploads that a process that died left of them."""
    changed = (
        update(ImportJob)
        .where(ImportJob.state.in_(ENDED))
        .values(file_name="", username=None, errors=NOTHING, detail=None)
    )
    return (await session.scalars(changed.returning(ImportJob.spool))).all()


async def _forget_errors(session: AsyncSession) -> None:
    """Let the kept answers to bulk requests have no errors, which may quote names."""
    query = select(IdempotencyRecord.id, IdempotencyRecord.report)
    rows = await session.execute(query.where(IdempotencyRecord.report.is_not(None)))
    for record_id, report in rows.all():
        facts = msgspec.json.decode(report or b"{}")
        if facts.get("errors"):
            without = msgspec.json.encode(facts | {"errors": []})
            changed = update(IdempotencyRecord).where(IdempotencyRecord.id == record_id)
            await session.execute(changed.values(report=without))
