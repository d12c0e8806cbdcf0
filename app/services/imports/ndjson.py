"""Posts sent as JSON lines: good lines are stored, bad ones reported."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import IO, Final

import msgspec

from app.clock import now
from app.compute.text import clean_username
from app.db.engine import Database
from app.errors import AppError
from app.formats.source.reading import raw_lines
from app.services.access.rights import Right, check_right
from app.services.events import newest_event
from app.services.imports.bulk import (
    MAX_ERRORS,
    BulkError,
    BulkPost,
    ImportReport,
    count,
    store_batch,
)
from app.services.posts.new_tweet import PostFields
from app.services.posts.users import Platform

BATCH: Final = 1_000
"""Lines in one transaction: fewer than of an import, since a worker's event loop stores them."""


class TweetLine(PostFields, forbid_unknown_fields=True):
    """A post and its author."""

    username: str
    platform: Platform | None = None


class LinesReport(msgspec.Struct, frozen=True):
    """Counts of the lines, and the first hundred errors."""

    accepted: int
    duplicates: int
    rejected: int
    errors: list[BulkError]


async def store_lines(
    db: Database, file: IO[bytes], *, right: Right | None = None
) -> tuple[bytes, int]:
    """Store the lines of a file, a transaction a batch.

    Return a LinesReport, JSON, and the newest event. Committed batches stay if a later one
    fails. Raises UnauthorizedError once the right has ended: each batch checks it.
    """
    read, stored = ImportReport(), ImportReport()
    lines = raw_lines(file)
    while batch := await asyncio.to_thread(_read_batch, lines, read):
        async with db.write() as session:
            await check_right(session, right)
            await store_batch(session, batch, stored, default_time=now())
    errors = sorted(read.errors + stored.errors, key=lambda error: error.line)[:MAX_ERRORS]
    rejected = read.rejected + stored.rejected
    counts = LinesReport(stored.accepted, stored.duplicates, rejected, errors)
    report = msgspec.json.encode(counts, enc_hook=str)
    if stored.event_id is not None:
        return report, stored.event_id
    async with db.write() as session:
        await check_right(session, right)
        return report, await newest_event(session)


def _read_batch(lines: Iterator[tuple[int, bytes | None]], report: ImportReport) -> list[BulkPost]:
    """Return the posts of the next lines, rejecting bad ones; none once the lines have ended."""
    batch: list[BulkPost] = []
    while not batch and (some := list(islice(lines, BATCH))):
        for number, raw in some:
            if raw is not None and raw.isspace():
                continue
            try:
                batch.append(_bulk_post(number, raw))
            except UnicodeDecodeError:
                report.reject(number, "the line is not UTF-8")
            except (ValueError, AppError) as error:
                report.reject(number, str(error))
            except RecursionError:
                report.reject(number, "the JSON is nested too deep")
    count(batch)
    return batch


def _bulk_post(number: int, raw: bytes | None) -> BulkPost:
    if raw is None:
        raise ValueError("the line is longer than 1 MB")
    sent = msgspec.json.decode(raw, type=TweetLine)
    return BulkPost(
        place=number,
        username=clean_username(sent.username),
        platform=sent.platform,
        post=sent.to_tweet(),
    )
