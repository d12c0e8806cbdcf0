"""JSON lines of a request, a post each: reading, checking and storing them."""

import codecs
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count as numbered, islice
from typing import IO, Final

import msgspec

from app.db.engine import Database
from app.errors import AppError, InvalidInputError, Message, fault_of
from app.runtime.work_pool import Runner
from app.services.access.rights import Scope
from app.services.event_log import newest_event
from app.services.imports.job_report import ImportReport
from app.services.imports.storing import StoreOptions, import_posts
from app.services.imports.storing_batch import BATCH, BulkPost
from app.services.posts.post_content import NewTweet, NewTweetForm, checked
from saywho.clock import now
from saywho.formats.post import Platform
from saywho.text import clean_username

MAX_LINE_BYTES: Final = 2**20
NO_CONSENT_OF_REQUEST: Final = Message(
    "this is a message of a chat, and anyone can read this site: make the site private, or send"
    " `publish=1` if everyone in the chat agrees"
)


class TweetLine(NewTweetForm, frozen=True, kw_only=True):
    """A post and its author."""

    username: str
    platform: Platform | None = None


def check_room(post: NewTweet, *, may_have_rooms: bool) -> None:
    """Raise InvalidInputError for a message of a chat that everyone could read without consent."""
    if post.room is not None and not may_have_rooms:
        raise InvalidInputError(NO_CONSENT_OF_REQUEST.template, loc="publish")


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
    db: Database,
    file: IO[bytes],
    report: ImportReport,
    run: Runner,
    *,
    may_have_rooms: bool = True,
    scope: Scope = "write",
) -> tuple[LinesReport, int]:
    """Store batches of lines in threads by `run`; return outcome and newest event.

    Committed and counted batches stay if a later one fails.
    """
    read = partial(_read_lines, _raw_lines(file), may_have_rooms)
    storing = StoreOptions(default_time=now(), trusts_ids=True, scope=scope)
    await import_posts(db, read, report, storing, run)
    errors = [LineFault(fault.record or 0, fault.detail) for fault in report.in_order()]
    counts = LinesReport(report.accepted, report.duplicates, report.rejected, errors)
    async with db.read() as session:
        return counts, await newest_event(session)


def _read_lines(
    lines: Iterator[tuple[int, bytes | None]],
    may_have_rooms: bool,
    report: ImportReport,
    is_stopped: Callable[[], bool],
) -> list[BulkPost] | None:
    portion = list(islice(lines, BATCH))
    if not portion or is_stopped():
        return None
    batch: list[BulkPost] = []
    for number, raw in portion:
        if raw is not None and not raw.strip():
            continue
        try:
            post = _bulk_post(number, raw)
            check_room(post.post, may_have_rooms=may_have_rooms)
            batch.append(post)
        except UnicodeDecodeError:
            report.reject(number, "the line is not UTF-8")
        except msgspec.ValidationError as error:
            report.reject(number, "{}: {}".format(*fault_of(error, TweetLine)))
        except (ValueError, AppError) as error:
            report.reject(number, str(error))
        except RecursionError:
            report.reject(number, "the JSON is nested too deep")
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
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        is_too_long = len(raw.rstrip(b"\r\n")) > MAX_LINE_BYTES
        while is_too_long and raw and not raw.endswith(b"\n"):
            raw = stream.readline(64 * 1024)
        yield number, None if is_too_long else raw
