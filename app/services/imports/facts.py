"""Facts about imports: how far each is, and what became of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Message, packed, unpacked
from app.models import ImportJob, User
from app.services.imports.bulk import BulkError, StoredPosts


class ImportFault(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a record was not stored, or the whole file."""

    detail: str
    record: Annotated[
        int | None, Meta(description="The place of the record; not where the whole file failed.")
    ] = None


class ImportFacts(msgspec.Struct, frozen=True):
    """An import as answers show one."""

    id: int
    state: Annotated[
        Literal["running", "done", "failed", "cancelled", "interrupted"],
        Meta(description="running as soon as it waits for its turn."),
    ]
    format: str
    bytes_read: Annotated[int, Meta(description="How far it has come.")]
    bytes_total: int
    accepted: int
    duplicates: int
    rejected: int
    reposts: int
    restricted: Annotated[int, Meta(description="Posts for a limited audience, left out.")]
    skipped: Annotated[
        int, Meta(description="Records that are no posts, or have neither text nor media.")
    ]
    errors: Annotated[
        list[ImportFault],
        Meta(description="The first that were not stored; the reason of a failure comes first."),
    ]
    started_at: datetime | None
    finished_at: datetime | None


def facts(job: ImportJob) -> ImportFacts:
    """Return the import as answers show it."""
    values = {name: getattr(job, name) for name in ImportFacts.__struct_fields__}
    errors = [ImportFault(str(each.detail), each.record) for each in errors_of(job)]
    return ImportFacts(**values | {"errors": errors})


def errors_of(job: ImportJob) -> list[ImportFault]:
    """Return why the import failed, if it did, and why records were not stored.

    The reasons are Messages, but for those of earlier versions, which are plain sentences.
    """
    found = msgspec.json.decode(job.errors)
    return [ImportFault(unpacked(each["detail"]), each.get("record")) for each in found]


def encode_errors(errors: Iterable[BulkError]) -> bytes:
    """Return the errors of records as the database keeps them."""
    found = [{"record": error.line, "detail": packed(error.detail)} for error in errors]
    return msgspec.json.encode(found, enc_hook=str)


def with_failure(errors: bytes, failure: Message) -> bytes:
    """Return stored errors with the reason why the whole import failed."""
    found = [{"detail": packed(failure)}, *msgspec.json.decode(errors)]
    return msgspec.json.encode(found, enc_hook=str)


def stored_posts(job: ImportJob) -> StoredPosts:
    """Return whose posts the import has stored; nothing for imports of earlier versions."""
    return msgspec.json.decode(job.stored, type=StoredPosts) if job.stored else StoredPosts()


async def stored_authors(session: AsyncSession, stored: StoredPosts) -> list[tuple[str, int]]:
    """Return the names of the authors and how many posts were new, the most first."""
    query = select(User.id, User.username).where(
        User.id.in_(stored.posts), User.deleted_at.is_(None)
    )
    named = [(row.username, stored.posts[row.id]) for row in await session.execute(query)]
    return sorted(named, key=lambda each: (-each[1], each[0]))
