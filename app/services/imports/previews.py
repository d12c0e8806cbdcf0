"""Previews of uploaded files, before anything is stored."""

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from app.compute.text import decode_entities
from app.errors import Message, message_of
from app.formats import WITH_ENTITIES, open_archive
from app.formats.records import BadRecord, ImportFileError, Item, Record, Skipped
from app.formats.source.file import Source

LOOKED_AT: Final = 1_000
"""Records that a preview reads: enough to know a file by, in well under a second."""
SHOWN: Final = 5


class Preview(msgspec.Struct, frozen=True):
    """Facts about the first records of a file."""

    format: str
    username: str | None
    """The one author; None for many, or where the file does not say."""
    is_one_account: bool
    is_whole: bool
    """Whether the file ended within the records that were read."""
    posts: int
    reposts: int
    restricted: int
    skipped: int
    files: int | None
    """Files of media that the archive holds for these records; None where it can hold none."""
    with_entities: int
    """Posts that hold `&amp;` and the like, in a format that leaves them as they stand."""
    bad: list[dict[str, Any]]
    """The first bad records: `record` and `detail`."""
    bad_total: int
    authors: list[tuple[str, int]]
    """Names and how many posts of each, the most frequent first."""
    author_total: int
    samples: list[Record]
    """The first posts, as the file has them."""
    failure: Message | None = None


def preview(path: Path, file_name: str, *, limit_bytes: int) -> Preview:
    """Return the facts about a file's first records; runs in a thread. Raises ImportFileError."""
    with Source(path, name=file_name, limit_bytes=limit_bytes) as source:
        archive = open_archive(source)
        items: list[Item] = []
        failure = None
        try:
            items.extend(islice(archive.items, LOOKED_AT + 1))
        except ImportFileError as error:
            failure = message_of(error)
        is_whole = len(items) <= LOOKED_AT
        items = items[:LOOKED_AT]
        records = [item for item in items if isinstance(item, Record)]
        names = {name for record in records for name in record.files if name}
        place_of = archive.files.place_of if archive.files else None
        files = place_of and sum(place_of(name) is not None for name in names)
    bad = [item for item in items if isinstance(item, BadRecord)]
    skipped = Counter(item.reason for item in items if isinstance(item, Skipped))
    named = (record.username or record.author_id for record in records)
    authors = Counter(name for name in named if name)
    account = archive.account
    return Preview(
        format=archive.format,
        username=account.username if account else None,
        is_one_account=account is not None,
        is_whole=is_whole,
        posts=len(records),
        reposts=skipped["repost"],
        restricted=skipped["restricted"],
        skipped=skipped.total() - skipped["repost"] - skipped["restricted"],
        files=files,
        with_entities=sum(
            decode_entities(record.text) != record.text
            for record in records
            if archive.format in WITH_ENTITIES
        ),
        bad=[{"record": item.place, "detail": item.detail} for item in bad[:SHOWN]],
        bad_total=len(bad),
        authors=authors.most_common(SHOWN),
        author_total=len(authors),
        samples=records[:SHOWN],
        failure=failure,
    )
