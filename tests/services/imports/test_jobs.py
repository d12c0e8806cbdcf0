"""The queue of imports: how often one is tried whose process ends without a word."""

from pathlib import Path

import pytest

from app.db.engine import Database
from app.services.imports.jobs import MOST_ATTEMPTS, change_running, claim_job, counted, get_job
from app.services.imports.report import ImportReport
from tests.uploading import queued


@pytest.mark.parametrize("gets_on", [True, False], ids=["gets on", "stays where it is"])
async def test_an_import_is_given_up_only_if_it_stores_nothing_more(
    db: Database, gets_on: bool, tmp_path: Path
) -> None:
    job = await queued(db, tmp_path, b"")
    for _ in range(MOST_ATTEMPTS + 2):
        async with db.write() as session:
            if (claimed := await claim_job(session, job.id)) is not None:
                report = ImportReport(accepted=int(gets_on))
                assert await change_running(session, job.id, counted(claimed, report))
    async with db.read() as session:
        assert (await get_job(session, job.id)).state == ("running" if gets_on else "failed")
