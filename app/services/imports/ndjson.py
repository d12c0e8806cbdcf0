"""Posts sent as JSON lines: good lines are stored, bad ones reported."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any, Final

import msgspec

from app.clock import now
from app.compute.text import clean_username
from app.db.engine import Database
from app.errors import AppError
from app.formats.source.lines import RawLine, raw_lines
from app.services import idempotency
from app.services.access.rights import Right, check_right
from app.services.compare.folding import FOLD_FROM, CountedTails
from app.services.events import newest_event
from app.services.idempotency import Replay, RequestKey
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


class _Progress(msgspec.Struct, frozen=True):
    """Progress of a request with a key: the last line stored, and the counts so far."""

    line: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    errors: list[BulkError] = []
    event_id: int | None = None


async def store_lines(
    db: Database, file: IO[bytes], *, key: RequestKey | None, right: Right | None = None
) -> tuple[bytes, int | None]:
    """Store the lines of a file, a transaction a batch; return a LinesReport, JSON, and the event.

    Committed batches stay if a later one fails; sent again with the same key, the request resumes
    after them. Raises InvalidInputError and ConflictError for a key that cannot be used, and
    UnauthorizedError once the right has ended: each batch checks it.
    """
    if key is None:
        return await _store(db, file, None, right, _Progress())
    async with db.write() as session:
        await check_right(session, right)
        replay = await idempotency.claim(session, key)
        earlier = await idempotency.progress_of(session, key) if replay is None else None
    if replay is not None:
        return replay.report or b"", replay.event_id
    try:
        progress = msgspec.json.decode(earlier, type=_Progress) if earlier else _Progress()
        return await _store(db, file, key, right, progress)
    except BaseException:
        async with db.write() as session:
            await idempotency.release(session, key)
        raise


async def _store(
    db: Database, file: IO[bytes], key: RequestKey | None, right: Right | None, progress: _Progress
) -> tuple[bytes, int | None]:
    read = ImportReport()
    stored = ImportReport(**_counts(progress))
    lines, tails = raw_lines(file), CountedTails()
    while batch := await asyncio.to_thread(_read_batch, lines, read):
        rest = [item for item in batch if item.place > progress.line]
        if not rest:
            continue
        async with db.write() as session:
            await check_right(session, right)
            tails.add(await store_batch(session, rest, stored, default_time=now()))
            if key is not None:
                await idempotency.note_progress(session, key, _encoded(rest[-1].place, stored))
        await tails.fold(db, at_least=FOLD_FROM)
    errors = sorted(read.errors + stored.errors, key=lambda error: error.line)[:MAX_ERRORS]
    rejected = read.rejected + stored.rejected
    facts = LinesReport(stored.accepted, stored.duplicates, rejected, errors)
    answer = msgspec.json.encode(facts, enc_hook=str)
    if key is None and stored.event_id is not None:
        return answer, stored.event_id
    async with db.write() as session:
        await check_right(session, right)
        event_id = stored.event_id or await newest_event(session)
        if key is not None:
            await idempotency.complete(session, key, Replay(200, None, answer, event_id))
        return answer, event_id


def _encoded(line: int, report: ImportReport) -> bytes:
    return msgspec.json.encode(_Progress(line, **_counts(report)), enc_hook=str)


def _counts(counted: "ImportReport | _Progress") -> dict[str, Any]:
    return {name: getattr(counted, name) for name in _Progress.__struct_fields__ if name != "line"}


def _read_batch(lines: Iterator[RawLine], report: ImportReport) -> list[BulkPost]:
    """Return the posts of the next lines, rejecting bad ones; none once the lines have ended."""
    batch: list[BulkPost] = []
    while not batch and (some := list(islice(lines, BATCH))):
        for line in some:
            if line.raw.isspace():
                continue
            try:
                batch.append(_bulk_post(line))
            except UnicodeDecodeError:
                report.reject(line.number, "the line is not UTF-8")
            except (ValueError, AppError) as error:
                report.reject(line.number, str(error))
            except RecursionError:
                report.reject(line.number, "the JSON is nested too deep")
    count(batch)
    return batch


def _bulk_post(line: RawLine) -> BulkPost:
    if line.is_too_long:
        raise ValueError("the line is longer than 1 MB")
    sent = msgspec.json.decode(line.raw, type=TweetLine)
    return BulkPost(
        place=line.number,
        username=clean_username(sent.username),
        platform=sent.platform,
        post=sent.to_tweet(),
    )
