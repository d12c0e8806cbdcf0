"""The sample posts: invented accounts of places and things, to have something to look at."""

from pathlib import Path
from typing import Final

from app.db.engine import Database
from app.formats import open_archive
from app.formats.source.file import Source
from app.services.compare.background import renew_background
from app.services.imports.bulk import BulkReport
from app.services.imports.imports import import_archive
from app.services.search.vocabulary import renew_vocabulary

FOLDER: Final = Path(__file__).parents[2] / "sample"


async def load_samples(db: Database) -> BulkReport:
    """Store the sample posts; those that are there already stay as they are."""
    total = BulkReport()
    for path in sorted(FOLDER.glob("*.jsonl")):
        with Source(path) as source:
            report = await import_archive(
                db, open_archive(source, format="jsonl"), username=None, renew=False
            )
        total.accepted += report.stored.accepted
        total.duplicates += report.stored.duplicates
    if total.accepted:
        await renew_background(db)
        await renew_vocabulary(db)
    return total
