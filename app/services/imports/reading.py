"""Reading batches of posts from files: checked, numbered among equal ones, and counted."""

import asyncio
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Final

from app.clock import now
from app.compute.text import username_key
from app.errors import AppError, ImportFileError, message_of
from app.formats.records import Account, Archive, BadRecord, Item, Record, Skipped
from app.services.imports.bulk import BATCH, BulkPost, ImportReport, count
from app.services.imports.checking import checked_post
from app.services.imports.media import ArchiveMedia

NOTED_AT_ONCE: Final = 10_000
_COUNT: Final = (
    "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
    " SET n = n + excluded.n, twins = twins + excluded.twins"
)


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
            arrived_at = now()
            for item in items:
                if self.is_stopped:
                    return []
                self._sort(item, batch, report, arrived_at)
        count(batch)
        return batch

    def _take(self, report: ImportReport) -> list[Item]:
        items: list[Item] = []
        try:
            items.extend(islice(self.archive.items, BATCH))
        except ImportFileError as error:
            report.broken = message_of(error)
        return items

    def _sort(
        self, item: Item, batch: list[BulkPost], report: ImportReport, arrived_at: datetime
    ) -> None:
        if isinstance(item, BadRecord):
            report.reject(item.place, item.detail)
        elif isinstance(item, Skipped):
            report.reposts += item.reason == "repost"
            report.restricted += item.reason == "restricted"
            report.skipped += item.reason not in {"repost", "restricted"}
        else:
            try:
                batch.append(self._bulk_post(item, arrived_at))
            except (ValueError, AppError) as error:
                report.reject(item.place, message_of(error))

    def _bulk_post(self, record: Record, arrived_at: datetime) -> BulkPost:
        item = checked_post(
            record,
            owner=self.owner,
            username=self.username,
            account=self.archive.account,
            media=self.media.of(record),
            arrived_at=arrived_at,
        )
        # The time of arrival differs at each import.
        post = item.post
        digest = digest_of(item.username, post.dated_at or post.created_at, post.text)
        if post.source_id is None:
            item.repeat, item.twins = self.repeats.count(digest)
        else:
            self.repeats.note(digest)
        return item


def digest_of(username: str, time: datetime | None, text: str) -> bytes:
    """Return what equal posts of a source share, and others do not: 16 bytes."""
    kind = f"{username_key(username)}\n{time and time.timestamp()}\n{text}"
    return blake2b(kind.encode(), digest_size=16).digest()


class RepeatCounter:
    """Counts equal records, in a private database that spills to disk, so memory stays bounded."""

    def __init__(self) -> None:
        # One thread at a time uses it, but not always the same one.
        self._connection = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._connection.execute(
            "CREATE TABLE seen (digest BLOB PRIMARY KEY, n INT, twins INT) WITHOUT ROWID"
        )
        self._connection.execute("BEGIN")
        self._noted: list[tuple[bytes, int, int]] = []

    def note(self, digest: bytes) -> None:
        """Count a record with an id."""
        self._noted.append((digest, 0, 1))
        if len(self._noted) == NOTED_AT_ONCE:
            self._write()

    def count(self, digest: bytes) -> tuple[int, int]:
        """Count a record without an id; return how many equal ones there were, and with one."""
        self._write()
        cursor = self._connection.execute(f"{_COUNT} RETURNING n, twins", (digest, 1, 0))
        n, twins = cursor.fetchone()
        return int(n), int(twins)

    def _write(self) -> None:
        self._connection.executemany(_COUNT, self._noted)
        self._noted.clear()

    def close(self) -> None:
        self._connection.close()
