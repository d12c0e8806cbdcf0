"""The queue of imports: how often one is tried whose process ends without a word."""

from typing import Any, Final

import pytest

from app.db.engine import Database
from app.services.imports.bulk import ImportReport
from app.services.imports.jobs import MOST_ATTEMPTS, add_job, claim_job, get_job, note_progress

READ: Final[dict[str, Any]] = {"format_name": "jsonl", "bytes_read": 0, "bytes_total": None}


@pytest.mark.parametrize("gets_on", [True, False], ids=["gets on", "stays where it is"])
async def test_an_import_is_given_up_only_if_it_stores_nothing_more(
    db: Database, gets_on: bool
) -> None:
    async with db.write() as session:
        job = await add_job(
            session,
            spool="a",
            file_name="posts.jsonl",
            bytes_total=9,
            format_name="auto",
            username=None,
            is_started=True,
        )
    for run in range(MOST_ATTEMPTS + 2):
        async with db.write() as session:
            if await claim_job(session, {"a"}) is not None:
                report = ImportReport(accepted=int(gets_on))
                assert await note_progress(session, job.id, **READ, stored=report, already=run)
    async with db.read() as session:
        assert (await get_job(session, job.id)).state == ("running" if gets_on else "failed")
