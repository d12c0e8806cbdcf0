"""Loading and deleting the sample authors."""

import io

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.formats.registry import open_records
from app.formats.source.file import Source
from app.services.deletion.authors import delete_user
from app.services.imports.report import ImportReport
from app.services.imports.storing import import_records, renew_derived
from app.services.posts.samples import list_samples, sample_files


async def load_samples(db: Database) -> ImportReport:
    lines = io.BytesIO(b"".join(path.read_bytes() for path in sample_files()))
    with Source(lines) as source:
        records = open_records(source, format="jsonl")
        report = await import_records(db, records, username=None)
    await renew_derived(db)
    return report


async def delete_samples(session: AsyncSession) -> None:
    for name in await list_samples(session):
        await delete_user(session, name)
