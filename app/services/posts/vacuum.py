"""Remove all traces of deleted posts and authors."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.db.engine import Database
from app.db.lease import Lease
from app.models import BackgroundSnapshot, IdempotencyRecord, ImportJob
from app.services.imports.jobs import ENDED
from app.services.imports.uploads import remove_upload
from app.services.maintenance import jobs
from app.services.posts.media_uses import remove_every_unneeded

NOTHING: Final = b"[]"


async def vacuum(db: Database, config: Config) -> None:
    """Remove deleted rows, and everything that was counted or reported from them.

    Ended imports keep their counts, but lose file names, author names and errors, which quote
    the records: whose they were is no longer known.
    """
    await _run(db, "deletion")
    async with db.write() as session:
        # The index keeps entries of deleted words until its segments are merged.
        await db.backend.words.rebuild(session)
        spools = await _anonymise_imports(session)
        await _remove_errors(session)
    for spool in spools:
        remove_upload(config.uploads_dir, spool)
    await remove_every_unneeded(db, config.media_dir)
    await _run(db, "words")
    await _run(db, "background")
    async with db.write() as session:
        newest = select(func.max(BackgroundSnapshot.version)).scalar_subquery()
        older = BackgroundSnapshot.version < newest
        await session.execute(delete(BackgroundSnapshot).where(older))
    await asyncio.to_thread(db.backend.remove_vector_files)


async def _run(db: Database, name: str) -> None:
    """Run a maintenance job, after another process that may be running it."""
    (work,) = (job.do for job in jobs() if job.name == name)
    async with Lease(db, name).waited_for() as grant:
        await work(grant)


async def _anonymise_imports(session: AsyncSession) -> Sequence[str]:
    """Remove all names from ended imports; return uploads that a dead process left behind."""
    changed = (
        update(ImportJob)
        .where(ImportJob.state.in_(ENDED))
        .values(file_name="", username=None, errors=NOTHING, stored=None, detail=None)
    )
    return (await session.scalars(changed.returning(ImportJob.spool))).all()


async def _remove_errors(session: AsyncSession) -> None:
    """Remove errors, which may quote names, from stored answers to bulk requests."""
    query = select(IdempotencyRecord.id, IdempotencyRecord.report)
    rows = await session.execute(query.where(IdempotencyRecord.report.is_not(None)))
    for record_id, report in rows.all():
        facts = msgspec.json.decode(report or b"{}")
        if facts.get("errors"):
            without = msgspec.json.encode(facts | {"errors": []})
            changed = update(IdempotencyRecord).where(IdempotencyRecord.id == record_id)
            await session.execute(changed.values(report=without))
