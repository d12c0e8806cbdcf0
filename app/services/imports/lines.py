"""Storing posts that are sent as JSON lines."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count as numbered
from itertools import islice
from typing import IO, Final

import msgspec

from app.compute.text import clean_username
from app.db.engine import Database
from app.errors import AppError
from app.formats.post import Platform
from app.runtime.clock import now
from app.runtime.work_pool import Runner
from app.services.event_log import newest_event
from app.services.imports.bulk import BATCH, BulkPost, count
from app.services.imports.report import ImportReport
from app.services.imports.storing import Storing, import_posts
from app.services.posts.new_tweet import NewTweetForm, checked

MAX_LINE_BYTES: Final = 2**20


class TweetLine(NewTweetForm, frozen=True, kw_only=True):
    """A post and its author."""

    username: str
    platform: Platform | None = None


class LineFault(msgspec.Struct, frozen=True):
    """Why a line was not stored."""

    line: int
    detail: str


class LinesReport(msgspec.Struct, frozen=True):
    """Counts of the lines, and the first hundred errors."""

    accepted: int
    duplicates: int
    rejected: int
    errors: list[LineFault]


async def store_lines(
    db: Database, file: IO[bytes], report: ImportReport, run: Runner
) -> tuple[LinesReport, int]:
    """Store batches of lines in threads by `run`; return outcome and newest event.

    Committed and counted batches stay if a later one fails.
    """
    read = partial(_read_lines, _raw_lines(file))
    await import_posts(db, read, report, Storing(default_time=now(), trusts_ids=True), run)
    errors = [LineFault(fault.record or 0, fault.detail) for fault in report.in_order()]
    counts = LinesReport(report.accepted, report.duplicates, report.rejected, errors)
    async with db.read() as session:
        return counts, await newest_event(session)


def _read_lines(
    lines: Iterator[tuple[int, bytes | None]], report: ImportReport, is_stopped: Callable[[], bool]
) -> list[BulkPost] | None:
    portion = list(islice(lines, BATCH))
    if not portion or is_stopped():
        return None
    batch: list[BulkPost] = []
    for number, raw in portion:
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
        post=checked(sent, arrived_at=now()),
    )


def _raw_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    for number in numbered(1):
        raw = stream.readline(MAX_LINE_BYTES + 2)
        if not raw:
            return
        is_too_long = len(raw.rstrip(b"\r\n")) > MAX_LINE_BYTES
        while is_too_long and raw and not raw.endswith(b"\n"):
            raw = stream.readline(64 * 1024)
        yield number, None if is_too_long else raw
