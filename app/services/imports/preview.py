"""What is in a file: its first records, or all of a chat, read before anything is stored."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import ImportFileError, message_of
from app.formats.records import NO_OPTIONS, Archive, ReadOptions, Record
from app.formats.registry import open_archive
from app.formats.source.file import Source
from app.models import ImportJob
from app.services.imports.jobs import options_of
from app.services.imports.report import ImportReport

LOOKED_AT: Final = 1_000
"""Records that a preview reads: enough to know a file by, in well under a second."""
SHOWN: Final = 5
SAMPLES_EACH: Final = 2
SAMPLE_LENGTH: Final = 300
"""Messages that are shown of each speaker of a chat, and characters of each."""
EARLIER_CHATS: Final = 100
"""Uploaded chats among which one of the same people is looked for."""


@dataclass(slots=True)
class Speaker:
    """Somebody in a chat."""

    name: str
    """As it stands there."""
    username: str | None
    """None for who exported the chat, if it says no name."""
    messages: int = 0
    samples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Preview:
    """Facts about the first records of a file, or about all of a chat."""

    archive: Archive
    report: ImportReport = field(default_factory=ImportReport)
    """As of an import; all posts count as accepted."""
    is_whole: bool = True
    """Whether the file ended within the records that were read."""
    records: list[Record] = field(default_factory=list)
    """The first posts, as the file has them."""
    speakers: dict[str | None, Speaker] = field(default_factory=dict)
    """Who speaks in a chat, by their usernames."""
    files: int | None = None
    """Files of media that the archive holds for these records; None where it can hold none."""

    @property
    def username(self) -> str | None:
        """The one author; None for many, or where the file does not say."""
        return self.archive.account.username if self.archive.account else None

    @property
    def authors(self) -> list[tuple[str, int]]:
        """Names and how many posts of each, the most frequent first."""
        named = (record.username or record.author_id for record in self.records)
        return Counter(name for name in named if name).most_common()

    def read(self) -> None:
        """Read the records, and find their files; of a chat all count, and the first are kept."""
        most = None if self.archive.is_chat else LOOKED_AT
        try:
            for item in islice(self.archive.items, most):
                if isinstance(item, Record):
                    self._add(item)
                else:
                    self.report.leave_out(item)
            self.is_whole = next(self.archive.items, None) is None
        except ImportFileError as error:
            self.report.broken = message_of(error)
        if self.archive.files:
            names = {name for record in self.records for name in record.files if name}
            self.files = len(names & self.archive.files.members.keys())

    def _add(self, record: Record) -> None:
        self.report.accepted += 1
        self.report.look_for_entities(self.archive, record.text)
        if len(self.records) < LOOKED_AT:
            self.records.append(record)
        if self.archive.is_chat:
            name = record.display_name or record.username or ""
            speaker = self.speakers.setdefault(record.username, Speaker(name, record.username))
            speaker.messages += 1
            if len(speaker.samples) < SAMPLES_EACH:
                speaker.samples.append(record.text[:SAMPLE_LENGTH])


def preview(path: Path, file_name: str, options: ReadOptions, *, limit_bytes: int) -> Preview:
    """Return the facts about a file's first records; runs in a thread. Raises ImportFileError."""
    with Source(path, name=file_name, limit_bytes=limit_bytes) as source:
        found = Preview(open_archive(source, options=options))
        found.read()
    return found


async def earlier_options(session: AsyncSession, seen: Preview) -> ReadOptions:
    """Return what was chosen for a chat of the same people that was uploaded before."""
    if seen.archive.is_chat:
        query = select(ImportJob).where(
            ImportJob.format == seen.archive.format, ImportJob.state != "uploaded"
        )
        newest = query.order_by(ImportJob.id.desc()).limit(EARLIER_CHATS)
        for options in map(options_of, await session.scalars(newest)):
            chosen = {*options.only, *options.rename} - {options.username}
            if chosen and chosen <= seen.speakers.keys():
                return options
    return NO_OPTIONS
