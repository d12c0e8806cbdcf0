"""Reading batches of posts from files: checked, numbered among equal ones, and counted."""

import asyncio
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import islice

from app.clock import now
from app.compute.text import username_key
from app.errors import AppError, message_of
from app.formats.records import Account, Archive, BadRecord, ImportFileError, Item, Record, Skipped
from app.services.imports.bulk import BATCH, BulkPost, ImportReport, count
from app.services.imports.checking import checked_post
from app.services.imports.media import ArchiveMedia


@dataclass(slots=True)
class Reader:
    """Reads batches of valid posts from an archive."""

    archive: Archive
    owner: Account | None
    username: str | None
    repeats: "RepeatCounter"
    media: ArchiveMedia
    is_stopped: bool = False
    """Set when the import was cancelled, so the batch is not needed."""

    async def next(self, report: ImportReport) -> list[BulkPost]:
        """Return what `read` does, in a thread."""
        reading = asyncio.ensure_future(asyncio.to_thread(self.read, report))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            # The source must not be closed before the thread that reads it ends.
            self.is_stopped = True
            await asyncio.wait({reading})
            raise

    def read(self, report: ImportReport) -> list[BulkPost]:
        """Return the next posts, none at the end of the file; report the records left out."""
        batch: list[BulkPost] = []
        while not batch and report.broken is None and (items := self._take(report)):
            self.media.keep(items, report, is_stopped=lambda: self.is_stopped)
            for item in items:
                if self.is_stopped:
                    return []
                self._sort(item, batch, report)
        count(batch)
        return batch

    def _take(self, report: ImportReport) -> list[Item]:
        items: list[Item] = []
        try:
            items.extend(islice(self.archive.items, BATCH))
        except ImportFileError as error:
            report.broken = message_of(error)
        return items

    def _sort(self, item: Item, batch: list[BulkPost], report: ImportReport) -> None:
        if isinstance(item, BadRecord):
            report.reject(item.place, item.detail)
        elif isinstance(item, Skipped):
            report.reposts += item.reason == "repost"
            report.restricted += item.reason == "restricted"
            report.skipped += item.reason not in {"repost", "restricted"}
        else:
            try:
                batch.append(self._bulk_post(item))
            except (ValueError, AppError) as error:
                report.reject(item.place, message_of(error))

    def _bulk_post(self, record: Record) -> BulkPost:
        item = checked_post(
            record,
            owner=self.owner,
            username=self.username,
            account=self.archive.account,
            media=self.media.of(record),
            arrived_at=now(),
        )
        # The time of arrival differs at each import.
        post = item.post
        time, has_id = post.dated_at or post.created_at, post.source_id is not None
        key = username_key(item.username)
        repeat, item.twins = self.repeats.count(key, time, post.text, has_id=has_id)
        item.repeat = 0 if has_id else repeat
        return item


class RepeatCounter:
    """Counts equal records, in a private database that spills to disk, so memory stays bounded."""

    def __init__(self) -> None:
        # One thread at a time uses it, but not always the same one.
        self._connection = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._connection.execute(
            "CREATE TABLE seen (digest BLOB PRIMARY KEY, n INT, twins INT) WITHOUT ROWID"
        )
        self._connection.execute("BEGIN")

    def count(self, key: str, time: datetime | None, text: str, *, has_id: bool) -> tuple[int, int]:
        """Count a record; return how many equal ones were without an id so far, and with one."""
        digest = blake2b(f"{key}\n{time}\n{text}".encode(), digest_size=16).digest()
        cursor = self._connection.execute(
            "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
            " SET n = n + excluded.n, twins = twins + excluded.twins RETURNING n, twins",
            (digest, not has_id, has_id),
        )
        n, twins = cursor.fetchone()
        return int(n), int(twins)

    def close(self) -> None:
        self._connection.close()
